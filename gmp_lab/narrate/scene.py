"""What a sentence is made from: an event, the names in it, and the state just before it."""

from __future__ import annotations

from gmp_lab import params
from gmp_lab.recording import Event, Recording
from gmp_lab.replay import State, state_after

Said = tuple[str, str, str]  # sentence, function, rule; the source is runtime/proc.go
SaidFrom = tuple[str, str, str, str]  # ... and another source


class Scene:
    """An event with what its sentence may need: names, and the state before it."""

    def __init__(self, rec: Recording, i: int, state: State | None) -> None:
        self.rec, self.i, self._before = rec, i, state
        self.e: Event = rec[i]
        self.version = params.version(rec.config.go)
        self.new_rules = self.version.syscall_keeps_p

    @property
    def before(self) -> State:
        if self._before is None:
            self._before = state_after(self.rec, self.i)
        return self._before

    def g(self, g: int) -> str:
        name = self.rec.g_name(g)
        return f"G{g}" if name in ("?", "") else f"G{g} ({name})"

    def thread(self, m: int) -> str:
        """The thread and, if it has one, its P: "M3 (with P1)"."""
        ms = self.before.ms
        p = ms[m].p if 0 <= m < len(ms) else -1
        return f"M{m} (with P{p})" if p >= 0 else f"M{m}"


def count(n: int, one: str) -> str:
    """ "1 goroutine", "3 goroutines"."""
    return f"{n} {one}" if n == 1 else f"{n} {one}s"
