"""What strace reports of a Go program: the summary of ``strace -c -f`` and the log of ``strace -f``.

strace shows the threads where the runtime shows goroutines: clone3 is newm, a futex wait is an M asleep (stopm), a
nanosleep of 20 us is sysmon, tgkill with SIGURG is preemptM.  The log of several threads interleaves: a call that
another thread interrupts is printed in two parts, ``<unfinished ...>`` and ``<... resumed>``; they are one Call here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gmp_lab.errors import ConfigError

_ATTACHED: Final = re.compile(r"strace: Process \d+ (?:attached|detached)\n?")
_COUNT: Final = re.compile(
    r" *(?P<percent>\d+\.\d+) +(?P<seconds>\d+\.\d+) +(?:(?P<usecs>\d+) +)?(?P<calls>\d+) +(?:(?P<errors>\d+) +)?"
    r"(?P<name>\w+)",
    re.ASCII,
)
_HEAD: Final = re.compile(
    r"(?:\[pid +(?P<pid>\d+)\] |(?P<bare>\d+) )? *(?:(?P<t>\d+(?:\.\d+|:\d\d:\d\d(?:\.\d+)?)) )?", re.ASCII
)
_RESUMED: Final = re.compile(r"<\.\.\. (?P<name>\w+) resumed>", re.ASCII)
_CALL: Final = re.compile(r"(?P<name>[a-z_]\w*)\(", re.ASCII)
_SIGNAL: Final = re.compile(r"--- (?P<name>SIG\w+) (?P<args>.*) ---", re.ASCII)
_END: Final = re.compile(r"\+\+\+ (?P<how>exited with \d+|killed by SIG.*) \+\+\+", re.ASCII)
_RESULT: Final = re.compile(
    r"(?P<args>.*)\) += (?P<result>\?|-?\d+|0x[0-9a-f]+)(?: (?P<errno>E[A-Z0-9]+))?(?: .*)?", re.DOTALL
)
_UNFINISHED: Final = "<unfinished ...>"
_EXAMPLE: Final = "the output of strace -f, one call a line"


@dataclass(frozen=True, slots=True)
class CallCount:
    """One row of a summary: how often a system call was made, in how many cases it failed, and its time in s."""

    name: str
    calls: int
    errors: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of a log, or what else strace tells: a signal (name SIGURG and so on) or a thread's end.

    ``pid`` is the thread (0: not told), ``t`` the time as printed in s (None: not told; with -r since the line
    before), ``line`` where it began.  ``result`` is "" if it has not returned, or returned where nobody saw it;
    ``errno`` is "" for success.
    """

    line: int
    pid: int
    t: float | None
    name: str
    args: str
    result: str = ""
    errno: str = ""


def parse_strace_summary(text: str) -> list[CallCount]:
    """Read the table of ``strace -c``; the program's own output around it is passed over.

    Raises ConfigError for a text without a table, for a broken row, and for a table whose total does not fit.
    """
    lines = _ATTACHED.sub("", text).splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("% time ")), -1)
    if start < 0:
        raise ConfigError("strace -c", text[:60], "text with the table of strace -c, which begins with % time")
    rows: list[CallCount] = []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if line.startswith("---"):
            continue
        found = _COUNT.fullmatch(line.rstrip())
        if not found:
            raise ConfigError("strace -c", line[:80], f"a row of five or six columns (line {number} is not)")
        row = CallCount(found["name"], int(found["calls"]), int(found["errors"] or 0), float(found["seconds"]))
        if row.name == "total":
            _check_total(row, rows)
            return rows
        rows.append(row)
    raise ConfigError("strace -c", lines[-1][:80], "a table that ends with its total: this one is cut off")


def _check_total(total: CallCount, rows: list[CallCount]) -> None:
    summed = (sum(r.calls for r in rows), sum(r.errors for r in rows))
    if summed != (total.calls, total.errors):
        told = f"{total.calls} calls and {total.errors} errors"
        raise ConfigError("strace -c", told, f"a total that fits the rows, which have {summed[0]} and {summed[1]}")


def parse_strace(text: str) -> list[Call]:
    """Read a log of ``strace -f`` (with -r, -t, -tt, -ttt or none), in the order in which the calls began.

    What the program itself wrote in between is passed over.  Raises ConfigError for a line of strace's that is
    broken, and for a text without any.
    """
    calls: list[Call] = []
    open_calls: dict[tuple[int, str], int] = {}
    for number, line in _joined(text):
        head = _HEAD.match(line)
        assert head is not None  # it may be empty
        pid, t, rest = int(head["pid"] or head["bare"] or 0), _seconds(head["t"]), line[head.end() :]
        resumed = _RESUMED.match(rest)
        if resumed:
            _resume(calls, open_calls, pid, resumed["name"], rest[resumed.end() :])
            continue
        call = _call(number, pid, t, rest)
        if call is None and head["pid"] is None:
            continue
        if call is None:
            raise ConfigError("strace", line[:80], f"{_EXAMPLE} (line {number} is not)")
        if _UNFINISHED in rest:
            open_calls[pid, call.name] = len(calls)
        calls.append(call)
    if not calls:
        raise ConfigError("strace", text[:60], _EXAMPLE)
    return calls


def _joined(text: str) -> list[tuple[int, str]]:
    """The lines, without strace's own messages; a call that such a message cut in two is whole again."""
    out: list[tuple[int, str]] = []
    cut = False  # the line before was cut by a message
    for number, line in enumerate(text.splitlines(), 1):
        found = _ATTACHED.search(line)
        kept = line[: found.start()] if found else line
        if cut or line.startswith((" =>", " <unfinished")):
            if out:
                out[-1] = (out[-1][0], out[-1][1] + kept)
        elif kept.strip() and not kept.startswith("#"):
            out.append((number, kept))
        cut = found is not None and bool(kept.strip())
    return out


def _seconds(word: str | None) -> float | None:
    if word is None:
        return None
    total = 0.0
    for part in word.split(":"):
        total = total * 60 + float(part)
    return total


def _call(number: int, pid: int, t: float | None, rest: str) -> Call | None:
    signal = _SIGNAL.fullmatch(rest.rstrip())
    if signal:
        return Call(number, pid, t, signal["name"], signal["args"])
    end = _END.fullmatch(rest.rstrip())
    if end:
        return Call(number, pid, t, "exit", "", end["how"])
    found = _CALL.match(rest)
    if not found:
        return None
    inside = rest[found.end() :]
    if _UNFINISHED in inside:
        return Call(number, pid, t, found["name"], inside.replace(_UNFINISHED, "").rstrip(", "))
    told = _RESULT.fullmatch(inside.rstrip())
    if told:
        return Call(number, pid, t, found["name"], told["args"], told["result"], told["errno"] or "")
    return Call(number, pid, t, found["name"], inside.rstrip(", "))  # its rest was lost among others' output


def _resume(calls: list[Call], open_calls: dict[tuple[int, str], int], pid: int, name: str, rest: str) -> None:
    """Complete the call that thread pid began; one whose beginning is not in the text is left out."""
    at = open_calls.pop((pid, name), None)
    told = _RESULT.fullmatch(rest.strip())
    if at is None or told is None:
        return
    old = calls[at]
    args = ", ".join(part for part in (old.args, told["args"].lstrip(", ")) if part)
    calls[at] = Call(old.line, old.pid, old.t, old.name, args, told["result"], told["errno"] or "")


def count_calls(calls: list[Call]) -> dict[str, int]:
    """How often each name occurs, most frequent first."""
    names: dict[str, int] = {}
    for call in calls:
        names[call.name] = names.get(call.name, 0) + 1
    return dict(sorted(names.items(), key=lambda item: (-item[1], item[0])))
