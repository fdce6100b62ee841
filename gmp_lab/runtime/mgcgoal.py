"""The pacer's first half: at which heap a collection should start, and at which it should be over.  All in bytes.

The goal follows from GOGC or from GOMEMLIMIT, the trigger from the goal and from how much the program allocated for
each byte that the last cycles scanned (consMark).  Source: runtime/mgcpacer.go; the other half is mgcpacer.py.
"""

from __future__ import annotations

from typing import NamedTuple

from gmp_lab.errors import ConfigError, Throw
from gmp_lab.runtime.goarith import MaxInt64, divide, float_to_uint64, maxUint64, uint64

gcBackgroundUtilization = 0.25  # share of GOMAXPROCS that background marking takes
gcGoalUtilization = gcBackgroundUtilization  # share that marking as a whole should take
defaultHeapMinimum = 4 << 20  # heapMinimum for GOGC=100
memoryLimitMinHeapGoalHeadroom = 1 << 20
memoryLimitHeapGoalHeadroomPercent = 3
sweepMinHeapDistance = 1024 * 1024  # mgc.go: the sweeper gets at least so many bytes of allocation
triggerRatioDen = 64
minTriggerRatioNum = 45  # the trigger is at least 70 % of the way from the live heap to the goal
maxTriggerRatioNum = 61  # and at most 95 %, or a minimal heap before the goal
maxInt32 = (1 << 31) - 1


class PacerVersion(NamedTuple):
    """What the pacer of one Go version does differently from the newest.

    Ours: versions as data.
    """

    name: str  # the first version that has it so
    known: str  # how the row is known
    concurrent: bool = True  # the program goes on while it is marked, so a cycle starts before the goal (1.5)
    feedback: bool = False  # trigger from a ratio that each cycle corrects, goal from the heap alone (1.5 to 1.17)
    memory_limit: bool = True  # memoryLimitHeapGoal: GOMEMLIMIT (1.19)
    headroom_percent: int = memoryLimitHeapGoalHeadroomPercent  # memoryLimitHeapGoal: 0: always 1 MiB
    triggered_is_live: bool = True  # startCycle: triggered is heapLive; or the trigger, though more was allocated
    cons_mark_pi: bool = False  # endCycle: a PI controller sets consMark; or it is the largest of five


PACER_1_20 = PacerVersion("1.20", "source read (1.23.9, 1.27.3)")
PACER_1_19 = PacerVersion(
    "1.19", "source read (1.19.8)", headroom_percent=0, triggered_is_live=False, cons_mark_pi=True
)
PACER_1_5 = PacerVersion("1.5", "source read (1.17); inferred for 1.5 to 1.16", feedback=True, memory_limit=False)
PACER_1_0 = PacerVersion("1.0", "from memory", concurrent=False, feedback=True, memory_limit=False)
#: the pacer of each row of gmp_lab.params
PACERS = {
    "1.0": PACER_1_0, "1.1": PACER_1_0, "1.2": PACER_1_0, "1.4": PACER_1_0, "1.5": PACER_1_5, "1.13": PACER_1_5,
    "1.14": PACER_1_5, "1.19": PACER_1_19, "1.23": PACER_1_20, "1.25": PACER_1_20, "1.27": PACER_1_20,
}  # fmt: skip


class gcGoalState:
    """The fields of gcControllerState that the goal and the trigger need, with Go's names; 0 where Go has 0.

    Memory is counted by whoever models the heap: totalAlloc - totalFree + heapFree must not exceed mappedReady.

    Go: runtime/mgcpacer.go gcControllerState (1.27.3)
    Differs: no padding, no atomics; sysMemStat is a whole number.
    """

    def __init__(self, version: PacerVersion = PACER_1_20) -> None:
        self.version = version
        self.gcPercent = 0
        self.memoryLimit = 0
        self.heapMinimum = 0
        self.runway = 0
        self.consMark = 0.0
        self.gcPercentHeapGoal = 0
        self.sweepDistMinTrigger = 0
        self.triggered = 0
        self.lastHeapGoal = 0
        self.heapLive = 0
        self.lastHeapScan = 0
        self.lastStackScan = 0
        self.globalsScan = 0
        self.heapMarked = 0
        self.heapInUse = 0
        self.heapReleased = 0
        self.heapFree = 0
        self.totalAlloc = 0
        self.totalFree = 0
        self.mappedReady = 0

    def init(self, gcPercent: int, memoryLimit: int = MaxInt64) -> None:
        """Set up at the start of a process; gcPercent in percent (-1: off), memoryLimit in bytes.

        Go: runtime/mgcpacer.go gcControllerState.init (1.27.3)
        Differs: nothing.
        """
        self.heapMinimum = defaultHeapMinimum
        self.triggered = maxUint64
        self.setGCPercent(gcPercent)
        self.setMemoryLimit(memoryLimit)
        self.commit(True)  # no sweep phase in the first cycle

    def setGCPercent(self, in_: int) -> int:
        """Set GOGC (below 0: off) and return what it was; commit must follow.  ConfigError beyond int32.

        Go: runtime/mgcpacer.go gcControllerState.setGCPercent (1.27.3)
        Differs: nothing; with GOGC off heapMinimum is nonsense in Go as well, and is not used.
        """
        if not -maxInt32 - 1 <= in_ <= maxInt32:
            raise ConfigError("gcPercent", in_, f"a whole number up to {maxInt32}, below 0 for off")
        out = self.gcPercent
        in_ = max(in_, -1)
        self.heapMinimum = uint64(defaultHeapMinimum * uint64(in_)) // 100
        self.gcPercent = in_
        return out

    def setMemoryLimit(self, in_: int) -> int:
        """Set GOMEMLIMIT in bytes (below 0: leave it, MaxInt64: off) and return what it was; commit must follow.

        Go: runtime/mgcpacer.go gcControllerState.setMemoryLimit (1.27.3)
        Differs: ConfigError for a limit in a version that has none, and beyond int64.
        """
        if in_ > MaxInt64 or (in_ != MaxInt64 and in_ >= 0 and not self.version.memory_limit):
            allowed = "at most 2^63 - 1 bytes" if self.version.memory_limit else "off (GOMEMLIMIT came with Go 1.19)"
            raise ConfigError("memoryLimit", in_, allowed)
        out = self.memoryLimit
        if in_ >= 0:
            self.memoryLimit = in_
        return out

    def commit(self, isSweepDone: bool) -> None:
        """Work out the goal for GOGC and the runway; revise must follow while a cycle marks.

        Go: runtime/mgcpacer.go gcControllerState.commit (1.27.3)
        Differs: nothing.
        """
        self.sweepDistMinTrigger = 0 if isSweepDone else uint64(self.heapLive + sweepMinHeapDistance)
        goal = maxUint64
        if self.gcPercent >= 0:
            base = self.heapMarked + self.lastStackScan + self.globalsScan
            goal = uint64(self.heapMarked + uint64(base * self.gcPercent) // 100)
        self.gcPercentHeapGoal = max(goal, self.heapMinimum)
        # Bytes allocated during the scan work, if that has a quarter of the CPU time and the program the rest.
        ratio = divide(self.consMark * (1 - gcGoalUtilization), gcGoalUtilization)
        work = uint64(self.lastHeapScan + self.lastStackScan + self.globalsScan)
        self.runway = float_to_uint64(ratio * float(work))

    def heapGoal(self) -> int:
        """The heap at which marking should be over, in bytes.

        Go: runtime/mgcpacer.go gcControllerState.heapGoal (1.27.3)
        Differs: nothing.
        """
        return self.heapGoalInternal()[0]

    def heapGoalInternal(self) -> tuple[int, int]:
        """The goal, and the least trigger that the sweeper's runway asks for (never above the goal).

        Go: runtime/mgcpacer.go gcControllerState.heapGoalInternal (1.27.3)
        Differs: nothing.
        """
        goal = self.gcPercentHeapGoal
        newGoal = self.memoryLimitHeapGoal()
        if newGoal < goal:
            return newGoal, 0
        minTrigger = self.sweepDistMinTrigger
        goal = max(goal, minTrigger)
        # A goal right at the trigger would leave assists no distance to work in.
        minRunway = 64 << 10
        if self.triggered != maxUint64 and goal < uint64(self.triggered + minRunway):
            goal = uint64(self.triggered + minRunway)
        return goal, minTrigger

    def memoryLimitHeapGoal(self) -> int:
        """The goal that keeps the process within memoryLimit, never below the live heap.

        Go: runtime/mgcpacer.go gcControllerState.memoryLimitHeapGoal (1.27.3)
        Differs: Throw where Go would wait for ever for counts that fit together.
        """
        heapFree, mappedReady = self.heapFree, self.mappedReady
        heapAlloc = uint64(self.totalAlloc - self.totalFree)
        if heapFree + heapAlloc > mappedReady:
            parts = f"heapFree {heapFree} + heapAlloc {heapAlloc} > mappedReady {mappedReady}"
            raise Throw(f"memoryLimitHeapGoal: {parts}")
        memoryLimit = self.memoryLimit
        nonHeapMemory = mappedReady - heapFree - heapAlloc
        overage = mappedReady - memoryLimit if mappedReady > memoryLimit else 0
        if nonHeapMemory + overage >= memoryLimit:
            return self.heapMarked  # the lowest possible: collect all the time, and let the CPU limiter step in
        goal = memoryLimit - (nonHeapMemory + overage)
        headroom = goal // 100 * self.version.headroom_percent
        headroom = max(headroom, memoryLimitMinHeapGoalHeadroom)
        goal = headroom if goal < headroom or goal - headroom < headroom else goal - headroom
        return max(goal, self.heapMarked)

    def trigger(self) -> tuple[int, int]:
        """The heap at which a cycle starts, and the goal.

        Go: runtime/mgcpacer.go gcControllerState.trigger (1.27.3)
        Differs: nothing.
        """
        goal, minTrigger = self.heapGoalInternal()
        heapMarked = self.heapMarked
        if heapMarked >= goal:
            return goal, goal
        minTrigger = max(minTrigger, heapMarked)
        step = (goal - heapMarked) // triggerRatioDen
        minTrigger = max(minTrigger, uint64(step * minTriggerRatioNum + heapMarked))
        maxTrigger = uint64(step * maxTriggerRatioNum + heapMarked)
        # A large heap with little to scan needs no more distance than the smallest heap.
        if goal > defaultHeapMinimum and goal - defaultHeapMinimum > maxTrigger:
            maxTrigger = goal - defaultHeapMinimum
        maxTrigger = max(maxTrigger, minTrigger)
        trigger = minTrigger if self.runway > goal else goal - self.runway
        trigger = min(max(trigger, minTrigger), maxTrigger)
        if trigger > goal:
            raise Throw(f"trigger: produced a trigger {trigger} greater than the heap goal {goal}")
        return trigger, goal
