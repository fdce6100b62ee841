"""The text that ``go tool trace -d=parsed`` prints, event by event.

An event is one line, ``M=9338 P=0 G=1 StateTransition Time=66624 GoID=1 Running->Waiting Reason="sleep"``, and up to
two stacks below it, each with a heading and a blank line at its end.  Nine lines of ten belong to stacks, so these
are passed over with as little work as possible; only the frame that gives a goroutine its name is looked at.

A text without its end is told from a whole one: every trace ends with a Sync event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NoReturn, Protocol

from gmp_lab.errors import ConfigError

_TRANSITION: Final = re.compile(
    r"M=(-?\d{1,20}) P=(-?\d{1,9}) G=(-?\d{1,19}) StateTransition Time=(-?\d{1,19})(?: Resource=\S+)?"
    r'(?: Reason="(?P<before>(?:[^"\\]|\\.)*)")?'
    r' (Go|Proc)ID=(\d{1,19}) (\w+->\w+)(?: Reason="((?:[^"\\]|\\.)*)")?\s*',
    re.ASCII,
)
_EVENT: Final = re.compile(
    r"M=(-?\d{1,20}) P=(-?\d{1,9}) G=(-?\d{1,19}) (\w+) Time=(-?\d{1,19})(?: (.*))?\s*", re.ASCII
)
_HEADS: Final = ("Stack=", "TransitionStack=")
_EVERY: Final = 4096  # events between two calls of progress
Progress = Callable[[int], object]


class Reader(Protocol):
    """Who is told the events: ids are the trace's own, -1 for nobody; times are ns of the trace's clock.

    Each returns the goroutine to name after one of the next stacks' frames, or 0: after the first frame if
    positive, after the last one if negative.
    """

    def transition(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, g: int, t: int, of: str, which: int, change: str, reason: str
    ) -> int:
        """A goroutine (``of`` "Go") or a P ("Proc") goes from one state to another, as "Running->Waiting"."""

    def event(  # noqa: PLR0913, PLR0917  # the fields of a line
        self, m: int, p: int, g: int, t: int, kind: str, rest: str
    ) -> int:
        """Any other event, with what stands behind its time."""

    def name(self, g: int, function: str) -> None:
        """A goroutine's function."""

    def flush(self) -> None:
        """So many events have been read that they may be put away."""


def broken(line: int, text: str, wanted: str) -> NoReturn:
    """Raise the one error of a text that cannot be read: line number (from 1), its text, and what was wanted."""
    raise ConfigError("trace", text.rstrip()[:80], f"{wanted} (line {line} is not)")


class _Stack:
    """Which frame of the stacks below an event gives a goroutine its name."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.named = 0  # 0: no frame is looked for
        self.frame = ""

    def over(self) -> None:
        """A stack is at its end."""
        if self.frame:
            self.reader.name(abs(self.named), self.frame.partition(" @ ")[0].strip())
            self.named, self.frame = 0, ""


def read_events(lines: Iterable[str], reader: Reader, progress: Progress | None = None) -> int:
    """Tell reader every event of a text and return their number; ``progress`` is called with it now and then.

    Raises ConfigError for a line that is none of the tool's, and for a text that is cut off; what the reader raises
    (a ConfigError) is told with the line.
    """
    text = _Text(reader, progress)
    line = ""
    try:
        for line in lines:
            text.take(line)
    except ConfigError as problem:
        if problem.parameter != "trace" or "(line " in problem.allowed:
            raise
        raise ConfigError("trace", line.rstrip()[:80], f"{problem.allowed} (line {text.number})") from problem
    text.over(line)
    return text.events


class _Text:
    """Where in a text we are: in front of an event, or in a stack below one."""

    def __init__(self, reader: Reader, progress: Progress | None) -> None:
        self.reader, self.progress = reader, progress
        self.stack = _Stack(reader)
        self.inside = False
        self.events = self.number = 0
        self.last = ""  # kind of the last event

    def take(self, line: str) -> None:
        """The next line."""
        self.number += 1
        first = line[:1]
        if first == "\t":
            if not self.inside:
                broken(self.number, line, "a line of a stack below its heading")
            stack = self.stack
            if stack.named and line[1:2] != "\t" and (stack.named < 0 or not stack.frame):
                stack.frame = line
        elif first == "M":
            self._event(line)
        elif line.isspace():
            self.inside = False
            self.stack.over()
        elif line.rstrip() in _HEADS and self.events:
            self.inside = True
        else:
            broken(self.number, line, "an event, or a part of its stack, as go tool trace -d=parsed prints it")

    def _event(self, line: str) -> None:
        if self.inside:
            broken(self.number, line, "a stack that ends with a blank line")
        found = _TRANSITION.fullmatch(line)
        if found is None:
            self.last, named = _other(self.number, line, self.reader)
        else:
            m, p, g, t, before, of, which, self.last, reason = found.groups()
            why = reason or before or ""
            named = self.reader.transition(int(m), int(p), int(g), int(t), of, int(which), self.last, why)
        self.stack.named, self.stack.frame = named, ""
        self.events += 1
        if not self.events % _EVERY:
            self.reader.flush()
            if self.progress is not None:
                self.progress(self.events)

    def over(self, line: str) -> None:
        """The text is at its end: check that it has events and ends as every text of the tool does."""
        if not self.events:
            raise ConfigError("trace", line.rstrip()[:80], "text that go tool trace -d=parsed printed, with events")
        if self.inside or not self.last.startswith("Sync") or self.events == 1:
            broken(self.number, line, "the end of a whole trace, a Sync event: this one is cut off")


def _other(number: int, line: str, reader: Reader) -> tuple[str, int]:
    found = _EVENT.fullmatch(line)
    if found is None:
        broken(number, line, "an event as go tool trace -d=parsed prints it")
    m, p, g, kind, t, rest = found.groups()
    named = reader.event(int(m), int(p), int(g), int(t), kind, rest or "")
    return (f"Sync {rest or ''}" if kind == "Sync" else kind), named
