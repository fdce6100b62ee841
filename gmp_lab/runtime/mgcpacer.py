"""The pacer: goal, trigger, how many workers mark, how much an allocating goroutine must help.

This is all arithmetic: no method starts a worker, stops a P or looks at a clock.  Whoever models the collector tells
the controller what happened (bytes allocated, work done, times in ns) and asks it what to do.
"""

from __future__ import annotations

from gmp_lab.errors import Throw
from gmp_lab.runtime.goarith import divide, float_to_int64, int64, maxUint64, uint64
from gmp_lab.runtime.mgcgoal import PACER_1_20, PacerVersion, gcBackgroundUtilization, gcGoalState
from gmp_lab.runtime.picontroller import piController

gcCreditSlack = 2000  # units of scan work that a worker keeps before it tells the controller
gcAssistTimeSlack = 5000  # ns of assist time that a P keeps
gcOverAssistWork = 64 << 10  # units of scan work that an assist does at least
maxStackScanSlack = 8 << 10  # bytes of stack that a P keeps

# gcTriggerKind (mgc.go): why a cycle starts
gcTriggerHeap, gcTriggerTime, gcTriggerCycle = 0, 1, 2

# gcMarkWorkerMode (mgc.go)
gcMarkWorkerNotWorker, gcMarkWorkerDedicatedMode, gcMarkWorkerFractionalMode, gcMarkWorkerIdleMode = 0, 1, 2, 3

# What enlistWorker decides; the caller does it.
ENLIST_NOTHING, ENLIST_WAKEP, ENLIST_PREEMPT = 0, 1, 2


def markWorkers(procs: int) -> tuple[int, float]:
    """Dedicated mark workers for procs Ps, and the share of its time that every other P gives (0: none).

    Go: runtime/mgcpacer.go gcControllerState.startCycle (1.27.3)
    Differs: a function of its own.
    """
    totalUtilizationGoal = float(procs) * gcBackgroundUtilization
    needed = float_to_int64(totalUtilizationGoal + 0.5)
    utilError = float(needed) / totalUtilizationGoal - 1
    maxUtilError = 0.3
    if -maxUtilError <= utilError <= maxUtilError:
        return needed, 0.0
    if float(needed) > totalUtilizationGoal:
        needed -= 1
    return needed, (totalUtilizationGoal - float(needed)) / float(procs)


class gcControllerState(gcGoalState):
    """The controller, with Go's fields and methods.  Times in ns, sizes and scan work in bytes.

    Go: runtime/mgcpacer.go gcControllerState (1.27.3)
    Differs: idleMarkWorkers is two fields instead of two halves of one. What belongs to Ps is the caller's.
    """

    def __init__(self, version: PacerVersion = PACER_1_20) -> None:
        super().__init__(version)
        self.lastConsMark = [0.0, 0.0, 0.0, 0.0]
        self.consMarkController = piController()
        self.heapScan = 0
        self.maxStackScan = 0
        self.heapScanWork = 0
        self.stackScanWork = 0
        self.globalsScanWork = 0
        self.bgScanCredit = 0
        self.assistTime = 0
        self.dedicatedMarkTime = 0
        self.fractionalMarkTime = 0
        self.idleMarkTime = 0
        self.markStartTime = 0
        self.dedicatedMarkWorkersNeeded = 0
        self.idleMarkWorkers = 0
        self.maxIdleMarkWorkers = 0
        self.assistWorkPerByte = 0.0
        self.assistBytesPerWork = 0.0
        self.fractionalUtilizationGoal = 0.0

    # --- a cycle -------------------------------------------------------------------------------------------------

    def startCycle(self, markStartTime: int, procs: int, trigger: int, gcstoptheworld: int = 0) -> None:
        """Begin a cycle at a time: reset the sums, decide on workers, set the first assist ratio.

        ``trigger`` is a gcTriggerKind, ``gcstoptheworld`` GODEBUG's.

        Go: runtime/mgcpacer.go gcControllerState.startCycle (1.27.3)
        Differs: the caller sets gcAssistTime and gcFractionalMarkTime of every P to 0.
        """
        self.heapScanWork = self.stackScanWork = self.globalsScanWork = 0
        self.bgScanCredit = 0
        self.assistTime = self.dedicatedMarkTime = self.fractionalMarkTime = self.idleMarkTime = 0
        self.markStartTime = markStartTime
        self.triggered = self.heapLive if self.version.triggered_is_live else self.trigger()[0]
        needed, self.fractionalUtilizationGoal = markWorkers(procs)
        if gcstoptheworld > 0:
            needed, self.fractionalUtilizationGoal = procs, 0.0
        if trigger == gcTriggerTime:
            # The system is idle; but a fractional worker alone would not be sure to run at all.
            self.setMaxIdleMarkWorkers(0 if needed > 0 else 1)
        else:
            self.setMaxIdleMarkWorkers(procs - needed)
        self.dedicatedMarkWorkersNeeded = needed
        self.revise()

    def revise(self) -> None:
        """Work out anew how much scan work a byte of allocation costs; after each change of heapLive while marking.

        Go: runtime/mgcpacer.go gcControllerState.revise (1.27.3)
        Differs: nothing.
        """
        gcPercent = self.gcPercent if self.gcPercent >= 0 else 100000
        live = int64(self.heapLive)
        work = self.heapScanWork + self.stackScanWork + self.globalsScanWork
        heapGoal = int64(self.heapGoal())
        scanWorkExpected = int64(self.lastHeapScan + self.lastStackScan + self.globalsScan)
        maxScanWork = int64(self.heapScan + self.maxStackScan + self.globalsScan)
        if work > scanWorkExpected:
            # The heap grows.  Push the goal back in proportion to the worst case, so that assists stay as they are.
            triggered = int64(self.triggered)
            perWork = divide(float(int64(heapGoal - triggered)), float(scanWorkExpected))
            extHeapGoal = int64(float_to_int64(perWork * float(maxScanWork)) + triggered)
            scanWorkExpected = maxScanWork
            hardGoal = float_to_int64((1.0 + float(gcPercent) / 100.0) * float(heapGoal))
            heapGoal = min(extHeapGoal, hardGoal)
        if live > heapGoal:
            maxOvershoot = 1.1
            heapGoal = float_to_int64(float(heapGoal) * maxOvershoot)
            scanWorkExpected = maxScanWork
        scanWorkRemaining = max(scanWorkExpected - work, 1000)
        heapRemaining = int64(heapGoal - live)
        if heapRemaining <= 0:
            heapRemaining = 1
        self.assistWorkPerByte = float(scanWorkRemaining) / float(heapRemaining)
        self.assistBytesPerWork = float(heapRemaining) / float(scanWorkRemaining)

    def endCycle(self, now: int, procs: int, userForced: bool = False) -> None:
        """Marking is over: note the goal and estimate consMark.  Only old pacers look at userForced.

        Go: runtime/mgcpacer.go gcControllerState.endCycle (1.27.3)
        Differs: nothing.
        """
        self.lastHeapGoal = self.heapGoal()
        assistDuration = now - self.markStartTime
        utilization = gcBackgroundUtilization
        idleUtilization = 0.0
        if assistDuration > 0:
            utilization += float(self.assistTime) / float(assistDuration * procs)
        if self.heapLive <= self.triggered:
            return  # so short that nothing was allocated: no estimate
        if assistDuration > 0:
            idleUtilization = float(self.idleMarkTime) / float(assistDuration * procs)
        scanWork = self.heapScanWork + self.stackScanWork + self.globalsScanWork
        currentConsMark = divide(
            float(self.heapLive - self.triggered) * (utilization + idleUtilization),
            float(scanWork) * (1 - utilization),
        )
        if self.version.cons_mark_pi:
            self.consMark = self.consMarkController.next(self.consMark, currentConsMark, 1.0)
            return
        # The largest of the last five: rather a cycle too early than more assists.
        consMark = currentConsMark
        for last in self.lastConsMark:
            consMark = max(consMark, last)
        self.consMark = consMark
        self.lastConsMark = [*self.lastConsMark[1:], currentConsMark]

    def resetLive(self, bytesMarked: int) -> None:
        """The heap is what was marked; after endCycle, before commit.

        Go: runtime/mgcpacer.go gcControllerState.resetLive (1.27.3)
        Differs: the caller records the event.
        """
        self.heapMarked = bytesMarked
        self.heapLive = bytesMarked
        self.heapScan = uint64(self.heapScanWork)
        self.lastHeapScan = uint64(self.heapScanWork)
        self.lastStackScan = uint64(self.stackScanWork)
        self.triggered = maxUint64

    def update(self, dHeapLive: int, dHeapScan: int, gcBlackenEnabled: bool) -> None:
        """The heap has grown by these bytes; heapScan stays as it is during a cycle.

        Go: runtime/mgcpacer.go gcControllerState.update (1.27.3)
        Differs: gcBlackenEnabled is an argument; the caller records the event.
        """
        self.heapLive = uint64(self.heapLive + dHeapLive)
        if not gcBlackenEnabled:
            self.heapScan = uint64(self.heapScan + dHeapScan)
        else:
            self.revise()

    def addScannableStack(self, amount: int) -> None:
        """The stacks of goroutines have grown by amount bytes.

        Go: runtime/mgcpacer.go gcControllerState.addScannableStack (1.27.3)
        Differs: no P keeps up to 8 KiB (maxStackScanSlack) to itself.
        """
        self.maxStackScan = uint64(self.maxStackScan + amount)

    def addGlobals(self, amount: int) -> None:
        """Global variables with pointers have grown by amount bytes.

        Go: runtime/mgcpacer.go gcControllerState.addGlobals (1.27.3)
        Differs: nothing.
        """
        self.globalsScan = uint64(self.globalsScan + amount)

    # --- workers -------------------------------------------------------------------------------------------------

    def enlistWorker(self, npidle: int, nmspinning: int, gomaxprocs: int, greenTea: bool) -> int:
        """Whether new mark work asks for one more worker: an ENLIST_ value.

        ENLIST_WAKEP: wakep().  ENLIST_PREEMPT: up to five times pick another P with cheaprandn(gomaxprocs - 1), pass
        over those that do not run, until preemptone succeeds.

        Go: runtime/mgcpacer.go gcControllerState.enlistWorker (1.27.3)
        Differs: decides only; whether Green Tea marks (1.26 and later) is an argument.
        """
        needDedicated = self.dedicatedMarkWorkersNeeded > 0
        if greenTea:
            if not needDedicated and not self.needIdleMarkWorker():
                return ENLIST_NOTHING
            if npidle != 0 and nmspinning == 0:
                return ENLIST_WAKEP
        if not needDedicated or gomaxprocs <= 1:
            return ENLIST_NOTHING
        return ENLIST_PREEMPT

    def needsBackgroundWorker(self) -> bool:
        """Whether assignWaitingGCWorker should take a worker from the pool at all.

        Go: runtime/mgcpacer.go gcControllerState.assignWaitingGCWorker (1.27.3)
        Differs: a method of its own.
        """
        return self.dedicatedMarkWorkersNeeded > 0 or self.fractionalUtilizationGoal != 0.0

    def chooseWorkerMode(self, gcFractionalMarkTime: int, now: int) -> int:
        """The gcMarkWorkerMode for a P that has a worker at hand; a dedicated one is counted off.

        gcFractionalMarkTime: ns that this P has spent in fractional workers in this cycle. gcMarkWorkerNotWorker:
        put the worker back.

        Go: runtime/mgcpacer.go gcControllerState.assignWaitingGCWorker (1.27.3)
        Differs: the middle of it, from decIfPositive on; pool and P are the caller's.
        """
        if self.dedicatedMarkWorkersNeeded > 0:
            self.dedicatedMarkWorkersNeeded -= 1
            return gcMarkWorkerDedicatedMode
        if self.fractionalUtilizationGoal == 0.0:
            return gcMarkWorkerNotWorker
        delta = now - self.markStartTime
        if delta > 0 and float(gcFractionalMarkTime) / float(delta) > self.fractionalUtilizationGoal:
            return gcMarkWorkerNotWorker
        return gcMarkWorkerFractionalMode

    def pollFractionalWorkerExit(self, gcFractionalMarkTime: int, gcMarkWorkerStartTime: int, now: int) -> bool:
        """Whether a P's fractional worker, running since gcMarkWorkerStartTime, has done its share and a fifth more.

        Go: runtime/mgc.go pollFractionalWorkerExit (1.27.3)
        Differs: the P's two times and the clock are arguments.
        """
        delta = now - self.markStartTime
        if delta <= 0:
            return True
        selfTime = gcFractionalMarkTime + (now - gcMarkWorkerStartTime)
        return float(selfTime) / float(delta) > 1.2 * self.fractionalUtilizationGoal

    def markWorkerStop(self, mode: int, duration: int) -> None:
        """A mark worker of this gcMarkWorkerMode stops after duration ns.

        Go: runtime/mgcpacer.go gcControllerState.markWorkerStop (1.27.3)
        Differs: nothing.
        """
        if mode == gcMarkWorkerDedicatedMode:
            self.dedicatedMarkTime += duration
            self.dedicatedMarkWorkersNeeded += 1
        elif mode == gcMarkWorkerFractionalMode:
            self.fractionalMarkTime += duration
        elif mode == gcMarkWorkerIdleMode:
            self.idleMarkTime += duration
            self.removeIdleMarkWorker()
        else:
            raise Throw(f"markWorkerStop: unknown mark worker mode {mode}")

    def addIdleMarkWorker(self) -> bool:
        """Count one more idle worker if there may be one; the caller must then become it.

        Go: runtime/mgcpacer.go gcControllerState.addIdleMarkWorker (1.27.3)
        Differs: nothing.
        """
        if self.idleMarkWorkers >= self.maxIdleMarkWorkers:
            return False
        self.idleMarkWorkers += 1
        return True

    def needIdleMarkWorker(self) -> bool:
        """Whether addIdleMarkWorker would succeed.

        Go: runtime/mgcpacer.go gcControllerState.needIdleMarkWorker (1.27.3)
        Differs: nothing.
        """
        return self.idleMarkWorkers < self.maxIdleMarkWorkers

    def removeIdleMarkWorker(self) -> None:
        """An idle worker has stopped.

        Go: runtime/mgcpacer.go gcControllerState.removeIdleMarkWorker (1.27.3)
        Differs: nothing.
        """
        if self.idleMarkWorkers - 1 < 0:
            raise Throw("removeIdleMarkWorker: negative idle mark workers")
        self.idleMarkWorkers -= 1

    def setMaxIdleMarkWorkers(self, max_: int) -> None:
        """Set how many idle workers may run; those above it stop by themselves.

        Go: runtime/mgcpacer.go gcControllerState.setMaxIdleMarkWorkers (1.27.3)
        Differs: nothing.
        """
        self.maxIdleMarkWorkers = max_
