"""The pacer of Go 1.5 to 1.17: a trigger that each cycle corrects by half of what was wrong with it.

The goal counts the heap alone, assists aim at 30 % of the CPU time, and the trigger is a ratio: at 0.6 a cycle starts
when the heap is 1.6 times what was marked.  The symbols below are those of src/runtime/mgcpacer.go in Go 1.17.
"""

from __future__ import annotations

from gmp_lab.errors import Throw
from gmp_lab.runtime.goarith import MaxInt64, divide, float_to_int64, float_to_uint64, int64, maxUint64, uint64
from gmp_lab.runtime.mgcgoal import (
    PACER_1_5,
    PACERS,
    PacerVersion,
    defaultHeapMinimum,
    gcBackgroundUtilization,
    sweepMinHeapDistance,
)
from gmp_lab.runtime.mgcpacer import gcControllerState

gcGoalUtilization = 0.30  # up to 1.17: background marking and assists together
triggerGain = 0.5  # how much of an error the next trigger corrects


class feedbackController(gcControllerState):
    """gcControllerState as it was in Go 1.17; before 1.5 the world stands still, and trigger and goal are the same.

    Ours: no Go since 1.18 has it. Against 1.17, triggerRatio is kept between endCycle and commit, not handed on.
    """

    def __init__(self, version: PacerVersion = PACER_1_5) -> None:
        super().__init__(version)
        self.triggerRatio = 7 / 8.0
        self.nextTrigger = 0  # trigger, the field
        self.goal = 0  # heapGoal, the field

    def init(self, gcPercent: int, memoryLimit: int = MaxInt64) -> None:
        """Set up at the start of a process, with a heap that would have led to a trigger at 4 MiB.

        Source: gcControllerState.init (1.17)
        """
        self.triggered = maxUint64
        self.setMemoryLimit(memoryLimit)
        if self.version.concurrent:
            self.heapMarked = float_to_uint64(float(defaultHeapMinimum) / (1 + self.triggerRatio))
        self.setGCPercent(gcPercent)
        self.commit(True)

    def startCycle(self, markStartTime: int, procs: int, trigger: int, gcstoptheworld: int = 0) -> None:
        """Begin a cycle; the goal is at least 1 MiB ahead.

        Source: gcControllerState.startCycle (1.17)
        """
        self.goal = max(self.goal, uint64(self.heapLive + 1024 * 1024))
        super().startCycle(markStartTime, procs, trigger, gcstoptheworld)

    def revise(self) -> None:
        """The assist ratio, for a heap of which the share that GOGC expects is alive.

        Source: gcControllerState.revise (1.17)
        """
        gcPercent = self.gcPercent if self.gcPercent >= 0 else 100000
        live = int64(self.heapLive)
        work = self.heapScanWork
        heapGoal = int64(self.goal)
        scanWorkExpected = float_to_int64(float(self.heapScan) * 100 / float(100 + gcPercent))
        if live > heapGoal or work > scanWorkExpected:
            maxOvershoot = 1.1
            heapGoal = float_to_int64(float(heapGoal) * maxOvershoot)
            scanWorkExpected = int64(self.heapScan)
        scanWorkRemaining = max(scanWorkExpected - work, 1000)
        heapRemaining = int64(heapGoal - live)
        if heapRemaining <= 0:
            heapRemaining = 1
        self.assistWorkPerByte = float(scanWorkRemaining) / float(heapRemaining)
        self.assistBytesPerWork = float(heapRemaining) / float(scanWorkRemaining)

    def endCycle(self, now: int, procs: int, userForced: bool = False) -> None:
        """Correct the trigger ratio by half of its error; a forced cycle did not start at it and teaches nothing.

        Source: gcControllerState.endCycle (1.17)
        """
        self.lastHeapGoal = self.goal
        if userForced or not self.version.concurrent:
            return
        goalGrowthRatio = self.effectiveGrowthRatio()
        actualGrowthRatio = divide(float(self.heapLive), float(self.heapMarked)) - 1
        assistDuration = now - self.markStartTime
        utilization = gcBackgroundUtilization
        if assistDuration > 0:
            utilization += float(self.assistTime) / float(assistDuration * procs)
        triggerError = (
            goalGrowthRatio
            - self.triggerRatio
            - utilization / gcGoalUtilization * (actualGrowthRatio - self.triggerRatio)
        )
        self.triggerRatio += triggerGain * triggerError

    def effectiveGrowthRatio(self) -> float:
        """How far the goal lies above the marked heap, as a ratio: GOGC/100, or more for a small heap.

        Source: gcControllerState.effectiveGrowthRatio (1.17)
        """
        egogc = divide(float(uint64(self.goal - self.heapMarked)), float(self.heapMarked))
        return max(egogc, 0.0)

    def commit(self, isSweepDone: bool) -> None:
        """Work out trigger and goal, with a ratio of 60 to 95 % of GOGC.

        Source: gcControllerState.commit (1.17)
        """
        goal = trigger = maxUint64
        if self.gcPercent >= 0:
            goal = uint64(self.heapMarked + uint64(self.heapMarked * self.gcPercent) // 100)
            if not self.version.concurrent:
                self.goal = self.nextTrigger = max(goal, self.heapMinimum)
                return
            scalingFactor = float(self.gcPercent) / 100
            self.triggerRatio = max(min(self.triggerRatio, 0.95 * scalingFactor), 0.6 * scalingFactor)
            trigger = float_to_uint64(float(self.heapMarked) * (1 + self.triggerRatio))
            minTrigger = self.heapMinimum
            if not isSweepDone:
                minTrigger = max(minTrigger, uint64(self.heapLive + sweepMinHeapDistance))
            trigger = max(trigger, minTrigger)
            if int64(trigger) < 0:
                raise Throw(f"commit: trigger underflow: {trigger}")
            goal = max(goal, trigger)  # other bounds may have raised the trigger
        else:
            self.triggerRatio = max(self.triggerRatio, 0.0)
        self.nextTrigger, self.goal = trigger, goal

    def update(self, dHeapLive: int, dHeapScan: int, gcBlackenEnabled: bool) -> None:
        """The heap has grown by these bytes; heapScan too counts what is allocated during a cycle.

        Source: mcache.refill (1.17)
        """
        self.heapLive = uint64(self.heapLive + dHeapLive)
        self.heapScan = uint64(self.heapScan + dHeapScan)
        if gcBlackenEnabled:
            self.revise()

    def heapGoalInternal(self) -> tuple[int, int]:
        """The goal; the trigger is worked out in commit."""
        return self.goal, 0

    def trigger(self) -> tuple[int, int]:
        """The heap at which a cycle starts, and the goal."""
        return self.nextTrigger, self.goal


def newController(go: str) -> gcControllerState:
    """The controller of a Go version, one of the rows of gmp_lab.params; init must follow.

    Ours: one process has one version.
    """
    version = PACERS[go]
    return feedbackController(version) if version.feedback else gcControllerState(version)
