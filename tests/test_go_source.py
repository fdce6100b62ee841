"""The mirror beside the installed Go source, by symbol: constants, words, names of functions and of their arguments.

The tables of what comes from where are in ``go_tables``, the reading of Go's source in ``gmp_lab.golang.gosource``.
Every check can fail; the tests at the end make each of them fail.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from go_tables import (
    CARRIED,
    FACTS,
    GO,
    INVENTED,
    MORE,
    OURS,
    PROC,
    RULES,
    STATED,
    SYSTEM_FACTS,
    VERSION_OURS,
    Number,
    Row,
)

from gmp_lab import Config, golang, params, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import CATALOG
from gmp_lab.dump import _STATUS, DEADLOCK
from gmp_lab.golang.gosource import GoSource, evaluate
from gmp_lab.scheddetail import scheddetail_text
from gmp_lab.schedtrace import schedtrace_text

PACKAGE = Path(params.__file__).parent
MIRROR = sorted((PACKAGE / "runtime").glob("*.py"))
WITH_CONSTANTS = [PACKAGE / "params.py", *MIRROR]


@cache
def go() -> GoSource:
    return GoSource(golang.require_toolchain("1.27").goroot)


def ours(name: str) -> Number:
    """The value of "params.runqsize", "runtime.mutex.mutexWoken" or, in the row for 1.27, "params.Version.ring"."""
    module, _, constant = name.rpartition(".")
    if module == "params.Version":
        value: Number = getattr(params.VERSIONS["1.27"], constant)
    else:
        value = getattr(importlib.import_module(f"gmp_lab.{module}"), constant)
    return value


def real(file: str, symbol: str, pattern: str | None) -> Number:
    """The number that Go's source has; LookupError if the pattern does not say which."""
    if pattern is None:
        return go().constant(file, symbol)
    values = {go().value(file, text) for text in go().find(file, symbol, pattern)}
    if len(values) != 1:
        raise LookupError(f"{file} {symbol}: {pattern} gives {values}")
    return values.pop()


def wrong(row: Row) -> str:
    """In words what is wrong with a row; "" if our constant is Go's."""
    value = row.ours(real(row.file, row.symbol, row.pattern))
    return "" if value == ours(row.name) else f"{row.name} = {ours(row.name)}, {row.file} {row.symbol}: {value}"


# --- constants ---------------------------------------------------------------------------------------------------


@pytest.mark.go
@pytest.mark.parametrize("row", GO, ids=lambda row: f"{row.name}-{row.symbol}")
def test_a_constant_is_that_of_the_installed_source(row: Row) -> None:
    assert wrong(row) == ""


@pytest.mark.go
@pytest.mark.parametrize(("file", "symbol", "pattern", "number"), STATED, ids=[f"{s[1]}-{s[3]}" for s in STATED])
def test_a_number_that_the_course_states_stands_in_the_installed_source(
    file: str, symbol: str, pattern: str | None, number: Number
) -> None:
    assert real(file, symbol, pattern) == number


@pytest.mark.go
@pytest.mark.parametrize(("file", "symbol", "rule"), RULES, ids=[f"{r[1]}-{r[2][:24]}" for r in RULES])
def test_a_rule_that_the_mirror_follows_stands_in_the_installed_source(file: str, symbol: str, rule: str) -> None:
    assert rule in go().declaration(file, symbol)


@pytest.mark.go
@pytest.mark.parametrize("field", FACTS)
def test_what_the_row_for_1_27_says_is_seen_in_its_source(field: str) -> None:
    said, file, symbol, pattern, there = FACTS[field]
    assert getattr(params.VERSIONS["1.27"], field) == said
    assert bool(re.search(pattern, go().declaration(file, symbol))) == there


@pytest.mark.go
@pytest.mark.parametrize("fact", SYSTEM_FACTS, ids=lambda fact: f"{fact[0]}-{fact[1]}-{fact[4]}")
def test_what_the_row_of_a_system_says_is_seen_in_the_source(fact: tuple[str, str, object, str, str, str]) -> None:
    system, field, value, file, symbol, text = fact
    assert getattr(params.SYSTEMS[system], field) == value
    assert text in go().declaration(file, symbol)


def numbers_in(path: Path) -> Iterator[str]:
    """The names at the top of a module that are given numbers, or tables of numbers."""
    module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if not any(isinstance(leaf, ast.Constant) and type(leaf.value) in (int, float) for leaf in ast.walk(value)):
            continue
        if any(isinstance(part, ast.Call) for part in ast.walk(value)):
            continue  # not a number, though it is made with one
        names = [leaf for target in targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
        yield from (f"{module}.{leaf.id}" for leaf in names)


def not_covered(paths: list[Path]) -> list[str]:
    known = {row.name for row in GO} | set(OURS)
    return [name for path in paths for name in numbers_in(path) if name not in known]


def test_every_number_of_params_and_of_the_mirror_is_in_a_table() -> None:
    assert not_covered(WITH_CONSTANTS) == []


def test_the_tables_name_nothing_that_is_gone() -> None:
    there = {name for path in WITH_CONSTANTS for name in numbers_in(path)}
    assert set(OURS) <= there
    assert not set(OURS) & {row.name for row in GO}


def test_every_field_of_a_version_is_in_a_table() -> None:
    names = {field.name for field in fields(params.Version)}
    checked = {row.name.rpartition(".")[2] for row in GO if row.name.startswith("params.Version.")} | set(FACTS)
    assert names == checked | set(VERSION_OURS)
    assert not checked & set(VERSION_OURS)


def comments_of_params() -> Iterator[tuple[str, str, str]]:
    """(our line, file, symbol) of every place that a comment in params.py names."""
    for line in (PACKAGE / "params.py").read_text(encoding="utf-8").splitlines():
        found = re.search(r"# (\w+(?:/\w+)+\.go) ((?:[\w.]+, )*[\w.]+)", line)
        if found:
            for symbol in found[2].split(", "):
                yield line, found[1], symbol


@pytest.mark.go
def test_every_place_that_a_comment_of_params_names_is_there() -> None:
    places = list(comments_of_params())
    assert len(places) > 20
    assert [line for line, file, symbol in places if not declared(file, symbol)] == []


# --- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.go
def test_every_wait_reason_is_one_of_go_in_go_s_words() -> None:
    words = set(go().strings("runtime/runtime2.go", "waitReasonStrings").values())
    coarse = set(go().strings("runtime/traceruntime.go", "traceBlockReasonStrings").values())
    assert set(v.WAIT_REASONS) - words - set(v.TRACE_REASONS) == set()
    assert set(v.TRACE_REASONS) - coarse == set()


@pytest.mark.go
def test_every_reason_to_stop_the_world_is_one_of_go() -> None:
    table = {go().constant(PROC, key): words for key, words in go().strings(PROC, "stwReasonStrings").items()}
    assert dict(enumerate(v.STW_REASONS)).items() <= table.items()
    numbers = {
        "STW_MARK_TERM": "stwGCMarkTerm", "STW_SWEEP_TERM": "stwGCSweepTerm", "STW_GOMAXPROCS": "stwGOMAXPROCS",
        "STW_READ_MEM_STATS": "stwReadMemStats",
    }  # fmt: skip
    assert {name for name in vars(v) if name.startswith("STW_")} - {"STW_REASONS"} == set(numbers)
    assert {name: getattr(v, name) for name in numbers} == {n: go().constant(PROC, g) for n, g in numbers.items()}


@pytest.mark.go
def test_a_dump_calls_each_status_as_go_does() -> None:
    names = go().strings("runtime/traceback.go", "gStatusStrings")
    by_number = {go().constant("runtime/runtime2.go", key): word for key, word in names.items()}
    assert {number: word for number, word in _STATUS.items() if by_number.get(number) != word} == {}


@pytest.mark.go
def test_why_a_goroutine_stops_is_told_in_the_words_of_go_s_traces() -> None:
    table = set(go().strings("runtime/traceruntime.go", "traceGoStopReasonStrings").values())
    # Go has no words of its own for these: it says "preempted"
    assert {name for name in v.YIELD_NAMES if name not in table} == {"goyield", "preempted for a stop of the world"}


def names_of_fields(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"(\w+)=", text)))


@pytest.mark.go
@pytest.mark.parametrize("detailed", [False, True])
def test_schedtrace_has_the_fields_of_go_in_go_s_order(detailed: bool) -> None:
    rec = simulate(Config(gomaxprocs=2, schedtrace_ms=1, scheddetail=detailed), CATALOG["fan_out"][0]())
    printed = names_of_fields((scheddetail_text if detailed else schedtrace_text)(rec))
    text = go().declaration(PROC, "schedtrace")
    theirs = names_of_fields("".join(re.findall(r'"([^"]*)"', text)))
    assert set(printed) <= set(theirs) and printed == [name for name in theirs if name in printed]
    only_short = {"schedticks"}
    only_detailed = set(theirs) - only_short - set(names_of_fields(text.partition("if detailed {")[0]))
    assert set(theirs) - set(printed) == (only_short if detailed else only_detailed)


def words_of_panics() -> Iterator[tuple[str, str]]:
    """(module, text) of what a simulated program prints when it dies, line by line, without what is filled in."""
    for path in MIRROR:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("GoPanic", "rt.stop"):
                continue
            for leaf in ast.walk(node):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and " " in leaf.value:
                    yield from ((path.stem, line) for line in leaf.value.splitlines())


@cache
def all_text() -> str:
    files = [file for folder in ("runtime", "sync", "internal/sync", "time") for file in go().package(folder)]
    return "\n".join(go().text(file) for file in files)


@cache
def literals() -> frozenset[str]:
    """Every text in quotes, without the blanks and ends of lines around it."""
    return frozenset(text.replace("\\n", "").strip() for text in re.findall(r'"((?:\\.|[^"\\\n])*)"', all_text()))


def in_go(words: str) -> bool:
    for prefix in ("panic: ", "fatal error: "):
        words = words.removeprefix(prefix)
    return words.strip() in literals()


@pytest.mark.go
def test_a_program_dies_with_the_words_of_go() -> None:
    words = [*words_of_panics(), ("dump", DEADLOCK)]
    assert len(words) > 10
    assert [(where, text) for where, text in words if not in_go(text)] == []


@pytest.mark.go
@pytest.mark.parametrize("name", INVENTED)
def test_what_the_article_invents_is_not_in_go(name: str) -> None:
    assert not re.search(rf"\b{name}\b", all_text())


@pytest.mark.go
def test_what_the_article_says_of_fields_and_files_is_not_in_go() -> None:
    assert not (go().src / "runtime" / "syscall_unix.go").exists()
    m, p = (go().declaration("runtime/runtime2.go", name) for name in "mp")
    assert not re.search(r"^\tpreempt\b", m, re.MULTILINE)
    assert re.search(r"^\tpreemptoff +string", m, re.MULTILINE)
    assert re.search(r"^\tpreempt bool", p, re.MULTILINE) and not re.search(r"^\trunqsize\b", p, re.MULTILINE)
    assert "Goroutines" not in go().declaration(PROC, "schedtrace")


# --- functions -----------------------------------------------------------------------------------------------------


class Mirrored(NamedTuple):
    """A function or class of the mirror: what its docstring says of Go, and the names of its arguments."""

    name: str
    doc: str
    arguments: tuple[str, ...]

    @property
    def go_lines(self) -> list[tuple[str, str, str]]:
        return re.findall(r"^Go: (\S+) (\S+) \(([\d.]+)\)$", self.doc, re.MULTILINE)


def argument(node: ast.arg) -> str:
    """Its name, without the _ that tells it from a word of Python."""
    return node.arg.rstrip("_") or node.arg


def public(paths: list[Path]) -> list[Mirrored]:
    found = []
    for path in paths:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                arguments = node.args.args if isinstance(node, ast.FunctionDef) else []
                doc = ast.get_docstring(node) or ""
                found.append(Mirrored(f"{path.stem}.{node.name}", doc, tuple(map(argument, arguments))))
    return found


def methods(paths: list[Path]) -> list[Mirrored]:
    """The methods of the mirror's classes that say what they mirror; self is not counted among their arguments."""
    classes = [(path, node) for path in paths for node in ast.parse(path.read_text(encoding="utf-8")).body
               if isinstance(node, ast.ClassDef)]  # fmt: skip
    found = [
        Mirrored(f"{path.stem}.{node.name}", ast.get_docstring(node) or "", tuple(map(argument, node.args.args[1:])))
        for path, owner in classes
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
    ]
    return [one for one in found if re.search(r"^Go: ", one.doc, re.MULTILINE)]


def says(one: Mirrored) -> str:
    """What is wrong with a docstring; "" if it has one "Go:" line and "Differs:", or else "Ours:"."""
    go_lines = len(re.findall(r"^Go: ", one.doc, re.MULTILINE))
    differs, own = (len(re.findall(rf"^{word}: \S", one.doc, re.MULTILINE)) for word in ("Differs", "Ours"))
    if (go_lines, differs, own) in ((1, 1, 0), (0, 0, 1)) and len(one.go_lines) == go_lines:
        return ""
    return f"{one.name}: {go_lines} Go:, {differs} Differs:, {own} Ours:"


def test_what_mirrors_says_what_and_how_and_what_does_not_says_so() -> None:
    assert [text for text in map(says, [*public(MIRROR), *methods(MIRROR)]) if text] == []


def declared(file: str, symbol: str) -> bool:
    """Whether Go's file declares the symbol; a method or field needs its type."""
    try:
        go().declaration(file, symbol)
    except LookupError:
        return False
    return True


@pytest.mark.go
def test_every_go_line_names_what_is_declared_there_and_the_same_version() -> None:
    toolchain = golang.require_toolchain("1.27")
    lines = [(one.name, *line) for one in [*public(MIRROR), *methods(MIRROR)] for line in one.go_lines]
    now = [line for line in lines if line[3] == "1.27.3"]
    gone = [line for line in lines if line[3] in ("1.17", "1.19.8")]  # what Go has no more
    assert len(now) > 150 and len(now) + len(gone) == len(lines) and toolchain.minor == "1.27"
    assert [line for line in now if not declared(line[1], line[2])] == []
    assert [line for line in gone if declared(line[1], line[2])] == []


def remarks() -> Iterator[tuple[str, str, str]]:
    """(file of ours, file, symbol) of every "Go: file.go symbol" that stands in the package, also in comments.

    Those of another version than 1.27.3 are left out.
    """
    pattern = r"Go: (\w+/\S+\.(?:go|s)) ([\w.]+\w)(?!\w|\.\w| \((?!1\.27\.3)\d)"
    for path in sorted(PACKAGE.rglob("*.py")):
        for file, symbol in re.findall(pattern, path.read_text(encoding="utf-8")):
            yield path.name, file, symbol


@pytest.mark.go
def test_every_remark_on_go_names_what_is_declared_there() -> None:
    lines = list(remarks())
    assert len(lines) > 150 and [line for line in lines if not declared(line[1], line[2])] == []


# --- arguments -----------------------------------------------------------------------------------------------------

def arguments_wrong(one: Mirrored) -> str:
    """What is wrong with the names or the order of arguments of a function that has Go's name; "" if nothing is."""
    (file, symbol, _), = one.go_lines or [("", "", "")]
    if symbol.rpartition(".")[2] != one.name.rpartition(".")[2] or file.endswith(".s"):
        return ""  # a part of Go's function, with a name of its own
    theirs = go().parameters(file, symbol)
    shared = [name for name in one.arguments if name in theirs]
    extra = set(one.arguments) - set(theirs) - CARRIED - set(MORE.get(one.name, ("", ""))[0].split())
    if [name for name in theirs if name in shared] != shared:
        return f"{one.name}: {shared}, in Go {theirs}"
    if "rt" in one.arguments[1:]:
        return f"{one.name}: rt is not the first"
    return f"{one.name}: {sorted(extra)} are not in Go's {theirs}" if extra else ""


@pytest.mark.go
def test_arguments_have_go_s_names_in_go_s_order() -> None:
    everything = [*public(MIRROR), *methods(MIRROR)]
    functions = [one for one in everything if one.arguments and any(line[2] == "1.27.3" for line in one.go_lines)]
    assert [text for text in map(arguments_wrong, functions) if text] == []
    named = {one.name: set(one.arguments) for one in functions}
    assert {name for name, (extra, _) in MORE.items() if not set(extra.split()) <= named.get(name, set())} == set()


# --- each check can fail --------------------------------------------------------------------------------------------


@pytest.mark.go
@pytest.mark.parametrize(
    "row",
    [
        Row("params.runqsize", PROC, "noSuchConstant"),
        Row("params.runqsize", "runtime/no_such_file.go", "forcePreemptNS"),
        Row("params.runqsize", PROC, "findRunnable", r"schedtick%(\w+) == 1"),
        Row("params.runqsize", PROC, "sysmon", r"idle (?:==|>) (\d+) \{"),  # two different numbers
        Row("params.runqsize", PROC, "runqget", r"(pp)\.runnext"),  # no number
    ],
)  # fmt: skip
def test_what_is_not_in_the_source_or_not_clear_is_an_error(row: Row) -> None:
    with pytest.raises(LookupError):
        wrong(row)


@pytest.mark.go
def test_a_constant_with_another_value_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    row = next(row for row in GO if row.name == "params.schedtickGlobal")
    monkeypatch.setattr(params, "schedtickGlobal", 64)
    assert wrong(row) == "params.schedtickGlobal = 64, runtime/proc.go findRunnable: 61"


def test_a_number_in_no_table_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    path = tmp_path / "made_up.py"
    path.write_text("steps = 7\n_more: int = 1 << 3\nlow, high = 1, 2\nword = 'x'\nmade = f(3)\n")
    assert not_covered([path]) == ["made_up.steps", "made_up._more", "made_up.low", "made_up.high"]


@pytest.mark.go
@pytest.mark.parametrize(
    ("file", "symbol", "there"),
    [
        (PROC, "runqget", True), (PROC, "runqpop", False), ("runtime/no.go", "runqget", False),
        ("internal/sync/mutex.go", "Mutex.lockSlow", True), ("internal/sync/mutex.go", "lockSlow", False),
        ("internal/sync/mutex.go", "RWMutex.lockSlow", False), (PROC, "m.becomeSpinning", True),
        ("runtime/runtime2.go", "p.runq", True), ("runtime/runtime2.go", "p.runqsize", False),
        ("runtime/runtime2.go", "_Gwaiting", True), ("runtime/runtime2.go", "waitReason", True),
        ("runtime/stack.go", "stackMin", True), ("runtime/stack.go", "startingStackSize", True),
        ("runtime/asm_amd64.s", "gogo", True), ("runtime/asm_amd64.s", "gone", False),
        (PROC, "trace", False),  # the name of local variables only
    ],
)  # fmt: skip
def test_a_name_is_declared_or_it_is_not(file: str, symbol: str, there: bool) -> None:
    assert declared(file, symbol) == there


@pytest.mark.parametrize(
    ("doc", "ok"),
    [
        ("Does it.\n\nGo: runtime/proc.go ready (1.27.3)\nDiffers: nothing.", True),
        ("Does it.\n\nOurs: the clock.", True),
        ("Does it.", False),
        ("Does it.\n\nGo: runtime/proc.go ready (1.27.3)", False),
        ("Does it.\n\nDiffers: nothing.", False),
        ("Does it.\n\nOurs:", False),
        ("Does it.\n\nGo: runtime/proc.go ready (1.27.3)\nDiffers: nothing.\nOurs: too.", False),
        ("Does it.\n\nGo: proc.go, ready\nDiffers: nothing.", False),
    ],
)  # fmt: skip
def test_a_docstring_without_its_lines_is_found(doc: str, ok: bool) -> None:
    assert (says(Mirrored("goroutine.ready", doc, ())) == "") == ok


@pytest.mark.go
@pytest.mark.parametrize(
    ("name", "arguments", "ok"),
    [
        ("runqput", ("rt", "pp", "gp", "next"), True), ("runqput", ("rt", "gp", "pp", "next"), False),
        ("runqput", ("pp", "gp", "rt"), False), ("runqput", ("rt", "pp", "gp", "nxt"), False),
        ("runqput", ("rt", "gp"), True), ("itsOtherHalf", ("rt", "x"), True),
    ],
)  # fmt: skip
def test_an_argument_of_another_name_or_place_is_found(name: str, arguments: tuple[str, ...], ok: bool) -> None:
    one = Mirrored(f"runq.{name}", "Go: runtime/proc.go runqput (1.27.3)\nDiffers: nothing.", arguments)
    assert (arguments_wrong(one) == "") == ok


@pytest.mark.go
def test_words_that_go_does_not_say_are_found() -> None:
    assert in_go("panic: send on closed channel") and not in_go("panic: send on a closed channel")
    assert in_go("fatal error: all goroutines are asleep - deadlock!") and not in_go("fatal error: all asleep")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1<<30 - 1", (1 << 30) - 1), ("4 << (^uintptr(0) >> 63)", 8), ("2 * 60 * 1e9", 120 * 10**9), ("7 / 2", 3),
        ("7.0 / 2", 3.5), ("(1-x)*(512<<10) + x*(4<<20)", 4 << 20), ("1 | 6&^4", 3), ("-x + 0x_1f", 30),
        ("!x || x && 1", 1), ("uint64(3)*2", 6), ("0.25", 0.25),
    ],
)  # fmt: skip
def test_an_expression_has_the_value_that_go_gives_it(expression: str, value: Number) -> None:
    assert evaluate(expression, {"x": 1}.__getitem__) == value


@pytest.mark.parametrize("expression", ["", "1 +", "(1", "1 2", '"a"', "f[1]"])
def test_an_expression_that_cannot_be_read_is_an_error(expression: str) -> None:
    with pytest.raises(LookupError):
        evaluate(expression, lambda name: 1)
