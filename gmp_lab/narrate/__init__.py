"""One sentence for each event: what the scheduler just did, and the function of the runtime that did it.

The sentence names who was concerned, the function says where to read on, the rule is the idea in a few
words. Sentences are made from the event and, where one event does not tell the story (who was kicked out
of runnext, how long a queue is), from the state just before it.

A table from kind to template was tried and rejected: half of the kinds need a choice between two or three
sentences, and a template with conditions is a worse programming language than Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gmp_lab.errors import check_int
from gmp_lab.narrate.collector import COLLECTOR
from gmp_lab.narrate.goroutines import GOROUTINES
from gmp_lab.narrate.lines import source_link
from gmp_lab.narrate.memory import MEMORY
from gmp_lab.narrate.quota import QUOTA
from gmp_lab.narrate.scene import Scene
from gmp_lab.narrate.stacks import STACKS
from gmp_lab.narrate.threads import THREADS
from gmp_lab.narrate.traced import PLAIN, TRACED
from gmp_lab.recording import Recording
from gmp_lab.replay import State

__all__ = ["Step", "narrate", "source_link"]

PROC: Final = "runtime/proc.go"


@dataclass(frozen=True, slots=True)
class Step:
    """What an event meant: ``sentence``; ``function`` of the runtime, in the file ``source``; ``rule``.

    ``function`` and ``source`` are empty where the runtime had no part in it: the
    operating system, the program itself.
    """

    sentence: str
    function: str
    source: str
    rule: str


def narrate(rec: Recording, i: int, state: State | None = None) -> Step:
    """Say what event i of a Recording was (0 <= i < len(rec); ConfigError outside).

    ``state``: the state before the event, if the caller has it; it is replayed otherwise, when it is needed.
    """
    check_int("narrate(i)", i, 0, len(rec) - 1)
    scene = Scene(rec, i, state)
    table = _SENTENCES if rec.complete else _OF_TRACES
    sentence, function, rule, *source = table[scene.e.kind](scene)
    return Step(sentence, function, source[0] if source else PROC, rule)


_SENTENCES: Final = GOROUTINES | THREADS | STACKS | MEMORY | COLLECTOR | QUOTA | TRACED
_OF_TRACES: Final = _SENTENCES | PLAIN
