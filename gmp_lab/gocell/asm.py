"""The compiler's listing of a program's own functions: loops marked, the calls in each counted.

``go build -gcflags=-S`` prints it.  A loop is a jump backwards; the jump from the end of a function to its beginning,
after the stack has grown, is none.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gmp_lab.golang import GoCompileError, GoRunError, Toolchain
from gmp_lab.golang.run import compile_program

_HEAD: Final = re.compile(r"main\.(\S+) STEXT(.*?) size=(\d+)")
_CODE: Final = re.compile(
    r"\t0x[0-9a-f]+ (\d{5,}) "  # offset
    r"\((?:[^()\[\]]*[/\\])?([^/\\:()\[\]]+):(\d+)(?:\[[^\]]*\])?\)"  # file and line, [where it really stands]
    r"\t([A-Z][A-Z0-9.]*)(?:\t(.*))?"
)
CELL: Final = "cell.go"  # the name under which a cell is compiled
_NO_CODE: Final = {"TEXT", "FUNCDATA", "PCDATA", "NOP"}
_JUMPS: Final = re.compile(r"(?:J[A-Z]+|B|B[A-Z]{2}|CBN?Z|TBN?Z)")
_CALLS: Final = {"CALL", "BL", "JAL"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: offset in its function, line and file (not the cell's, if inlined), operation, operands."""

    pc: int
    line: int
    file: str
    op: str
    args: str


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop from ``first`` to ``last`` (offsets), on these lines of the cell, with the functions that it calls."""

    first: int
    last: int
    lines: tuple[int, int]
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's code. ``checked``: its prologue compares the stack pointer with the guard, and so can stop it."""

    name: str
    size: int
    checked: bool
    code: tuple[Instruction, ...]
    loops: tuple[Loop, ...]

    def text(self) -> str:
        """The listing: a bar for each loop around an instruction, and a line about each loop below."""
        none = "no check in its prologue (small leaf or nosplit)"
        check = "checks the stack in its prologue" if self.checked else none
        lines = [f"{self.name}: {self.size} bytes, {check}"]
        for one in self.code:
            depth = sum(loop.first <= one.pc <= loop.last for loop in self.loops)
            place = f"line {one.line}" if one.file == CELL else f"{one.file}:{one.line}"
            lines.append(f"  {'|' * depth:<3} {one.pc:5} {place:<10} {one.op:<8} {one.args}".rstrip())
        for loop in self.loops:
            calls = f"calls {', '.join(loop.calls)}" if loop.calls else "no call"
            lines.append(f"  loop {loop.first} to {loop.last} (lines {loop.lines[0]} to {loop.lines[1]}): {calls}")
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Listing:
    """The functions of a program, in the compiler's order, and the Go that compiled them."""

    functions: tuple[Function, ...]
    version: str

    def text(self) -> str:
        """All functions as text."""
        return "\n".join(function.text() for function in self.functions)

    def __getitem__(self, name: str) -> Function:
        """The function of this name, "main" or "(*T).method"."""
        return next(f for f in self.functions if f.name == name)


def listing(program: str, toolchain: Toolchain, first_line: int = 1) -> Listing:
    """Compile a program (whole, as ``cell.whole_program`` makes it) and read the listing of its own functions.

    Raises GoCompileError, GoRunError.
    """
    with tempfile.TemporaryDirectory(prefix="goasm") as folder:
        try:
            text = compile_program(Path(folder), {"main.go": program}, toolchain, ["-gcflags=-S"])
        except subprocess.SubprocessError as problem:
            raise GoRunError(f"the listing could not be made: {problem}") from problem
    return Listing(parse_listing(text), toolchain.version)


def parse_listing(text: str) -> tuple[Function, ...]:
    """Read the functions of package main out of what the compiler prints; other lines are passed over."""
    functions: list[Function] = []
    head: re.Match[str] | None = None
    code: list[Instruction] = []

    def close() -> None:
        if head is not None:
            name, marks, size = head[1], head[2], int(head[3])
            kept = tuple(code)
            functions.append(Function(name, size, "nosplit" not in marks, kept, _loops(kept)))
        code.clear()

    for line in text.splitlines():
        found = _HEAD.match(line)
        if found or (line and not line[0].isspace()):
            close()
            head = found
        elif head is not None and (one := _CODE.fullmatch(line)) and one[4] not in _NO_CODE:
            code.append(Instruction(int(one[1]), int(one[3]), one[2], one[4], one[5] or ""))
    close()
    return tuple(functions)


def _loops(code: tuple[Instruction, ...]) -> tuple[Loop, ...]:
    """The backward jumps, the outermost first; those with one target are one loop."""
    ends: dict[int, int] = {}
    for one in code:
        target = one.args.rpartition(",")[2].strip()
        if _JUMPS.fullmatch(one.op) and target.isdigit() and 0 < int(target) <= one.pc:
            ends[int(target)] = max(ends.get(int(target), 0), one.pc)
    loops = []
    for first, last in sorted(ends.items()):
        inside = [one for one in code if first <= one.pc <= last]
        numbers = [one.line for one in inside if one.file == CELL] or [0]
        calls = tuple(one.args.removesuffix("(SB)") for one in inside if one.op in _CALLS)
        loops.append(Loop(first, last, (min(numbers), max(numbers)), calls))
    return tuple(loops)


__all__ = ["Function", "GoCompileError", "Instruction", "Listing", "Loop", "listing", "parse_listing"]
