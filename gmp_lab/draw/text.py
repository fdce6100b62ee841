"""The figures in words and letters: for screen readers, for plain terminals, for the exam.

A figure's twin says in text what the figure shows: ``text_timeline`` draws one letter for each stretch of
time, ``timeline_alt`` and ``queue_depth_alt`` say it in sentences.
"""

from __future__ import annotations

import numpy as np

from gmp_lab.draw import findings
from gmp_lab.draw.axes import Window, whole_window
from gmp_lab.draw.palette import LOOKS
from gmp_lab.draw.raster import dominant, state_time
from gmp_lab.draw.tables import depth_table
from gmp_lab.errors import check_int
from gmp_lab.metrics.spans import Spans, first_rows, spans
from gmp_lab.metrics.states import G_DEAD
from gmp_lab.metrics.usage import state_ns
from gmp_lab.recording import Recording


def text_timeline(
    rec: Recording, columns: int = 72, *, window: Window | None = None, rows: str = "P", most: int = 100
) -> str:
    """The timeline as text: a row of letters for each P (G, M), each letter the state that lasted longest.

    ``columns``: letters in a row, 8 to 400; ``window``: (start, end) in ns; ``rows``: "P", "G" or "M", the first
    ``most`` (1 to 10,000) of them.
    """
    check_int("most", most, 1, 10_000)
    check_int("columns", columns, 8, 400)
    start, end = whole_window(rec, window)
    s = spans(rec, *(window or (0, None)), of=rows)
    columns = min(columns, end - start)
    first = 1 if rows == "G" else 0
    left_out = s.rows - first - most
    title, s = findings.timeline_title(rec, s, window), first_rows(s, first + most) if left_out > 0 else s
    z = dominant(state_time(s, start, end, columns)[0], G_DEAD if rows == "G" else 0)
    letters = np.array([LOOKS[state].letter for state in s.states])
    wide = len(f"{rows}{max(0, s.rows - 1)}")
    lines = [f"{rows + str(r):<{wide}} |{''.join(letters[z[r]])}|" for r in range(first, s.rows)]
    seen = [s.states[k] for k in np.unique(z[first:])]
    key = ", ".join(f"{LOOKS[state].letter.strip() or 'blank'} {LOOKS[state].words}" for state in seen)
    scale = f"{_when(start, end)}, {findings.duration((end - start) / columns)} a letter"
    more = [f"({findings.count(left_out, 'more row')} not drawn)"] if left_out > 0 else []
    return "\n".join([title, *lines, *more, scale, f"({key})"])


def _when(start: int, end: int) -> str:
    if start and end - start < start // 100:  # "from 10.4 ms to 10.4 ms" would say nothing
        return f"from {start / 1000:,.1f} us to {end / 1000:,.1f} us"
    return f"from {findings.duration(start)} to {findings.duration(end)}"


def timeline_alt(rec: Recording, *, window: Window | None = None, rows: str = "P", most: int = 16) -> str:
    """What the timeline shows, in sentences; the first ``most`` rows one by one."""
    start, end = whole_window(rec, window)
    s = spans(rec, *(window or (0, None)), of=rows)
    first = 1 if rows == "G" else 0
    said = [_row_words(s, r, table) for r, table in enumerate(state_ns(s)) if first <= r < first + most]
    more = s.rows - first - len(said)
    rest = f" {findings.count(more, 'more row')} not listed." if more > 0 else ""
    title = findings.timeline_title(rec, s, window)
    return f"Timeline {_when(start, end)}. {title}. {' '.join(said)}{rest}"


def _row_words(s: Spans, r: int, ns: list[int]) -> str:
    shares = sorted(((x, s.states[k]) for k, x in enumerate(ns) if x), key=lambda x: -x[0])
    words = ", ".join(f"{LOOKS[state].words} {findings.percent(x, sum(ns))}" for x, state in shares)
    return f"{s.of}{r}: {words or 'nothing'}."


def queue_depth_alt(rec: Recording, *, window: Window | None = None) -> str:
    """What the queue depths show, in sentences."""
    start, end = whole_window(rec, window)
    rows = (row for row in depth_table(rec, window).rows if not str(row[0]).startswith("runnext"))
    said = "; ".join(f"{name}: at most {top}, on average {mean}" for name, top, mean in rows)
    return f"Goroutines in the queues {_when(start, end)}. {said[:1].upper()}{said[1:]}."
