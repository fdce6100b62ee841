"""Is there such a thing in Go?  Words looked for in the source of the runtime, with the places where they stand.

A name that a text invents is not in the source, and a name that the runtime uses is.  A search that finds nothing
proves little on its own: it must be seen to find what is known to be there, so a table should hold words of both
kinds.  Where no toolchain is installed, the counts that were recorded with one are shown for the words of the course.

Only counts and places are recorded, not Go's text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError
from gmp_lab.golang import Toolchain, find_toolchain

FOLDER: Final = "runtime"  # below GOROOT/src
KINDS: Final = (".go", ".s", ".md")
#: the words of the course, which are recorded
WORDS: Final = (
    "Generalized Message", "Generic Messaging", "message protocol", "broker", "trace_id", "Ed25519",
    "G - goroutine", "M - worker thread", "P - processor", "go11sched", "Centralize all scheduler state",
    "work stealing", "popBack", "stopsem", "drainmarkqueue", "runqgrab", "stopTheWorldWithSema", "gcDrainN",
    "sigPreempt", "asyncPreempt2", "out-of-band", "preempt_schedule", "task_struct", "PREEMPT_RT",
)  # fmt: skip
_RECORDED: Final = "runtime_words.json"


@dataclass(frozen=True, slots=True)
class Found:
    """``words`` stand in so many ``lines`` of so many ``files``; ``first`` is one place: "proc.go:30" ("": none)."""

    words: str
    files: int
    lines: int
    first: str


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, and ``origin``: "live: Go 1.27.3", or "recorded: ..." where no toolchain is installed."""

    found: tuple[Found, ...]
    origin: str

    def table(self) -> Table:
        """A row for each of the words."""
        rows = tuple((f.words, f.files, f.lines, f.first or "nowhere") for f in self.found)
        heads = ("words", "files", "lines", "first")
        return Table(f"Words in the source of the runtime ({self.origin})", heads, rows)


def search_runtime(*words: str, toolchain: Toolchain | None = None) -> Search:
    """Look for whole words, whatever their case, in the files of Go's runtime: sources, assembly and HACKING.md.

    ConfigError for words that are empty, and, without a toolchain, for words that were not recorded.
    """
    if not words or not all(isinstance(one, str) and one.strip() for one in words):
        raise ConfigError("words", words, "at least one, and none of them empty")
    toolchain = toolchain or find_toolchain()
    if toolchain is None:
        return _recorded(words)
    texts = _texts(Path(toolchain.goroot, "src", FOLDER))
    return Search(tuple(_found(one, texts) for one in words), f"live: Go {toolchain.version}")


def _texts(folder: Path) -> list[tuple[str, list[str]]]:
    """Name and lines of each file, proc.go first: there the scheduler explains itself."""
    paths = sorted((p for p in folder.iterdir() if p.suffix in KINDS), key=lambda p: (p.name != "proc.go", p.name))
    return [(p.name, p.read_text(encoding="utf-8").splitlines()) for p in paths]


def _found(words: str, texts: list[tuple[str, list[str]]]) -> Found:
    form = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", re.IGNORECASE)  # "semaWake" is not in "semawakeup"
    hits = [(name, n) for name, lines in texts for n, line in enumerate(lines, 1) if form.search(line)]
    first = f"{hits[0][0]}:{hits[0][1]}" if hits else ""
    return Found(words, len({name for name, _ in hits}), len(hits), first)


def _recorded(words: tuple[str, ...]) -> Search:
    data = json.loads(files("gmp_lab").joinpath("data", "chapters", _RECORDED).read_text(encoding="utf-8"))
    known = {row["words"]: Found(**row) for row in data["found"]}
    for one in words:
        if one not in known:
            raise ConfigError("words", one, "one of " + ", ".join(map(repr, known)) + " (others need Go: make setup)")
    return Search(tuple(known[one] for one in words), f"recorded: Go {data['go']}")


def record(toolchain: Toolchain) -> str:
    """The text of the recorded file, made from a toolchain."""
    found = search_runtime(*WORDS, toolchain=toolchain).found
    rows = [{"words": f.words, "files": f.files, "lines": f.lines, "first": f.first} for f in found]
    return json.dumps({"go": toolchain.version, "found": rows}, indent=1) + "\n"
