"""The queues of a state, changed as the vocabulary says."""

from __future__ import annotations

from collections import deque

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.config import Config
from gmp_lab.recording import Event
from gmp_lab.replay.state import PState, State


class Queues:
    """A state, and what of the rules is needed to follow its queues."""

    def __init__(self, config: Config) -> None:
        version = config.rules
        self.state = State(0, {}, [PState(i) for i in range(config.gomaxprocs)], [], deque(), [], [])
        real = config.startup == "real"
        self.state.ps[0].schedtick = version.startup_schedtick if real else params.bareSchedtick
        self.keeps_p = version.syscall_keeps_p
        self.stack_min = version.stack_min
        self.runnext = version.runnext
        self.ring = version.ring if version.local_queues else 0
        self.kicked: int = 0  # a G kicked out of runnext that the ring had no room for

    def put_next(self, p: PState, g: int) -> None:
        if not self.runnext:
            self.put_tail(p, g)
            return
        old, p.runnext = p.runnext, g
        if old:
            self.put_tail(p, old)

    def put_tail(self, p: PState, g: int) -> None:
        if not self.ring:
            self.state.runq.append(g)
        elif len(p.runq) >= self.ring:
            self.kicked = g
        else:
            p.runq.append(g)

    def take(self, s: State, e: Event, source: int) -> None:
        if source == v.SRC_RUNNEXT:
            s.ps[e.p].runnext = 0
        elif source == v.SRC_LOCAL:
            s.ps[e.p].runq.popleft()
        elif source == v.SRC_GLOBAL61:
            s.runq.popleft()
