"""What the text of a chapter may say: its objectives, its numbers, its names, its claims.

A number in the text is one of four things.  A *result* is set in bold, and some cell of the notebook prints it; a
*parameter* stands in the code of the notebook; a *constant* is one of the runtime's or of every day (``CONSTANTS``);
and small whole numbers count things.  Anything else would be a number that nobody can check.  Versions of Go, code in
backticks, links and numbers of chapters are not looked at.

A name in backticks is one of Go's (it stands somewhere in the source of the installed toolchain), or one of Python's
(it stands in the notebook's code or in the package), or a path, an option or a text with other signs than letters.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from gmp_lab.claims import claims
from gmp_lab.errors import ConfigError
from gmp_lab.golang import find_toolchain

Notebook = Any  # an nbformat.NotebookNode: nbformat has no type information
Finding = Iterator[str]

SMALL: Final = 20  # whole numbers up to this one count things
#: constants of the runtime and of the machine, as the text writes them, and what they are
CONSTANTS: Final[dict[str, str]] = {
    "25": "percent: gcBackgroundUtilization", "30": "percent of CPU for the fractional worker", "50": "percent",
    "60": "executions between two looks at the global queue", "61": "findRunnable", "64": "bits of a word",
    "75": "percent", "90": "percentile", "95": "percentile", "99": "percentile", "99.9": "percentile",
    "100": "percent; GOGC's default; ms of a quota's period", "128": "half a ring", "129": "half a ring and one",
    "256": "len(p.runq)", "257": "a ring and runnext", "800": "room above stackguard0", "928": "stackGuard",
    "1000": "us in a ms", "1024": "bytes in a KiB", "2048": "stackMin", "4096": "the smallest shrunk stack",
    "8192": "a page of the heap", "10000": "sched.maxmcount", "0.5": "half",
}  # fmt: skip
_NUMBER: Final = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w]*[-‐]\d)")
_VERSION: Final = re.compile(
    r"\b[gG]o ?\d+(?:\.\d+)*|\b1\.\d{1,2}(?:\.\d+)?\b(?! ?(?:ms|us|ns|s|%|times|x|MiB|GiB|KiB)\b)"
)
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_CODE: Final = re.compile(r"`([^`\n]+)`")
_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\))?")
_CHAPTER: Final = re.compile(
    r"(?i)\b(?:chapters?|sections?|part|notebooks?|claims?) \d[\d.\-]*(?:(?:,| to| and) \d[\d.\-]*)*"
)
_VERDICT: Final = re.compile(r"\b\d(?:\.\d)?-\d\d\b[^\n.]{0,40}\*\*(?:true|false|imprecise|changed|off topic)\b")


def _without_code(text: str) -> str:
    """The text without code, links' targets, headings' anchors and numbers of chapters."""
    text = re.sub(r"```.*?```", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$\n]+\$", " ", text)
    text = _CODE.sub(" ", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\[\d[^\]]*\]", " ", text)
    text = re.sub(r"\b[1-5]\.[1-5]\b(?= ·| +\|)", " ", text)  # numbers of chapters in a table or a title
    return _CHAPTER.sub(" ", text)


def _plain(number: str) -> str:
    return number.rstrip(",").replace(",", "")


def _markdown(nb: Notebook) -> Iterator[tuple[int, str]]:
    return ((n, cell.source) for n, cell in enumerate(nb.cells, 1) if cell.cell_type == "markdown")


def _code(nb: Notebook) -> str:
    return "\n".join(cell.source for cell in nb.cells if cell.cell_type == "code")


def _printed(nb: Notebook) -> str:
    """Everything that the cells have printed or show as text."""
    texts = []
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts += ["".join(output.get("text", "")), *("".join(data.get(kind, "")) for kind in _SHOWN)]
    return "\n".join(texts)


_SHOWN: Final = ("text/plain", "text/html")


def _numbers_of(text: str) -> set[str]:
    return {_plain(found) for found in re.findall(r"\d[\d,_]*(?:\.\d+)?", text.replace("_", ""))}


def _in_other_units(number: str) -> set[str]:
    """The number, and what it is in units a thousand or a million times smaller or larger: 2 ms is us=2000."""
    value = float(number)
    return {f"{value * 10**power:.12g}" for power in (-6, -3, 0, 3, 6)} | {f"{value / 100:.12g}"}


def numbers(nb: Notebook, _path: Path) -> Finding:
    """Results that no cell prints or that are not set in bold, and numbers that come from nowhere."""
    printed, written = _numbers_of(_printed(nb)), {f"{float(one):.12g}" for one in _numbers_of(_code(nb))}
    for n, source in _markdown(nb):
        if n == 1:
            continue  # the header: minutes and chapters
        text = _VERSION.sub(" ", _without_code(re.sub(r"^#+ .*$|^\d+\. ", " ", source, flags=re.MULTILINE)))
        bold = {_plain(one) for part in _BOLD.findall(text) for one in _NUMBER.findall(part)}
        for one in sorted(bold):
            if one not in printed:
                yield f"cell {n}: no cell prints **{one}**"
        for one in sorted({_plain(m) for m in _NUMBER.findall(_BOLD.sub(" ", text))} - bold):
            small = one.isdecimal() and int(one) <= SMALL
            if small or one in CONSTANTS or _in_other_units(one) & written:
                continue
            if one in printed:
                yield f"cell {n}: {one} is a result: set it in bold"
            else:
                yield f"cell {n}: {one} comes from nowhere: no cell prints it, and it is in no code"


def objectives(nb: Notebook, _path: Path) -> Finding:
    """A header without three to five objectives that begin with a verb, its minutes, or what one needs for it."""
    header = nb.cells[0].source if nb.cells else ""
    found = re.findall(r"^\d+\. +\*\*[a-z]+\*\*", header, re.MULTILINE)
    if not 3 <= len(found) <= 5:
        yield f"its header has {len(found)} objectives that begin with a verb, not three to five"
    if not re.search(r"\b\d+(?: to \d+)? minutes\b", header):
        yield "its header does not say how many minutes it takes"
    if "You need" not in header:
        yield "its header does not say what one needs"


def section_of(path: Path) -> str:
    """The article's section of a notebook: 02-3-run-queues is about 2.3; "" for those that are about none."""
    found = re.match(r"0(\d)(?:-(\d))?-", path.name)
    section = ".".join(part for part in found.groups() if part) if found else ""
    try:
        return section if section and claims(section) else ""
    except ConfigError:
        return ""


def cited(nb: Notebook, path: Path) -> Finding:
    """Claims of the notebook's section that it does not show, and verdicts that do not come from the ledger."""
    section = section_of(path)
    shown = _printed(nb)
    missing = [claim.id for claim in claims(section) if claim.id not in shown] if section else []
    if missing:
        yield f"it does not show {len(missing)} claims of its section: {', '.join(missing[:5])}"
    for n, source in _markdown(nb):
        if _VERDICT.search(source):
            yield f"cell {n} has a verdict in its own words: verdicts come from gmp_lab.claims"


_FOLDERS: Final = (
    "runtime", "internal/runtime", "internal/abi", "internal/poll", "sync", "time", "os", "net", "syscall",
)  # fmt: skip


@cache
def _go_words() -> frozenset[str]:
    """Every word in the source of the installed Go's runtime and what stands beside it; empty without Go."""
    toolchain = find_toolchain()
    if toolchain is None:
        return frozenset()
    source = Path(toolchain.goroot) / "src"
    words: set[str] = set()
    for folder in _FOLDERS:
        for file in (source / folder).rglob("*.[gs]*"):
            words.update(re.findall(r"[A-Za-z_]\w*", file.read_text(encoding="utf-8", errors="replace")))
    return frozenset(words)


@cache
def _our_words() -> frozenset[str]:
    """Every word in the package's own source."""
    words: set[str] = set(keyword.kwlist)
    for file in Path(__file__).parent.rglob("*.py"):
        words.update(re.findall(r"[A-Za-z_]\w*", file.read_text(encoding="utf-8")))
    return frozenset(words)


def identifiers(nb: Notebook, _path: Path) -> Finding:
    """Names in backticks that are neither in Go's source nor in Python's; nothing where no Go is installed."""
    known = _go_words()
    if not known:
        return
    written = set(re.findall(r"\w+", _code(nb))) | set(re.findall(r"\w+", _printed(nb)))
    for n, source in _markdown(nb):
        for token in sorted(set(_CODE.findall(re.sub(r"```.*?```", " ", source, flags=re.DOTALL)))):
            if not _NAME.fullmatch(token):
                continue
            if not set(re.findall(r"\w+", token)) <= known | _our_words() | written:
                yield f"cell {n}: {token} is a name of neither Go's source nor this course"


_PLACED: Final = re.compile(r"`(\w+)`(?:\s+\([^)]*\))?\s+in\s+`(?:(\w[\w/]*)/)?(\w+\.go)`")


def places(nb: Notebook, _path: Path) -> Finding:
    """Names that are said to be in a file of Go's source ("`retake` in `proc.go`") but not declared there."""
    toolchain = find_toolchain()
    if toolchain is None:
        return
    for n, source in _markdown(nb):
        for name, folder, file in _PLACED.findall(source):
            path = Path(toolchain.goroot) / "src" / (folder or "runtime") / file
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
            declared = rf"^func (?:\([^)]*\) )?{name}\b|^(?:type|var|const) {name}\b|^\t{name}\b"
            if not re.search(declared, text, re.MULTILINE):
                yield f"cell {n}: {name} is not in {file} of Go {toolchain.version}"


CHECKS: Final = (objectives, numbers, cited, identifiers, places)
