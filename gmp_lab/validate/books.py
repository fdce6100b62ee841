"""The validator's books: who is where, who owns what, and what has been found wrong."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from gmp_lab import params
from gmp_lab.recording import Event, Recording

RUNNABLE, RUNNING, SYSCALL, WAITING, DEAD = 1, 2, 3, 4, 6
_WORD: Final = {0: "new", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead"}
#: legal moves of a goroutine, as runtime/proc.go makes them
LEGAL: Final = {
    0: {RUNNABLE, WAITING},
    RUNNABLE: {RUNNING},
    RUNNING: {RUNNABLE, SYSCALL, WAITING, DEAD},
    SYSCALL: {RUNNING, RUNNABLE},
    WAITING: {RUNNABLE},
    DEAD: set(),
}


class Violation(NamedTuple):
    """One impossibility: number and time (ns) of the event, the rule's short name, a sentence."""

    event: int
    t: int
    rule: str
    message: str


class Books:
    """The validator's own books.

    ``place`` says where each runnable G is: ("next", p), ("ring", p), ("global",) or ("hand", m).
    """

    def __init__(self, rec: Recording) -> None:
        n = rec.config.gomaxprocs
        version = params.version(rec.config.go)
        self.rec = rec
        self.keeps_p = version.syscall_keeps_p
        self.queues = rec.complete
        self.found: list[Violation] = []
        self.i = 0
        self.e = Event(0, 0, -1, -1, -1, -1)
        self.status: dict[int, int] = {}
        self.place: dict[int, tuple[object, ...]] = {}
        self.ring: list[deque[int]] = [deque() for _ in range(n)]
        self.next: list[int] = [0] * n
        self.glob: deque[int] = deque()
        self.kicked = 0  # waits for its E_OVERFLOW
        real = rec.config.startup == "real"
        self.tick = [0] * n
        self.tick[0] = version.startup_schedtick if real else params.bareSchedtick
        self.slice_start = [0] * n
        self.p_m: list[int] = [-1] * n
        self.m_p: dict[int, int] = {}
        self.m_g: dict[int, int] = {}
        self.g_m: dict[int, int] = {}
        self.call_p: dict[int, int] = {}  # M in a system call -> the P it went in with
        self.pidle: list[int] = []
        self.midle: list[int] = []
        self.spinning: set[int] = set()
        self.slept: dict[int, tuple[int, int]] = {}  # thief M -> (victim P, the runnext it has its eye on)
        self.poller = -1
        self.need_spin = 0
        self.m_state: dict[int, str] = {}  # "new", "starting", "awake", "parked", "polling", "locked"
        self.sysmon: set[int] = set()
        self.locked: dict[int, int] = {}

    def wrong(self, rule: str, message: str) -> None:
        self.found.append(Violation(self.i, self.e.t, rule, message))

    def need(self, rule: str, holds: object, message: str) -> None:
        if not holds:
            self.wrong(rule, message)

    def m_move(self, m: int, old: tuple[str, ...], new: str) -> None:
        """M m goes from one of the old states to a new one."""
        have = self.m_state.get(m, "unknown")
        if have not in old:
            self.wrong("m-state", f"M{m} is {have} and not {' or '.join(old)} ({self.e.name})")
        self.m_state[m] = new

    # --- goroutines -------------------------------------------------------------------------------------

    def move(self, g: int, old: int, new: int) -> None:
        have = self.status.get(g, 0)
        if have != old or new not in LEGAL[have]:
            self.wrong("transition", f"G{g} is {_WORD[have]} and becomes {_WORD[new]} ({self.e.name})")
        self.status[g] = new

    def queue(self, g: int, place: tuple[object, ...]) -> None:
        self.need("one-queue", g not in self.place, f"G{g} is queued on {place} while it is on {self.place.get(g)}")
        self.place[g] = place

    def put_next(self, g: int, p: int) -> None:
        old, self.next[p] = self.next[p], g
        self.queue(g, ("next", p))
        if old:
            self.place.pop(old, None)
            self.put_tail(old, p)

    def put_tail(self, g: int, p: int) -> None:
        if len(self.ring[p]) >= params.runqsize:
            self.kicked = g
            return
        self.ring[p].append(g)
        self.queue(g, ("ring", p))

    def put_global(self, g: int) -> None:
        self.glob.append(g)
        self.queue(g, ("global",))

    def take(self, g: int, place: tuple[object, ...], head: bool) -> None:
        have = self.place.pop(g, None)
        self.need("source", have == place, f"G{g} is taken from {place} but is on {have}")
        if not head and have == place:
            self.wrong("source", f"G{g} is taken from {place} although it is not the first there")
        if have is None:
            return
        queue = {"ring": lambda: self.ring[int(str(have[1]))], "global": lambda: self.glob}.get(str(have[0]))
        if queue is not None and g in queue():
            queue().remove(g)
        if have[0] == "next":
            self.next[int(str(have[1]))] = 0

    def drop(self, e: Event, new: int) -> None:
        self.move(e.g, RUNNING, new)
        self.need("owner", self.m_g.get(e.m) == e.g, f"G{e.g} leaves M{e.m}, which runs G{self.m_g.get(e.m, 0)}")
        self.m_g.pop(e.m, None)
        self.g_m.pop(e.g, None)
