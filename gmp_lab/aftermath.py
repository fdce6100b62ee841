"""What a detailed trace shows and ``replay.State`` does not keep: the list of all Gs with its reused places, free
lists, last wait reasons, sleepers' timers, who made whom.

Go never frees a G: an exited one goes to a free list of its P and the next go statement on that P takes it again,
under a new id and in its old place of ``allgs``.  The mirror makes a new object for every goroutine (nothing else
would change), so the places are found here, from the Recording: the rules of ``gfput`` and ``gfget`` need no more
than to know on which P a goroutine was made and ended.
"""

from __future__ import annotations

from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.errors import ConfigError, check_int
from gmp_lab.recording import Event, Recording

GFREE_MAX: Final = 64  # runtime/proc.go gfput: a P with so many free Gs gives some to the global list
GFREE_BATCH: Final = 32  # runtime/proc.go gfput, gfget: and keeps, or fetches, up to this number

_SLEEP: Final = v.WAIT_NO["sleep"]


class Aftermath:
    """Folds the events of a Recording; feed them in order with ``apply``.  Goroutine 0 stands for nobody.

    ``allgs``    ids in the order of Go's list, dead ones that nobody has reused included
    ``gfree``    for each P: how many free Gs it keeps (their places in ``allgs``, the next to be taken last)
    ``reason``   the last wait reason (number) of each goroutine that has waited; it stays when the wait is over
    ``parent``   who made each goroutine (0: the runtime)
    ``since``    when each waiting goroutine, or one in a system call, began that, ns
    ``timers``   for each P: how many goroutines sleep on a timer in its heap
    ``blocked``  the threads that sleep in a note (parked, or waiting for their locked goroutine)
    ConfigError for a real trace, which does not tell who was there when it began.
    """

    def __init__(self, rec: Recording) -> None:
        if not rec.complete:
            raise ConfigError("recording", rec.program, "a simulated run, not a real trace")
        gomaxprocs = rec.config.gomaxprocs
        self._names = rec.g_names
        self._parked = {g.name: v.WAIT_NO[g.reason] for g in params.version(rec.config.go).startup}
        self.allgs: list[int] = []
        self.gfree: list[list[int]] = [[] for _ in range(gomaxprocs)]
        self.reason: dict[int, int] = {}
        self.parent: dict[int, int] = {}
        self.since: dict[int, int] = {}
        self.timers = [0] * gomaxprocs
        self.blocked: set[int] = set()
        self._global: list[int] = []
        self._place: dict[int, int] = {}
        self._sleeper: dict[int, int] = {}

    def apply(self, e: Event) -> None:
        """Change the books as this event says."""
        kind = e.kind
        if kind == v.E_GO_CREATE:
            self._create(e)
        elif kind == v.E_EXIT:
            self._exit(e)
        elif kind == v.E_PARK:
            self.reason[e.g], self.since[e.g] = e.arg, e.t
            if e.arg == _SLEEP:
                self._sleeper[e.g] = e.p
                self.timers[e.p] += 1
        elif kind == v.E_SYSCALL:
            self.since[e.g] = e.t
        elif kind in (v.E_READY, v.E_EXECUTE, v.E_SYSEXIT):
            self.since.pop(e.g, None)
        elif kind == v.E_TIMER:
            if e.g in self._sleeper:
                self.timers[self._sleeper.pop(e.g)] -= 1
        elif kind == v.E_TIMER_HEAP:
            self.timers[e.p] += e.arg
        elif kind in (v.E_M_PARK, v.E_STOP_LOCKED):
            self.blocked.add(e.m)
        elif kind == v.E_M_WAKE:
            self.blocked.discard(e.m)

    def _create(self, e: Event) -> None:
        place = self._gfget(e.p) if e.p >= 0 else -1
        if place < 0:
            place = len(self.allgs)
            self.allgs.append(e.g)
        self.allgs[place] = e.g
        self._place[e.g] = place
        self.parent[e.g] = max(e.arg, 0)
        if e.p < 0:  # the runtime has parked it before main began
            self.since[e.g] = e.t
            name = self._names[e.g - 1] if e.g <= len(self._names) else ""
            if name in self._parked:
                self.reason[e.g] = self._parked[name]

    def _exit(self, e: Event) -> None:
        free = self.gfree[e.p]
        free.append(self._place.pop(e.g))
        self.reason.pop(e.g, None)
        if len(free) >= GFREE_MAX:
            while len(free) >= GFREE_BATCH:
                self._global.append(free.pop())

    def _gfget(self, p: int) -> int:
        """The place of the free G that P p takes, -1 if there is none."""
        free = self.gfree[p]
        if not free:
            while self._global and len(free) < GFREE_BATCH:
                free.append(self._global.pop())
        return free.pop() if free else -1


def aftermath_after(rec: Recording, i: int) -> Aftermath:
    """The books after the first i events (0 <= i <= len(rec)); ConfigError outside."""
    check_int("aftermath_after(i)", i, 0, len(rec))
    books = Aftermath(rec)
    for k in range(i):
        books.apply(rec[k])
    return books
