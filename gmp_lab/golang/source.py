"""The runtime's own source, as it stands in GOROOT: where a name is declared, and the text of the declaration.

The mirror's docstrings name their counterparts (``Go: runtime/proc.go runqget (1.27.3)``); a test resolves each with
``resolve_symbol``.  Go's source is formatted by gofmt, so that a declaration begins in the first column, or one tab
into a ``const (`` block, and ends at a closing bracket in the same column: no parser is needed.
"""

from __future__ import annotations

import re
from pathlib import Path

from gmp_lab.errors import ConfigError
from gmp_lab.golang.toolchain import Toolchain

_FIRST = ("proc.go", "runtime2.go")  # where a name of the scheduler is most likely declared


def resolve_symbol(goroot: str, file: str, symbol: str) -> int | None:
    """Line of a function, method ("timers.check"), type, constant, variable or TEXT in GOROOT/src/file, or None.

    A name without a dot may also be a method's: the first one of that name is taken if there is no function.
    """
    path = Path(goroot, "src", file)
    return _line_of(path.read_text(encoding="utf-8").splitlines(), file, symbol) if path.is_file() else None


def runtime_source(toolchain: Toolchain, symbol: str, file: str | None = None) -> str:
    """The text that declares a symbol, with the comment above it.

    ``file`` is a path below GOROOT/src such as "runtime/chan.go"; without it all of the runtime is searched, proc.go
    first.  Raises ConfigError if the symbol is not declared there.
    """
    for name in [file] if file else _runtime_files(toolchain.goroot):
        path = Path(toolchain.goroot, "src", name)
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        at = _line_of(lines, name, symbol)
        if at:
            return _declaration(lines, at - 1)
    raise ConfigError("symbol", symbol, f"a name that {file or 'package runtime'} of Go {toolchain.version} declares")


def _runtime_files(goroot: str) -> list[str]:
    names = sorted(p.name for p in Path(goroot, "src", "runtime").glob("*.go") if not p.name.endswith("_test.go"))
    return [f"runtime/{name}" for name in (*_FIRST, *(n for n in names if n not in _FIRST))]


def _line_of(lines: list[str], file: str, symbol: str) -> int | None:
    owner, _, name = symbol.rpartition(".")
    word = re.escape(name)
    if file.endswith(".s"):
        return _first(lines, rf"TEXT \S*·{re.escape(symbol)}[<(]")
    if owner:
        return _first(lines, rf"func \((?:\w+ )?\*?{re.escape(owner)}(?:\[[^]]*\])?\) {word}\(")
    found = _first(lines, rf"func {word}[\[(]|type {word}[\[ ]|(?:const|var) {word}\b")
    return found or _in_block(lines, word) or _first(lines, rf"func \([^)]*\) {word}\(")


def _first(lines: list[str], pattern: str) -> int | None:
    start = re.compile(pattern)
    return next((number for number, line in enumerate(lines, 1) if start.match(line)), None)


def _in_block(lines: list[str], word: str) -> int | None:
    """Line of a name in a ``const (``, ``var (`` or ``type (`` block."""
    entry, inside = re.compile(rf"\t(?:\w+, )*{word}\b(?!\.|\()"), False
    for number, line in enumerate(lines, 1):
        if line in ("const (", "var (", "type ("):
            inside = True
        elif line == ")":
            inside = False
        elif inside and entry.match(line):
            return number
    return None


def _declaration(lines: list[str], at: int) -> str:
    """The declaration that begins in lines[at], from the comment above it to its end."""
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    begin = at
    while begin and lines[begin - 1].startswith(f"{indent}//"):
        begin -= 1
    end = at
    if lines[at].startswith("TEXT "):  # assembly: up to the next one
        while end + 1 < len(lines) and not lines[end + 1].startswith("TEXT "):
            end += 1
    elif lines[at].endswith(("{", "(")):
        while not lines[end].startswith((f"{indent}}}", f"{indent})")):
            end += 1
    return "\n".join(line.removeprefix(indent) for line in lines[begin : end + 1]).rstrip()
