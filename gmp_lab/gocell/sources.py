"""A function of the runtime beside its mirror: ``source_of("findRunnable")``.

The left side is read from the installed toolchain, the right side from this package; the mirror's ``Go:`` lines say
what belongs together.  Without a toolchain the mirror is shown alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from gmp_lab.errors import ConfigError
from gmp_lab.golang import Toolchain, find_toolchain, resolve_symbol, runtime_source
from gmp_lab.golang.toolchain import REMEDY

_GO: Final = re.compile(r"^\s*Go: (\S+) (\S+) \(([\d.]+)\)$", re.MULTILINE)
_DIFFERS: Final = re.compile(r"^\s*Differs: (.*?)\s*(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
_CSS: Final = (
    "display:grid;grid-template-columns:repeat(auto-fit,minmax(28em,1fr));gap:8px;"
    "color:var(--jp-ui-font-color1,inherit)"
)
_PRE: Final = (
    "overflow-x:auto;white-space:pre;font:12px/1.4 var(--jp-code-font-family,monospace);margin:0;"
    "color:inherit"
)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A function of the mirror: module and line, name, its Go counterpart (file, symbol), differences, source."""

    module: str
    line: int
    name: str
    file: str
    symbol: str
    differs: str
    source: str

    @property
    def place(self) -> str:
        """ "gmp_lab/runtime/schedule.py:112"."""
        return f"gmp_lab/runtime/{self.module}.py:{self.line}"


@dataclass(frozen=True, slots=True)
class SourceView:
    """Both sides; ``go`` is "" without a toolchain, ``place`` where it stands, ``note`` what is to be said."""

    name: str
    go: str
    place: str
    line: int
    mirrors: tuple[Mirror, ...]
    note: str

    def __repr__(self) -> str:
        parts = [f"{self.name}: {self.place}" if self.place else self.name]
        parts += [self.note] if self.note else []
        parts += [_numbered(self.go, self.line)] if self.go else []
        for mirror in self.mirrors:
            parts += ["", f"{mirror.name}: {mirror.place}", f"differs: {mirror.differs}"]
            parts.append(_numbered(mirror.source, mirror.line))
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        left = _column(f"{self.name} in {self.place}", "", _numbered(self.go, self.line)) if self.go else ""
        right = "".join(
            _column(f"{m.name} in {m.place}", f"Differs: {m.differs}", _numbered(m.source, m.line))
            for m in self.mirrors
        )
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f'{note}<div style="{_CSS}"><div>{left}</div><div>{right}</div></div>' if left else f"{note}{right}"


def _column(head: str, said: str, source: str) -> str:
    more = f"<p>{escape(said)}</p>" if said else ""
    label = escape(head)
    return f'<h4>{label}</h4>{more}<pre tabindex="0" aria-label="{label}" style="{_PRE}">{escape(source)}</pre>'


def _numbered(source: str, first: int) -> str:
    lines = enumerate(source.expandtabs(4).splitlines(), first)
    return "\n".join(f"{number:5}  {line}".rstrip() for number, line in lines)


def source_of(what: str | Callable[..., object], toolchain: Toolchain | None = None) -> SourceView:
    """A runtime function, by its Go name or by the function of the mirror, from the source of the toolchain found.

    Raises ConfigError for a name that neither the mirror nor the runtime has.
    """
    name = what if isinstance(what, str) else getattr(what, "__name__", str(what))
    found = tuple(m for m in mirrors() if name in (m.symbol, m.symbol.rpartition(".")[2], m.name))
    toolchain = toolchain or find_toolchain()
    if toolchain is None:
        if not found:
            raise ConfigError("name", name, "a function of the mirror (no Go toolchain is there to look further)")
        return SourceView(name, "", "", 0, found, f"No Go toolchain found, so the mirror alone: {REMEDY}")
    symbol, file = (found[0].symbol, found[0].file) if found else (name, None)
    try:
        go = runtime_source(toolchain, symbol, file)
    except ConfigError:
        if not found:
            raise
        note = f"Go {toolchain.version} has no {symbol} in {file}: the mirror follows Go 1.27.3."
        return SourceView(name, "", "", 0, found, note)
    place, line = _place(toolchain, symbol, file, go)
    note = "" if found else "The mirror has no function for it."
    return SourceView(symbol, go, f"{place}:{line} (Go {toolchain.version})", line, found, note)


def _place(toolchain: Toolchain, symbol: str, file: str | None, go: str) -> tuple[str, int]:
    """File and line of the declaration's first line (a comment, if there is one above it)."""
    if file is None:
        return "runtime", 1
    at = resolve_symbol(toolchain.goroot, file, symbol) or 1
    above = next((i for i, line in enumerate(go.splitlines()) if not line.startswith("//")), 0)
    return file, at - above


@cache
def mirrors() -> tuple[Mirror, ...]:
    """Every function and class of the mirror that has a ``Go:`` line."""
    found: list[Mirror] = []
    for path in sorted(files("gmp_lab.runtime").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".py"):
            text = path.read_text(encoding="utf-8")
            found.extend(_of_module(path.name.removesuffix(".py"), text))
    return tuple(found)


def _of_module(module: str, text: str) -> Iterator[Mirror]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            told = ast.get_docstring(node, clean=True) or ""
            go, differs = _GO.search(told), _DIFFERS.search(told)
            if go:
                said = " ".join(differs[1].split()) if differs else "nothing"
                source = ast.get_source_segment(text, node) or ""
                yield Mirror(module, node.lineno, node.name, go[1], go[2], said, source)


def call_path(caller: str, callee: str) -> tuple[str, ...]:
    """The shortest way from one function of the mirror to another, in Go's names: what calls what, or has it called.

    A function that the mirror has in parts, and what has no counterpart in Go, is told once or not at all.
    Raises ConfigError for a name that the mirror does not have, or if there is no way.
    """
    graph = _uses()
    begin = [name for name, (symbol, _) in graph.items() if caller in (name, symbol)]
    if not begin:
        raise ConfigError("caller", caller, "a function of the mirror")
    came: dict[str, str] = dict.fromkeys(begin, "")
    queue = list(begin)
    for name in queue:
        if callee in (name, graph[name][0]):
            return _in_go(graph, came, name)
        for used in sorted(graph[name][1] - came.keys()):
            came[used] = name
            queue.append(used)
    raise ConfigError("callee", callee, f"a function of the mirror that {caller} leads to")


def _in_go(graph: dict[str, tuple[str, frozenset[str]]], came: dict[str, str], name: str) -> tuple[str, ...]:
    symbols: list[str] = []
    while name:
        symbol = graph[name][0]
        if symbol and symbol not in symbols[-1:]:
            symbols.append(symbol)
        name = came[name]
    return tuple(reversed(symbols))


@cache
def _uses() -> dict[str, tuple[str, frozenset[str]]]:
    """For each function of the mirror its Go symbol ("" if it has none) and the functions that it names."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for path in sorted(files("gmp_lab.runtime").iterdir(), key=lambda p: p.name):
        if path.name.endswith(".py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef):
                    go = _GO.search(ast.get_docstring(node) or "")
                    names = frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
                    found[node.name] = (go[2] if go else "", names)
    return {name: (symbol, names & found.keys()) for name, (symbol, names) in found.items()}
