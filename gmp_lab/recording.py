"""A run, as a table of events: what happened, when, to which G, on which P and M.

Six columns of small integers, 23 bytes an event: time (ns), kind, g, p, m, arg; -1 where there is none.  The
vocabulary below is complete in this sense: replaying the events in order gives every queue, every owner and every
status (``gmp_lab.replay``), so the tables, figures, widgets and the validator need nothing else.  A real Go trace
is turned into the same table.

The recorder sits behind one callable, ``emit((t, kind, g, p, m, arg))``, which is ``list.append``; ``simulate``
empties the list into the columns every few thousand engine steps.  Rejected: one object per event (4 to 10 times
the memory), four appends per event (1.7 times the run time).

A goroutine's id is its number in order of creation, main is 1.  M 0 is the first thread.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from gmp_lab.config import Config
from gmp_lab.errors import ConfigError, check_bool, check_int
from gmp_lab.vocabulary import E_LOG, KIND_NAMES

FORMAT: Final = "gmp-lab-recording-1"
_COLUMNS: Final = (("t", "q"), ("kind", "B"), ("g", "i"), ("p", "h"), ("m", "i"), ("arg", "i"))


class Event(NamedTuple):
    """One row: time in ns, kind (an ``E_*`` number), ids (-1 = none) and the kind's own argument."""

    t: int
    kind: int
    g: int
    p: int
    m: int
    arg: int

    @property
    def name(self) -> str:
        """The kind in words, as ``KIND_NAMES`` has it."""
        return KIND_NAMES[self.kind]


class Columns:
    """The growing columns; ``extend`` takes rows, ``extend_flat`` the same numbers one after the other."""

    __slots__ = ("arrays",)

    def __init__(self) -> None:
        self.arrays = tuple(array(code) for _, code in _COLUMNS)

    def extend(self, rows: list[tuple[int, int, int, int, int, int]]) -> None:
        """Append rows (t, kind, g, p, m, arg); ConfigError if a number is too large for its column."""
        for (name, code), numbers in zip(_COLUMNS, zip(*rows, strict=True), strict=False):
            try:
                array(code, numbers)
            except (OverflowError, TypeError) as e:
                bits = array(code).itemsize * 8
                raise ConfigError(f"column {name}", numbers, f"whole numbers of {bits} bits") from e
        self.extend_flat([number for row in rows for number in row])

    def extend_flat(self, numbers: list[int]) -> None:
        """Append rows given as t, kind, g, p, m, arg, t, kind, ...

        One pass makes 64-bit numbers of all; each column then is a stride through their bytes, cut to its width.
        No number is looked at: the mirror emits none that is too large.
        """
        flat = memoryview(array("q", numbers)).cast("B")
        for k, (column, (_, code)) in enumerate(zip(self.arrays, _COLUMNS, strict=True)):
            size = column.itemsize
            per = 8 // size  # parts of this width in one number
            first = k * per + (0 if sys.byteorder == "little" else per - 1)
            parts = flat.cast(code)  # type: ignore[call-overload]  # one of q, B, i, h
            column.frombytes(parts[first :: per * len(_COLUMNS)].tobytes())


class Recording:
    """An immutable run: ``config``, what was run, the columns ``t kind g p m arg``, and how it ended.

    ``end_ns``   simulated time at the end
    ``ended``    "exit" (main returned), "until" (cut off), "deadlock", "events" (max_events),
                 or Go's words of a panic or fatal error
    ``g_names``  name of goroutine i+1
    ``steps``    engine steps that were taken, also when nothing was recorded
    ``complete`` False if queue contents are unknown (a real trace)
    ``notes``    texts that E_NOTE events refer to by number (a real trace)
    Iterating gives ``Event`` tuples; ``len`` is the number of events.
    """

    __slots__ = (
        "_digest", "_marks", "arg", "complete", "config", "end_ns", "ended", "g", "g_names", "kind", "m", "notes",
        "p", "params", "program", "steps", "t",
    )  # fmt: skip

    config: Config
    program: str
    params: Mapping[str, Any]
    g_names: tuple[str, ...]
    end_ns: int
    ended: str
    steps: int
    complete: bool
    notes: tuple[str, ...]
    t: memoryview[int]
    kind: memoryview[int]
    g: memoryview[int]
    p: memoryview[int]
    m: memoryview[int]
    arg: memoryview[int]
    _digest: str
    _marks: list[Any]

    def __init__(  # noqa: PLR0913  # what a run is, named one by one
        self, config: Config, columns: Columns, *, program: str, params: Mapping[str, Any], g_names: Iterable[str],
        end_ns: int, ended: str, steps: int, complete: bool = True, notes: Iterable[str] = (),
    ) -> None:  # fmt: skip
        put = object.__setattr__
        for (name, code), column in zip(_COLUMNS, columns.arrays, strict=True):
            frozen = memoryview(column.tobytes())  # a copy: who has filled the columns cannot change it any more
            put(self, name, frozen.cast(code))  # type: ignore[call-overload]  # one of q, B, i, h
        put(self, "config", config)
        put(self, "program", program)
        put(self, "params", MappingProxyType(dict(params)))
        put(self, "g_names", tuple(g_names))
        put(self, "end_ns", end_ns)
        put(self, "ended", ended)
        put(self, "steps", steps)
        put(self, "complete", complete)
        put(self, "notes", tuple(notes))
        put(self, "_digest", "")
        put(self, "_marks", [])  # checkpoints that replay.state_after keeps; they follow from the columns

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Recording cannot be changed ({name})")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Recording cannot be changed ({name})")

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return (Recording.from_bytes, (self.to_bytes(),))

    def __len__(self) -> int:
        return len(self.t)

    @property
    def procs(self) -> int:
        """The largest number of Ps of the run: GOMAXPROCS can change."""
        return max(self.config.gomaxprocs, max(self.p, default=-1) + 1)

    def __iter__(self) -> Iterator[Event]:
        return map(Event._make, zip(self.t, self.kind, self.g, self.p, self.m, self.arg, strict=True))

    def __getitem__(self, i: int) -> Event:
        return Event(self.t[i], self.kind[i], self.g[i], self.p[i], self.m[i], self.arg[i])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recording) and self.digest() == other.digest()

    def __hash__(self) -> int:
        return hash(self.digest())

    def __repr__(self) -> str:
        return (
            f"Recording({self.program}, go {self.config.go}, {self.config.gomaxprocs} Ps, "
            f"{len(self)} events, {self.end_ns / 1e6:.3f} ms, ended: {self.ended})"
        )

    def nbytes(self) -> int:
        """Bytes held by the columns."""
        return sum(getattr(self, name).nbytes for name, _ in _COLUMNS)

    def g_name(self, g: int) -> str:
        """Name of goroutine g, e.g. "worker"."""
        return self.g_names[g - 1] if 1 <= g <= len(self.g_names) else "?"

    def logs(self) -> list[tuple[int, int, int]]:
        """What bodies wrote with ``log``: (time ns, goroutine, value), in order."""
        return [(e.t, e.g, e.arg) for e in self if e.kind == E_LOG]

    def index_at(self, t: int) -> int:
        """Number of events with time <= t (ns): ``state_after(index_at(t))`` is the state at t."""
        low, high = 0, len(self.t)
        while low < high:
            mid = (low + high) // 2
            if self.t[mid] <= t:
                low = mid + 1
            else:
                high = mid
        return low

    # --- bytes -------------------------------------------------------------------------------------------

    def _header(self) -> dict[str, Any]:
        header = {
            "format": FORMAT, "config": self.config.to_dict(), "program": self.program, "params": dict(self.params),
            "g_names": list(self.g_names), "end_ns": self.end_ns, "ended": self.ended, "steps": self.steps,
            "complete": self.complete, "events": len(self),
        }  # fmt: skip
        return header | {"notes": list(self.notes)} if self.notes else header

    def _members(self) -> Iterator[tuple[str, bytes]]:
        text = json.dumps(self._header(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        yield "header.json", text.encode()
        for name, code in _COLUMNS:
            yield name, _little_endian(array(code, getattr(self, name)))

    def digest(self) -> str:
        """SHA-256 (hex) over header and columns: equal for equal runs, on every machine."""
        if not self._digest:
            h = hashlib.sha256()
            for name, data in self._members():
                h.update(f"{name} {len(data)}\n".encode())
                h.update(data)
            object.__setattr__(self, "_digest", h.hexdigest())
        return self._digest

    def to_bytes(self) -> bytes:
        """The Recording as the bytes of a zip file: header.json and one little-endian member per column."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for name, data in self._members():
                z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Recording:
        """Read what to_bytes wrote; ConfigError if it is something else or damaged."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as z:
                header = _checked_header(json.loads(z.read("header.json")))
                raw = {name: z.read(name) for name, _ in _COLUMNS}
            count = header.pop("events")
            columns = Columns()
            for (name, code), column in zip(_COLUMNS, columns.arrays, strict=True):
                column.frombytes(_little_endian_bytes(code, raw[name]))
                if len(column) != count:
                    raise ValueError(f"column {name} has {len(column)} of {count} events")
            config = Config.from_dict(header.pop("config"))
            return cls(config, columns, **header)
        except _DAMAGE as e:
            raise ConfigError("recording", f"{len(data)} bytes", f"a saved Recording ({e})") from e

    def save(self, path: str | Path) -> None:
        """Write the Recording to a file (by custom ``*.gmprec``)."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> Recording:
        """Read a saved Recording; OSError if the file cannot be read, ConfigError if it is not one."""
        return cls.from_bytes(Path(path).read_bytes())


# What zipfile, zlib and json say about bytes that are no Recording; the RuntimeErrors: encrypted, unknown method.
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError, RuntimeError)


def _checked_header(header: Any) -> dict[str, Any]:
    """Return header without its format; ValueError if an entry is not of its type."""
    if not isinstance(header, dict) or header.pop("format", None) != FORMAT:
        raise ValueError("another format")
    for name in ("end_ns", "steps", "events"):
        check_int(name, header[name], 0, 1 << 62)
    check_bool("complete", header["complete"])
    header.setdefault("notes", [])
    for name, kind in (("params", dict), ("config", dict), ("g_names", list), ("notes", list)):
        if not isinstance(header[name], kind):
            raise TypeError(f"{name} is no {kind.__name__}")
    words = (header["program"], header["ended"], *header["g_names"], *header["notes"])
    if not all(isinstance(x, str) for x in words):
        raise TypeError("a name is no text")
    return header


def _little_endian(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _little_endian_bytes(code: str, data: bytes) -> bytes:
    column: array[int] = array(code)
    column.frombytes(data)
    return _little_endian(column)
