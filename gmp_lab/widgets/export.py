"""A run for other tools, from a panel: three formats, each saved by the browser or given as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab.errors import check_choice
from gmp_lab.export import csv_text, trace_json
from gmp_lab.recording import Recording
from gmp_lab.schedtrace import schedtrace_every

_STEPS_MS: Final = tuple(n * 10**k for k in range(4) for n in (1, 2, 5))


def schedtrace_steps(rec: Recording) -> tuple[int, str]:
    """The states of a run as schedtrace prints them: (ms between two lines, the lines), at most about 20 of them."""
    step = next(n for n in _STEPS_MS if rec.end_ns <= 20 * n * 1_000_000 or n == _STEPS_MS[-1])
    return step, schedtrace_every(rec, step)


#: format: ending of the file, its type, what makes the text
FORMATS: Final[dict[str, tuple[str, str, Callable[[Recording], str]]]] = {
    "Perfetto trace": ("json", "application/json", trace_json),
    "CSV": ("csv", "text/csv", csv_text),
    "schedtrace": ("txt", "text/plain", lambda rec: schedtrace_steps(rec)[1]),
}


def exported(rec: Recording, form: str, name: str) -> tuple[str, str, str]:
    """File name, type and text of a run in one of FORMATS; ConfigError for another format."""
    check_choice("format", form, tuple(FORMATS))
    ending, kind, make = FORMATS[form]
    return f"{name}.{ending}", kind, make(rec)
