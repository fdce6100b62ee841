"""What a replay finds out: the state of goroutines, Ps, Ms and the collector at one instant."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

G_WORDS: Final = {0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead"}
P_WORDS: Final = {0: "idle", 1: "running", 2: "syscall", 3: "gcstop", 4: "dead"}


@dataclass(slots=True)
class GState:
    """One goroutine: status number (1 runnable, 2 running, 3 syscall, 4 waiting, 6 dead), M, wait reason number.

    ``stack`` is the size of its stack in bytes (of a dead one: what it had).
    """

    id: int
    status: int = 1
    m: int = -1
    reason: int = -1
    lockedm: int = -1
    stack: int = 2048


@dataclass(slots=True)
class PState:
    """One P: status number (0 idle, 1 running, 2 syscall, 3 stopped, 4 gone), M, runnext (0 = none), ring, ticks."""

    id: int
    status: int = 0
    m: int = -1
    runnext: int = 0
    runq: deque[int] = field(default_factory=deque)
    schedtick: int = 0
    syscalltick: int = 0


@dataclass(slots=True)
class MState:
    """One thread: its P, its G (0 = none), and a word for what it does.

    ``doing``: "starting", "scheduling", "running", "spinning", "parked", "syscall", "polling", "locked" (waiting for
    its locked G), "sysmon".  ``hand`` is a G taken from somewhere and not yet executed.  ``cpu`` is the core (-1:
    none, or cores are not limited).
    """

    id: int
    p: int = -1
    curg: int = 0
    doing: str = "starting"
    spinning: bool = False
    hand: int = 0
    cpu: int = -1


@dataclass(slots=True)
class GCState:
    """The collector: phase (vocabulary.GC_*), cycles started, heap and goal in KiB (goal 0: no collector yet).

    ``marking``: who marks now, with a mode (vocabulary.GC_MODES; 0: an assist).  ``held``: goroutines that are held
    back while it marks.
    """

    phase: int = 0
    cycles: int = 0
    heap_kib: int = 0
    goal_kib: int = 0
    marking: dict[int, int] = field(default_factory=dict)
    held: list[int] = field(default_factory=list)

    def copy(self) -> GCState:
        """An independent copy."""
        return GCState(
            self.phase, self.cycles, self.heap_kib, self.goal_kib, dict(self.marking), list(self.held)
        )


@dataclass(slots=True)
class State:
    """Everything at one instant. ``runq`` is the global queue; ``pidle`` and ``midle`` have their top last."""

    t: int
    gs: dict[int, GState]
    ps: list[PState]
    ms: list[MState]
    runq: deque[int]
    pidle: list[int]
    midle: list[int]
    nmspinning: int = 0
    needspinning: int = 0
    sysmon_us: int = 20
    sysmon_deep: bool = False
    gcwaiting: bool = False
    throttled: list[int] = field(default_factory=list)  # cores, in the order in which they were
    gc: GCState = field(default_factory=GCState)

    def copy(self) -> State:
        """An independent copy."""
        return State(
            self.t,
            {k: GState(g.id, g.status, g.m, g.reason, g.lockedm, g.stack) for k, g in self.gs.items()},
            [PState(p.id, p.status, p.m, p.runnext, deque(p.runq), p.schedtick, p.syscalltick) for p in self.ps],
            [MState(m.id, m.p, m.curg, m.doing, m.spinning, m.hand, m.cpu) for m in self.ms],
            deque(self.runq), list(self.pidle), list(self.midle),
            self.nmspinning, self.needspinning, self.sysmon_us, self.sysmon_deep, self.gcwaiting,
            throttled=list(self.throttled),
            gc=self.gc.copy(),
        )  # fmt: skip
