"""The clock and the list of things to come.

A heap of tuples (time, number, function, a, b); the number counts up, so events of equal time run in the order in
which they were made, by design and not by accident.  Time is an integer of nanoseconds and only moves forward.

Two liberties serve the mirror.  A caller that would only push an event and be called back at once may move ``now``
itself when nothing else comes first (``gogo`` does, up to ``inline_until``): same order, fewer events.  And
``choose`` lets a test take simultaneous events in another order: it is told how many there are and answers with an
index.  Events at most ``window`` ns apart count as simultaneous then; one that is passed over comes late.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

Entry = tuple[int, int, Callable[[Any, Any], None], Any, Any]


class Engine:
    """``now`` (ns), the ``heap`` of entries, ``until`` (events after it are never run), ``steps`` taken."""

    __slots__ = ("choose", "heap", "inline_until", "now", "seq", "steps", "stopped", "until", "window")

    def __init__(self, until: int) -> None:
        self.now = 0
        self.until = until
        self.heap: list[Entry] = []
        self.seq = 0
        self.steps = 0
        self.stopped = False
        self.choose: Callable[[int], int] | None = None
        self.window = 0
        self.inline_until = until

    def explore(self, choose: Callable[[int], int], window: int) -> None:
        """Let ``choose`` pick among the events of each stretch of ``window`` ns; nothing is done without an event."""
        self.choose, self.window, self.inline_until = choose, window, -1

    def at(self, t: int, fn: Callable[[Any, Any], None], a: Any = None, b: Any = None) -> None:
        """Call fn(a, b) at time t (ns, not in the past)."""
        self.seq += 1
        heappush(self.heap, (t, self.seq, fn, a, b))

    def after(self, ns: int, fn: Callable[[Any, Any], None], a: Any = None, b: Any = None) -> None:
        """Call fn(a, b) in ns nanoseconds."""
        self.seq += 1
        heappush(self.heap, (self.now + ns, self.seq, fn, a, b))

    def run(self, steps: int) -> bool:
        """Take at most this many steps; False when there is nothing left to do before ``until``."""
        heap = self.heap
        if self.choose is not None:
            return self._run_choosing(steps, self.choose)
        until, pop = self.until, heappop
        for done in range(steps):
            if self.stopped or not heap:
                self.steps += done
                return False
            t, seq, fn, a, b = pop(heap)
            if t > until:
                heappush(heap, (t, seq, fn, a, b))
                self.steps += done
                return False
            self.now = t
            fn(a, b)
        self.steps += steps
        return True

    def _run_choosing(self, steps: int, choose: Callable[[int], int]) -> bool:
        heap = self.heap
        for _ in range(steps):
            if self.stopped or not heap or heap[0][0] > self.until:
                return False
            last = heap[0][0] + self.window
            together = sorted(e for e in heap if e[0] <= last)
            entry = together[choose(len(together)) if len(together) > 1 else 0]
            heap.remove(entry)
            heapify(heap)
            self.now = max(self.now, entry[0])
            self.steps += 1
            entry[2](entry[3], entry[4])
        return True
