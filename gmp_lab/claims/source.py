"""What Go's own source says: a name is declared, a word is nowhere, a constant has a value, steps have this order.

All need the source of the version that they ask for (1.27 comes with the course); where it is not installed the
outcome is open.  Words in comments count for ``source_has``, not for ``source_lacks``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from gmp_lab.claims.check import Outcome, expect
from gmp_lab.claims.ledger import NEWEST
from gmp_lab.golang import GoCompileError, GoRunError, Toolchain, build, find_toolchain, runtime_source
from gmp_lab.golang.gosource import GoSource, Number

_OWN: Final = re.compile(r"(?<!_test)\.(go|s|md)$")


def source_has(file: str, symbol: str = "", text: str = "", go: str = NEWEST) -> Outcome:
    """``symbol`` ("f", "T.method", "T.field", a constant) is declared in file, and text stands in the declaration.

    Without a symbol: the text stands in the file.  Runs of spaces are as good as one.
    """
    found = _toolchain(go)
    if found is None:
        return _no_source(go)
    where = _place(file, go)
    try:
        declared = _declared(found, file, symbol)
    except LookupError:
        return Outcome(False, f"{where} does not declare {symbol}")
    if not text:
        return expect(True, f"{where} declares {symbol}")
    there = _plain(text) in _plain(declared)
    place = f"{symbol} ({where})" if symbol else where
    return expect(there, f"{place} has {text!r}" if there else f"{place} does not have {text!r}")


def source_lacks(word: str, where: str = "runtime", symbol: str = "", go: str = NEWEST) -> Outcome:
    """A word stands nowhere in the code (comments left out) of a folder below src, a file, or one declaration."""
    found = _toolchain(go)
    if found is None:
        return _no_source(go)
    files = [where] if Path(where).suffix else _files(found.goroot, where)
    if not files:
        return Outcome(False, f"Go {found.version} has no {where}")
    whole = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    try:
        having = [file for file in files if _stands_in(_code(found.goroot, file, symbol), whole)]
    except LookupError:
        return Outcome(False, f"{_place(where, go)} does not declare {symbol}")
    if having:
        return Outcome(False, f"{word} stands in {', '.join(_place(file, go) for file in having[:3])}")
    return Outcome(True, f"{f'{symbol} ({_place(where, go)})' if symbol else _place(where, go)} has no {word}")


def constant_is(file: str, name: str, value: Number, go: str = NEWEST) -> Outcome:
    """A constant (or a variable's first value) that file declares has this value on linux/amd64."""
    found = _toolchain(go)
    if found is None:
        return _no_source(go)
    try:
        real = go_source(found.goroot).constant(file, name)
    except LookupError as problem:
        return Outcome(False, str(problem))
    return expect(real == value, f"{name} ({_place(file, go)}) is {real}")


def in_order(file: str, symbol: str, *texts: str, go: str = NEWEST) -> Outcome:
    """These texts stand in the code of the declaration, one after the other."""
    found = _toolchain(go)
    if found is None:
        return _no_source(go)
    code, at = _plain(_code(found.goroot, file, symbol)), 0
    for text in texts:
        at = code.find(_plain(text), at) + 1
        if not at:
            return Outcome(False, f"{symbol} ({_place(file, go)}) has no {text!r} at that place")
    return Outcome(True, f"{symbol} ({_place(file, go)}) has {', then '.join(texts)}")


def file_lacks(path: str, go: str = NEWEST) -> Outcome:
    """There is no such file below src."""
    found = _toolchain(go)
    if found is None:
        return _no_source(go)
    there = _exists(found.goroot, path)
    return expect(not there, f"Go {found.version} has {'a' if there else 'no'} file src/{path}")


def declared_names(file: str, pattern: str, go: str = NEWEST) -> tuple[list[str], Outcome]:
    """What the group of a pattern matches in the lines of the code, each once; open without the source."""
    found = _toolchain(go)
    if found is None:
        return [], _no_source(go)
    names = list(dict.fromkeys(re.findall(pattern, _code(found.goroot, file, ""), re.MULTILINE)))
    return names, expect(names, f"{len(names)} names in {_place(file, go)}")


@cache
def compiles(program: str) -> str | None:
    """What the installed Go says to a program: "" if it compiles it; None without a toolchain that can."""
    found = find_toolchain(NEWEST)
    if found is None:
        return None
    try:
        build(program, found)
    except GoCompileError as refused:
        return str(refused)
    except GoRunError:
        return None
    return ""


@cache
def go_source(goroot: str) -> GoSource:
    """The reader of one toolchain's source."""
    return GoSource(goroot)


def _stands_in(code: str, word: re.Pattern[str]) -> bool:
    return word.search(code) is not None


def _place(file: str, go: str) -> str:
    return file if go == NEWEST else f"{file} of Go {go}"


def _toolchain(go: str) -> Toolchain | None:
    found = find_toolchain(go)
    return found if found and Path(found.goroot, "src", "runtime", "proc.go").is_file() else None


def _no_source(go: str) -> Outcome:
    how = "run 'make setup'" if go == NEWEST else f"run 'gmp-lab go add {go}'"
    return Outcome(None, f"the source of Go {go} is not installed ({how})")


def _declared(found: Toolchain, file: str, symbol: str) -> str:
    """A declaration with its comments, where that is possible; LookupError if there is none."""
    path = Path(found.goroot, "src", file)
    if not path.is_file():
        raise LookupError(file)
    if not symbol:
        return path.read_text(encoding="utf-8")
    code = go_source(found.goroot).declaration(file, symbol)
    owner = symbol.partition(".")[0]
    whole = runtime_source(found, symbol if code.startswith("func") else owner, file)
    return f"{code}\n{whole}" if code.startswith("func") or owner == symbol else code


def _code(goroot: str, file: str, symbol: str) -> str:
    """Without comments."""
    reader = go_source(goroot)
    return reader.declaration(file, symbol) if symbol else reader.text(file)


@cache
def _files(goroot: str, folder: str) -> tuple[str, ...]:
    names = sorted(p.name for p in Path(goroot, "src", folder).glob("*") if p.suffix in (".go", ".s"))
    return tuple(f"{folder}/{name}" for name in names if not name.endswith("_test.go"))


def _exists(goroot: str, path: str) -> bool:
    return Path(goroot, "src", path).exists()


def _plain(text: str) -> str:
    return " ".join(text.split())
