"""The columns of a Recording as numpy arrays, without a copy, and the window of time that is looked at."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gmp_lab.errors import ConfigError
from gmp_lab.recording import Recording

Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


class Arrays(NamedTuple):
    """The six columns, one entry an event: ``t`` int64 ns, ``kind`` uint8, ``g m arg`` int32, ``p`` int16."""

    t: Ints
    kind: Ints
    g: Ints
    p: Ints
    m: Ints
    arg: Ints


def columns(rec: Recording) -> Arrays:
    """The columns of rec as read-only arrays that share its memory."""
    return Arrays(*(np.asarray(getattr(rec, name)) for name in Arrays._fields))


def check_window(rec: Recording, start_ns: int = 0, end_ns: int | None = None) -> tuple[int, int]:
    """Return (start, end) in ns, 0 <= start < end <= rec.end_ns (end None = the run's end); else ConfigError.

    A run of no length has the one window (0, 0).
    """
    end = rec.end_ns if end_ns is None else end_ns
    for name, value in (("start_ns", start_ns), ("end_ns", end)):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= rec.end_ns:
            raise ConfigError(name, value, f"a whole number from 0 to the run's end ({rec.end_ns} ns)")
    if start_ns >= end and rec.end_ns > 0:
        raise ConfigError("start_ns", start_ns, f"less than end_ns ({end} ns)")
    return start_ns, end


def in_window(rec: Recording, t: Ints, start_ns: int = 0, end_ns: int | None = None) -> Bools:
    """Mask of the times t with start <= t < end; a window that reaches the run's end includes it."""
    start, end = check_window(rec, start_ns, end_ns)
    if end == rec.end_ns:
        return t >= start
    return (t >= start) & (t < end)
