"""The collector's own variables: phase, work, credit, pool of workers, the heap's numbers, the sweeper.

There is one Collector in a run, made by the first operation on the heap; a program without one has none, and none of
the collector's goroutines.

How much there is to mark is one number, ``full``, in bytes of scan work: the graph of objects is not modelled, so
marking never lacks work while there is some.  It begins with the roots and ends when ``full`` is 0 and nobody has
work in hand.
"""

from __future__ import annotations

from collections import deque

from gmp_lab.runtime.mgcfeedback import newController
from gmp_lab.runtime.mgclimit import gcCPULimiterState, limiterEvent
from gmp_lab.runtime.mgcpacer import gcMarkWorkerNotWorker
from gmp_lab.runtime.mheap import mheap
from gmp_lab.runtime.runtime2 import G, P, Sema

_GCoff, _GCmark, _GCmarktermination = 0, 1, 2  # runtime/mgc.go, gcphase
drainCheckThreshold = 100000  # runtime/mgcmark.go: work between two looks of an idle worker
forcegcperiod = 2 * 60 * 10**9  # runtime/proc.go: ns without a cycle before sysmon asks for one
gcBackgroundMode, gcForceMode, gcForceBlockMode = 0, 1, 2  # runtime/mgc.go, gcMode


class Cycle:
    """What gcMarkTermination prints of one cycle. ns and bytes.

    Go: runtime/mgc.go workType (1.27.3)
    Differs: this part of it.
    """

    __slots__ = (
        "heap0", "heap1", "heap2", "initialHeapLive", "maxprocs", "mode", "pauseNS", "stwprocs", "tEnd", "tMark",
        "tMarkTerm", "tSweepTerm", "userForced",
    )  # fmt: skip

    def __init__(self) -> None:
        self.heap0 = self.heap1 = self.heap2 = self.initialHeapLive = 0
        self.tSweepTerm = self.tMark = self.tMarkTerm = self.tEnd = self.pauseNS = 0
        self.stwprocs = self.maxprocs = 0
        self.mode = gcBackgroundMode
        self.userForced = False


class CpuStats:
    """CPU time of the collector in ns, summed over cycles.

    Go: runtime/mstats.go cpuStats (1.27.3)
    Differs: the collector's part of it; GCDedicatedTime holds fractional workers too.
    """

    __slots__ = ("GCAssistTime", "GCDedicatedTime", "GCIdleTime", "GCPauseTime")

    def __init__(self) -> None:
        self.GCAssistTime = self.GCDedicatedTime = self.GCIdleTime = self.GCPauseTime = 0


class Collector:
    """The collector of a run: Go's gcController, gcCPULimiter, work, sweep, forcegc and mheap_, and what it marks.

    Ours: in Go these are package variables.
    """

    def __init__(self, go: str, gogc: int, limit: int, procs: int, now: int) -> None:
        self.controller = newController(go)
        self.controller.init(gogc, limit)
        self.limiter = gcCPULimiterState()
        self.limiter.resetCapacity(now, procs)
        self.mheap = mheap(self.controller)
        self.phase = _GCoff
        self.gcBlackenEnabled = False
        self.cycle = Cycle()
        self.cpuStats = CpuStats()
        self.cycles = 0  # started
        self.numgc = 0  # finished
        self.numforcedgc = 0
        self.pauseTotal = 0
        self.lastgc = 0  # memstats.last_gc_nanotime
        self.toldKiB = 0  # heapLive when it was last recorded
        # work
        self.full = 0  # bytes of scan work that are left
        self.hidden = 0  # those that are found when the first root job is done
        self.nsPerMiB = 0  # what 2**20 bytes of it cost in this cycle
        self.coldNsPerMiB = 0  # ... to assists and fractional workers, which share their P's caches
        self.roots: deque[G | None] = deque()  # jobs that are left: None is the data segment
        self.nwait = self.nproc = 0
        self.startSema, self.markDoneSema = Sema(), Sema()
        self.sweepWaiters: list[G] = []
        self.assistQueue: deque[G] = deque()
        self.gcAssistBytes: dict[G, int] = {}  # credit (or, below 0, debt) of each goroutine in this cycle
        self.preemptStop: set[G] = set()  # goroutines that are to stop for a scan of their stacks
        self.pool: list[G] = []  # idle workers
        self.workers = 0
        self.marking: dict[G, P] = {}  # goroutines that are marking now, and their Ps
        self.sweepg: G | None = None
        self.sweepParked = False
        self.forcegcperiod = forcegcperiod
        self.forceg: G | None = None
        self.forceIdle = False

    def limiterEvent(self, pp: P) -> limiterEvent:
        """The slot of pp for the limiter's events."""
        events = self.limiter.events
        while len(events) <= pp.id:
            events.append(limiterEvent(self.limiter))
        return events[pp.id]

    def gcMarkWorkAvailable(self) -> bool:
        """Whether there is marking to be done that nobody has in hand.

        Go: runtime/mgcmark_greenteagc.go gcMarkWorkAvailable (1.27.3)
        Differs: gcShouldScheduleWorker asks the same here, as Ps keep no work to themselves.
        """
        return self.full > 0 or bool(self.roots)

    def gcBeginWork(self) -> None:
        """One more marks.

        Go: runtime/mgc.go gcBeginWork (1.27.3)
        Differs: nothing.
        """
        self.nwait -= 1

    def gcEndWork(self) -> bool:
        """One fewer marks; whether it was the last, and all is marked.

        Go: runtime/mgc.go gcEndWork (1.27.3)
        Differs: nothing.
        """
        self.nwait += 1
        return self.nwait == self.nproc and not self.gcMarkWorkAvailable()

    def releaseNextGCMarkWorker(self, pp: P) -> None:
        """pp loses the worker that it was given, if it has not run it.

        Go: runtime/mgcpacer.go gcControllerState.releaseNextGCMarkWorker (1.27.3)
        Differs: nothing.
        """
        gp = pp.nextGCMarkWorker
        if gp is not None:
            self.controller.markWorkerStop(pp.gcMarkWorkerMode, 0)
            self.pool.append(gp)
            pp.nextGCMarkWorker, pp.gcMarkWorkerMode = None, gcMarkWorkerNotWorker
