"""Goroutine dumps: what Go prints about every goroutine at a crash, written and read.

``goroutine N [status, M minutes, locked to thread]:``, then the goroutine's stack, then who made it.  The status of a
waiting goroutine is its wait reason.  Three formats: "1.19" (every wait for a lock is "semacquire"; who made it, not
which goroutine), "1.23" (Mutex and RWMutex have their names, and it says "in goroutine N"), "1.25" (WaitGroup too).

Of a stack the model knows the body's name and what it waits for, so a dump shows the function that the body stands
for and, above it, the functions of the library in which such a wait is seen.  Not modelled: the functions that a body
calls itself, arguments (Go's own "..." for unknown ones stands for them), addresses, files and line numbers, and who
made the runtime's goroutines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.aftermath import Aftermath, aftermath_after
from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.recording import Recording
from gmp_lab.replay import State, state_after

FORMATS: Final = ("1.19", "1.23", "1.25")
DEADLOCK: Final = "fatal error: all goroutines are asleep - deadlock!"
UNAVAILABLE: Final = "\tgoroutine running on other thread; stack unavailable"

# runtime/traceback.go gStatusStrings, by status number
_STATUS: Final = {
    0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead", 8: "copystack", 9: "preempted",
    10: "leaked",
}  # fmt: skip
_RUNNING, _SYSCALL, _WAITING, _DEAD = 2, 3, 4, 6
_MINUTE: Final = 60 * 10**9

_LOCKS: Final = ("sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock")
_SEMACQUIRE: Final[dict[str, tuple[str, ...]]] = {
    "1.19": (*_LOCKS, "sync.WaitGroup.Wait"),
    "1.23": ("sync.WaitGroup.Wait",),
    "1.25": (),
}  # the reasons that print as "semacquire"

# Functions seen above a goroutine's own in such a wait, innermost first (channels, select: none).
_FRAMES: Final[dict[str, tuple[str, ...]]] = {
    "sleep": ("time.Sleep",),
    "syscall": ("syscall.Syscall",),
    "IO wait": ("internal/poll.runtime_pollWait", "internal/poll.(*pollDesc).wait"),
    "sync.Cond.Wait": ("sync.runtime_notifyListWait", "sync.(*Cond).Wait"),
    "sync.WaitGroup.Wait": ("sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait"),
    "sync.RWMutex.RLock": ("sync.runtime_SemacquireRWMutexR", "sync.(*RWMutex).RLock"),
    "sync.RWMutex.Lock": ("sync.runtime_SemacquireRWMutex", "sync.(*RWMutex).Lock"),
    "sync.Mutex.Lock": (
        "internal/sync.runtime_SemacquireMutex", "internal/sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).Lock",
        "sync.(*Mutex).Lock",
    ),
}  # fmt: skip
_MUTEX_BEFORE: Final = ("sync.runtime_SemacquireMutex", "sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock")
_WAITGROUP_BEFORE: Final = ("sync.runtime_Semacquire", "sync.(*WaitGroup).Wait")
_FRAMES_BEFORE: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "1.19": {
        "sync.Mutex.Lock": _MUTEX_BEFORE,
        "sync.WaitGroup.Wait": _WAITGROUP_BEFORE,
        "sync.RWMutex.RLock": ("sync.runtime_SemacquireMutex", "sync.(*RWMutex).RLock"),
        "sync.RWMutex.Lock": ("sync.runtime_SemacquireMutex", "sync.(*RWMutex).Lock"),
    },
    "1.23": {"sync.Mutex.Lock": _MUTEX_BEFORE, "sync.WaitGroup.Wait": _WAITGROUP_BEFORE},
    "1.25": {},
}


class DumpedG(NamedTuple):
    """One goroutine of a dump.

    ``status``      a word of Go's table, "waiting" also where the dump shows the ``reason`` in its place
    ``reason``      the wait reason, "" if it does not wait
    ``minutes``     for how long it has waited (0: less than one, or not known)
    ``frames``      functions, innermost first; empty for one that runs on another thread
    ``created_by``  the function that made it ("" if not said), and ``creator`` its goroutine (0: not said)
    ``notes``       what else the header says: "scan", "leaked", "durable", "synctest bubble N"
    """

    id: int
    status: str
    reason: str = ""
    minutes: int = 0
    locked: bool = False
    frames: tuple[str, ...] = ()
    created_by: str = ""
    creator: int = 0
    notes: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """The outermost function: what the go statement called ("" if the stack is not shown)."""
        return self.frames[-1] if self.frames else ""


# --- writing ------------------------------------------------------------------------------------------------------


def format_header(g: DumpedG) -> str:
    """The first line of a goroutine, as runtime/traceback.go goroutineheader prints it at the usual level."""
    words = g.reason or g.status
    words += "".join(f" ({note})" for note in g.notes if note in _SUFFIXES)
    words += f", {g.minutes} minutes" if g.minutes else ""
    words += ", locked to thread" if g.locked else ""
    words += "".join(f", {note}" for note in g.notes if note not in _SUFFIXES)
    return f"goroutine {g.id} [{words}]:"


def format_dump(gs: Iterable[DumpedG]) -> str:
    """The text of a dump: the goroutines with an empty line between two of them; arguments as "..."."""
    return "\n".join("".join(line + "\n" for line in _lines(g)) for g in gs)


def _lines(g: DumpedG) -> list[str]:
    lines = [format_header(g), *(f"{name}(...)" for name in g.frames)]
    if not g.frames:
        lines.append(UNAVAILABLE)
    if g.created_by:
        lines.append(f"created by {g.created_by}" + (f" in goroutine {g.creator}" if g.creator else ""))
    return lines


# --- reading ------------------------------------------------------------------------------------------------------

_SUFFIXES: Final = ("leaked", "scan", "durable")
_HEADER: Final = re.compile(
    r"goroutine (\d{1,20})(?: gp=0x[0-9a-f]+ m=(?:nil|\d+)(?: mp=0x[0-9a-f]+)?)? \[([^\[\]]+)\](?: \{.*\})?:",
    re.ASCII,
)
_BEGINS: Final = re.compile(r"goroutine \d+ (?:gp=|\[)")
_MINUTES: Final = re.compile(r"(\d{1,20}) minutes", re.ASCII)
_NOTE: Final = re.compile(r"(.+) \((" + "|".join(_SUFFIXES) + r")\)")
_CREATED: Final = re.compile(r"created by (\S+)(?: in goroutine (\d{1,20}))?", re.ASCII)
_FRAME: Final = re.compile(r"(\S.*)\([^()]*\)")


def parse_dump(text: str) -> list[DumpedG]:
    """Read the goroutines out of a program's stderr; what is no part of one is passed over.

    Raises ConfigError for a text without any, and for one with a broken first line.
    """
    gs: list[DumpedG] = []
    inside = False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip("\r")
        if _BEGINS.match(line):
            gs.append(_parse_header(line, number))
            inside = True
        elif not line:
            inside = False
        elif inside:
            gs[-1] = _with_line(gs[-1], line)
    if not gs:
        raise ConfigError("dump", text[:60], "text with at least one line such as 'goroutine 1 [running]:'")
    return gs


def _parse_header(line: str, number: int) -> DumpedG:
    found = _HEADER.fullmatch(line)
    if not found:
        raise ConfigError("dump", line[:80], f"the whole first line of a goroutine (line {number} is not)")
    word, *more = found[2].split(", ")
    minutes, locked = 0, False
    suffixes: list[str] = []
    others: list[str] = []
    while note := _NOTE.fullmatch(word):
        word = note[1]
        suffixes.insert(0, note[2])
    for part in more:
        if spent := _MINUTES.fullmatch(part):
            minutes = int(spent[1])
        elif part == "locked to thread":
            locked = True
        else:
            others.append(part)
    known = word in _STATUS.values() or word in ("???", "waiting for cgo callback")
    status, reason = (word, "") if known else ("waiting", word)
    return DumpedG(int(found[1]), status, reason, minutes, locked, notes=(*suffixes, *others))


def _with_line(g: DumpedG, line: str) -> DumpedG:
    """The goroutine with one more line of its stack; files and what is unknown change nothing."""
    if created := _CREATED.fullmatch(line):
        return g._replace(created_by=created[1], creator=int(created[2] or 0))
    if not line.startswith("\t") and (frame := _FRAME.fullmatch(line)):
        return g._replace(frames=(*g.frames, frame[1]))
    return g


# --- from a run ---------------------------------------------------------------------------------------------------


def goroutines_at(  # noqa: PLR0913  # what may be asked of a dump, each optional
    rec: Recording, t: int, *, form: str | None = None, system: bool = False, current: int | None = None,
    gc_starts_ns: Sequence[int] | None = None,
) -> list[DumpedG]:  # fmt: skip
    """What a crash at time t (ns) would show: the current goroutine first, then all in the order of Go's list.

    ``form``          one of FORMATS; that of the run's Go version if not given
    ``system``        with the runtime's own goroutines, as GOTRACEBACK=system shows them
    ``current``       the goroutine that is shown first; else the running one on the lowest thread, if any runs
    ``gc_starts_ns``  when collections began to mark (None: those of the run): as in Go, a wait is measured from the
                      first one that met it
    ConfigError for a time outside the run or a current goroutine that is not alive.
    """
    check_int("goroutines_at(t)", t, 0, rec.end_ns, "ns")
    form = check_choice("form", params.version(rec.config.go).dump if form is None else form, FORMATS)
    i = rec.index_at(t)
    state, books = state_after(rec, i), aftermath_after(rec, i)
    alive = [g for g in books.allgs if state.gs[g].status != _DEAD]
    if current is None:
        current = min(((g.m, g.id) for g in state.gs.values() if g.status == _RUNNING), default=(0, 0))[1]
    elif current not in alive:
        raise ConfigError("current", current, f"a goroutine that is alive at {t} ns")
    order = sorted(alive, key=lambda g: g != current)  # stable: the others stay in Go's order
    moment = _Moment(rec, state, books, form, t, _marks(rec, i) if gc_starts_ns is None else gc_starts_ns)
    return [moment.dumped(g, g == current) for g in order if system or g == current or not _is_system(rec, g)]


def _marks(rec: Recording, end: int) -> list[int]:
    """When the collections among the first ``end`` events began to mark (ns)."""
    return [rec.t[i] for i in range(end) if rec.kind[i] == v.E_GC_PHASE and rec.arg[i] == v.GC_MARK]


def goroutine_dump(rec: Recording, t: int, **options: object) -> str:
    """The text of ``goroutines_at`` with the same options."""
    return format_dump(goroutines_at(rec, t, **options))  # type: ignore[arg-type]  # passed on as they are


def deadlock_text(rec: Recording, form: str | None = None) -> str:
    """What a program that ended in a deadlock has printed: the fatal error, then every goroutine.

    Raises ConfigError for a run that ended otherwise.
    """
    message = DEADLOCK if rec.ended == "deadlock" else rec.ended
    if not message.startswith("fatal error: ") or not message.endswith("deadlock!"):
        raise ConfigError("recording", rec.ended, "a run that ended in a deadlock")
    dump = goroutine_dump(rec, rec.end_ns, form=form)
    return f"{message}\n" + (f"\n{dump}" if dump else "")


def _is_system(rec: Recording, g: int) -> bool:
    return g != 1 and rec.g_name(g).startswith("runtime.")


def _function(rec: Recording, g: int) -> str:
    """The function that goroutine g's body stands for, e.g. "main.worker"."""
    name = rec.g_name(g)
    if g == 1:
        return "main.main"
    if name.startswith("runtime."):
        return name
    return f"main.{name}" if name.isidentifier() else "main.main.func1"


class _Moment(NamedTuple):
    """Everything that the dump of one moment is made from."""

    rec: Recording
    state: State
    books: Aftermath
    form: str
    t: int
    gcs: Sequence[int]

    def dumped(self, g: int, current: bool) -> DumpedG:
        rec, books, form = self.rec, self.books, self.form
        status, known = self.state.gs[g].status, self.state.gs[g].reason
        if known < 0 and status == _WAITING:
            known = books.reason.get(g, -1)  # parked by the runtime before main began
        reason = v.WAIT_REASONS[known] if known >= 0 else ""
        frames = _FRAMES_BEFORE[form].get(reason) or _FRAMES.get(reason or _STATUS[status], ())
        parent = 0 if _is_system(rec, g) else books.parent[g]
        return DumpedG(
            id=g,
            status=_STATUS[status],
            reason="semacquire" if reason in _SEMACQUIRE[form] else reason,
            minutes=self._minutes(g) if status in (_WAITING, _SYSCALL) else 0,
            locked=self.state.gs[g].lockedm >= 0,
            frames=() if status == _RUNNING and not current else (*frames, _function(rec, g)),
            created_by=_function(rec, parent) if parent else "",
            creator=0 if form == "1.19" else parent,
        )

    def _minutes(self, g: int) -> int:
        """Whole minutes since the first collection that has met the goroutine waiting as it waits now."""
        since = self.books.since.get(g, self.t)
        met = min((gc for gc in self.gcs if since <= gc <= self.t), default=self.t)
        return (self.t - met) // _MINUTE
