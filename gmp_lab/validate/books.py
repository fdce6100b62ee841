"""The validator's books: who is where, who owns what, and what has been found wrong."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event, Recording

RUNNABLE, RUNNING, SYSCALL, WAITING, DEAD = 1, 2, 3, 4, 6
_WORD: Final = {0: "new", 1: "runnable", 2: "running", 3: "in a system call", 4: "waiting", 6: "dead"}
#: legal moves of a goroutine, as runtime/proc.go makes them; looked up at every move
LEGAL: Final = {
    0: {RUNNABLE, WAITING},
    RUNNABLE: {RUNNING},
    RUNNING: {RUNNABLE, SYSCALL, WAITING, DEAD},
    SYSCALL: {RUNNING, RUNNABLE},
    WAITING: {RUNNABLE, RUNNING},
    DEAD: set(),
}
#: rules about states and owners: all that can be said of a recording whose queues and lists are unknown
STATE_RULES: Final = {"time", "kind", "ids", "transition", "owner", "one-g", "one-m", "one-p", "locked", "end"}


class Violation(NamedTuple):
    """One impossibility: number and time (ns) of the event, the rule's short name, a sentence."""

    event: int
    t: int
    rule: str
    message: str


class Place(NamedTuple):
    """Where a runnable goroutine is: "runnext" or "ring" of P ``id``, "global", or "hand" of M ``id``."""

    what: str
    id: int = -1
    source: int = -1  # of a G in a hand: where it was taken from (vocabulary.SRC_*)

    def __str__(self) -> str:
        if self.what == "global":
            return "the global queue"
        return f"M{self.id}'s hand" if self.what == "hand" else f"P{self.id}'s {self.what}"


class WaitBooks:
    """What is known about waking and about locks."""

    def __init__(self) -> None:
        self.woke = (-1, 0)  # time and waker of the last goroutine that was readied
        self.mutex: dict[int, int] = {}  # G -> when it parked for a Mutex for the first time
        self.starving = 0  # Mutexes in starving mode
        self.main_left = False  # main's goroutine has ended by runtime.Goexit


class GCBooks:
    """What is known about the collector."""

    def __init__(self) -> None:
        self.phase = 0
        self.due = False  # a cycle has been started and does not mark yet
        self.done = 0  # cycles that are over
        self.marking: dict[int, int] = {}  # who marks, and in which mode; as an assist: the number of modes
        self.points: set[int] = set()  # Ps that are to run the safe-point function
        self.asker = -1  # the M that asked for it
        self.held: set[int] = set()  # goroutines on no queue until marking is over


class QuotaBooks:
    """What is known about the CPU time of the group, in ns."""

    def __init__(self, quota_us: int | None) -> None:
        self.quota = -1 if quota_us is None else quota_us * 1000  # of a period; -1: no limit
        self.given = max(self.quota, 0)  # so far
        self.used = 0  # by stays on a core that are over
        self.before = 0  # used when this period began
        self.refilled = -1  # when it did
        self.on: dict[int, int] = {}  # used core -> since when
        self.held: dict[int, int] = {}  # throttled core -> the M that was stopped there
        self.since: dict[int, int] = {}  # ... and when


class Books:
    """Everything that is known after the events so far; 0 is no goroutine, -1 no P and no M."""

    def __init__(self, rec: Recording) -> None:
        version = rec.config.rules
        self.rec = rec
        self.keeps_p = version.syscall_keeps_p
        self.version = version
        self.ring_size = version.ring if version.local_queues else 0
        self.found: list[Violation] = []
        self.i = 0
        self.e = Event(0, 0, -1, -1, -1, -1)
        self.expect: tuple[int, int, int, str, str] | None = None  # kind, g, p of the next event; rule, message
        # goroutines
        self.status: dict[int, int] = {}
        self.met = 0  # threads that a trace has met
        self.reason: dict[int, int] = {}  # what a waiting one waits for
        self.place: dict[int, Place] = {}  # of each runnable one
        self.m_g: dict[int, int] = {}
        self.g_m: dict[int, int] = {}
        self.locked: dict[int, int] = {}
        self.asked: set[int] = set()  # to stop, since it was executed
        self.stopped = False  # the last event was a signal that stopped its goroutine
        self.timer = (-1, 0)  # time and goroutine (-1: none, a timer of package time) of the last timer that ran
        self.timers = [0] * 256  # timers of package time in each P's heap
        self.stack: dict[int, int] = {}  # sizes of stacks that are not of the version's least size
        self.segments: dict[int, list[int]] = {}  # up to 1.2: sizes of the segments that were linked
        self._open_machine(rec, version)

    def _open_machine(self, rec: Recording, version: params.Version) -> None:
        """What is known of Ps, Ms and the rest before the first event."""
        n = rec.config.gomaxprocs
        # Ps
        self.ring: list[deque[int]] = [deque() for _ in range(n)]
        self.next: list[int] = [0] * n
        self.glob: deque[int] = deque()
        real = rec.config.startup == "real"
        self.tick = [0] * n
        self.tick[0] = version.startup_schedtick if real else params.bareSchedtick
        self.slice_start = [0] * n
        self.p_m: list[int] = [-1] * n
        self.pidle: list[int] = []
        self.loose = {0}  # Ps between two owners: such a P finds the next one before time goes on
        self.promised: dict[int, int] = {}  # P -> the M that will wake up with it
        self.in_call: dict[int, int] = {}  # up to 1.25: _Psyscall P -> the M that left it so
        self.exits = [0] * n  # times that a system call on this P ended (Go: syscalltick)
        # Ms
        self.m_p: dict[int, int] = {}
        self.m_state: dict[int, str] = {}  # "new", "starting", "awake", "parked", "polling", "locked"
        self.sysmon: set[int] = set()
        self.midle: list[int] = []
        self.spinning: set[int] = set()
        self.spun: set[int] = set()  # Ms that stopped spinning because they found nothing, until they run or park
        self.slept: dict[int, tuple[int, int, int]] = {}  # thief M -> victim P, its runnext, since when
        self.midpass: set[int] = set()  # Ms that may steal or run without having looked at the global queue now
        self.started: dict[int, int] = {}  # M that is to wake up -> since when
        self.call_p: dict[int, int] = {}  # M in a system call -> the P it went in with
        self.call_t: dict[int, int] = {}  # ... and when
        self.taken: set[int] = set()  # Ms in a system call that have lost their P
        self.touched: set[int] = set()  # Ms that did something at this instant
        self.poller = -1
        self.need_spin = 0
        self.armed = not real  # a real start-up leaves work that nobody was woken for; until the first wake-up
        self.cpu: dict[int, int] = {}
        self.sysmon_us, self.deep, self.traced = 0, 0, -1
        self.waits = WaitBooks()
        self.gc = GCBooks()
        self.quota = QuotaBooks(rec.config.quota_us)
        # a stop of the world
        self.procs = n
        self.stopper = -1  # the M that stops it
        self.gcstopped: set[int] = set()
        self.world = "on"  # "on", "stopping", "stopped"

    def wrong(self, rule: str, message: str) -> None:
        if self.rec.complete or rule in STATE_RULES:
            self.found.append(Violation(self.i, self.e.t, rule, message))

    def need(self, rule: str, holds: object, message: str) -> None:
        if not holds:
            self.wrong(rule, message)

    def busy(self, p: int) -> bool:
        """Whether p has anything in its ring or runnext."""
        return bool(self.ring[p] or self.next[p])

    def m_move(self, m: int, old: tuple[str, ...], new: str) -> None:
        """M m goes from one of the old states to a new one."""
        have = self.m_state.get(m, "unknown")
        if have not in old:
            self.wrong("m-state", f"M{m} is {have} and not {' or '.join(old)} ({self.e.name})")
        self.m_state[m] = new

    # --- goroutines -------------------------------------------------------------------------------------

    def move(self, g: int, old: tuple[int, ...], new: int) -> None:
        have = self.status.get(g, 0)
        unknown = have == 0 and not self.rec.complete  # a trace may begin in the middle
        if (have not in old or new not in LEGAL[have]) and not unknown:
            self.wrong("transition", f"G{g} is {_WORD[have]} and becomes {_WORD[new]} ({self.e.name})")
        self.status[g] = new

    def leaves(self, e: Event, new: int) -> None:
        """G e.g stops running on M e.m."""
        self.need("gc-work", e.g not in self.gc.marking, f"G{e.g} leaves M{e.m} and has not stopped to mark")
        self.move(e.g, (RUNNING,), new)
        self.runs(e, "leaves")
        self.drop(e.m, e.g)

    def drop(self, m: int, g: int) -> None:
        self.m_g.pop(m, None)
        self.g_m.pop(g, None)

    def runs(self, e: Event, does: str) -> None:
        """Check that M e.m runs G e.g, and with P e.p if that is told."""
        if e.m < 0 and not self.rec.complete:
            return  # the thread is not told
        have, p = self.m_g.get(e.m, 0), self.m_p.get(e.m, -1)
        known = e.m in self.m_g or e.g in self.g_m or self.rec.complete
        ran = f"G{have}" if have else "none"
        self.need("owner", have == e.g or not known, f"G{e.g} {does} M{e.m}, which runs {ran}")
        known = e.m in self.m_p or self.rec.complete
        self.need("owner", e.p in (-1, p) or not known, f"G{e.g} {does} M{e.m} with P{e.p}; M{e.m} has P{p}")

    # --- queues -----------------------------------------------------------------------------------------

    def queue(self, g: int, place: Place) -> None:
        self.need("one-queue", g not in self.place, f"G{g} goes to {place} while it is on {self.place.get(g)}")
        self.place[g] = place

    def put_next(self, g: int, p: int) -> None:
        if not self.version.runnext:
            self.put_tail(g, p)
            return
        old, self.next[p] = self.next[p], g
        self.queue(g, Place("runnext", p))
        if old and old != g:
            self.place.pop(old, None)
            self.put_tail(old, p)

    def put_tail(self, g: int, p: int) -> None:
        if not self.ring_size:
            self.put_global(g)
            return
        if len(self.ring[p]) < self.ring_size:
            self.ring[p].append(g)
            self.queue(g, Place("ring", p))
            return
        self.expect = (v.E_OVERFLOW, g, p, "overflow", f"P{p}'s ring is full and G{g} is nowhere")

    def add_p(self) -> None:
        """One more P, never there before."""
        for column, zero in ((self.next, 0), (self.tick, 0), (self.slice_start, 0), (self.p_m, -1), (self.exits, 0)):
            column.append(zero)
        self.ring.append(deque())

    def put_global(self, g: int) -> None:
        self.glob.append(g)
        self.queue(g, Place("global"))

    def take(self, g: int, place: Place) -> None:
        """Take g, which must be the first at place, off whatever it is on."""
        have = self.place.pop(g, None)
        if have is None or have.what != place.what or have.id != place.id:
            self.wrong("source", f"G{g} is taken from {place} but is on {have or 'no queue'}")
        if have is None:
            return
        if have.what == "runnext":
            self.next[have.id] = 0
        elif have.what in ("ring", "global"):
            queue = self.glob if have.what == "global" else self.ring[have.id]
            first = queue[0] if queue else 0
            self.need("source", first == g, f"G{g} is taken from {have} although G{first} is first there")
            if g in queue:
                queue.remove(g)
