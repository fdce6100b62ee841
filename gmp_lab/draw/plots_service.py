"""Plots of a service: how long its responses took, what the slow ones waited for, the error budget."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gmp_lab.draw.axes import Window
from gmp_lab.draw.findings import count, duration, percent
from gmp_lab.draw.palette import LINES, page
from gmp_lab.draw.plot import Drawn, Plot, bar, in_unit, over_time
from gmp_lab.draw.plots_counts import distribution, distribution_styles
from gmp_lab.draw.tables import Table
from gmp_lab.metrics import nearest_rank, responses
from gmp_lab.metrics.responses import PARTS
from gmp_lab.recording import Recording

_NONE: Final = "The program told no responses"
_POINTS: Final = 1500


def _slo_us(rec: Recording) -> int:
    """The SLO that the program was given; 0: none."""
    return int(rec.params.get("slo_us", 0))


def _share(part: int, whole: int) -> str:
    """A share with one decimal, as budgets are small."""
    return f"{100 * part / whole:.1f} %"


# --- how long they took -------------------------------------------------------------------------------------------


def _response_styles(theme: str) -> list[dict[str, Any]]:
    line = {"color": LINES[3].colour(theme), "width": 2, "dash": "dash"}
    return [
        *distribution_styles(theme, "responses"),
        {"type": "scatter", "mode": "lines", "name": "SLO", "line": line, "yaxis": "y", "hoverinfo": "skip"},
    ]


def _response_drawn(rec: Recording, window: Window | None) -> Drawn:
    ns = np.sort(responses(rec, *(window or (0, None))).length_ns)
    slo = _slo_us(rec)
    shape = distribution(ns, "responses", [slo * 1000] if slo and len(ns) else [])
    line = {"x": [slo, slo] if slo else [], "y": [0, 108] if slo else [], "showlegend": bool(slo),
            "name": f"SLO: 99 % within {duration(slo * 1000)}"}  # fmt: skip
    if not len(ns):
        return Drawn(_NONE, "", [*shape.traces, line], "response time (us)", 0, shape.range, shape.layout)
    late = int((ns > slo * 1000).sum()) if slo else 0
    met = f"; {_share(late, len(ns))} took longer than the SLO" if slo else ""
    middle, tail = (duration(nearest_rank(ns, q)) for q in (50, 99))
    title = f"{count(len(ns), 'response')}: median {middle}, p99 {tail}"
    note = "from when a request was due until its end"
    return Drawn(title + met, note, [*shape.traces, line], "response time (us)", 0, shape.range, shape.layout)


def _response_table(rec: Recording, window: Window | None) -> Table:
    ns = np.sort(responses(rec, *(window or (0, None))).length_ns)
    n = len(ns)
    ranks = {f"{q:g} %": min(n, int(-(-n * q // 100))) for q in (50, 90, 95, 99, 99.9, 100) if n}
    rows = tuple((words, float(ns[rank - 1] / 1000)) for words, rank in ranks.items())
    return Table("So many of the responses came within", ("share", "us"), rows, digits=0)


RESPONSES: Final = Plot(_response_styles, _response_drawn, _response_table, "%", {"type": "log"})

# --- what they consist of -----------------------------------------------------------------------------------------

_LOOKS: Final = (
    ("running", ""), ("syscall", "/"), ("waiting", "-"), ("spinning", "\\"), ("locked", "+"), ("syscall", "x"),
    ("no core", "x"), ("scheduling", "."), ("polling", "|"), ("idle", ""),
)  # fmt: skip
_GROUPS: Final = (("all", 0.0), ("slowest 10 %", 0.9), ("slowest 1 %", 0.99))


def _cause_styles(theme: str) -> list[dict[str, Any]]:
    return [bar(name, *look, theme, across=True) for name, look in zip(PARTS, _LOOKS, strict=True)]


def causes(rec: Recording, window: Window | None = None) -> np.ndarray[Any, Any]:
    """Mean time (us) of each part (rows: metrics.responses.PARTS) in all responses, the slowest 10 % and 1 %."""
    found = responses(rec, *(window or (0, None)))
    order = np.argsort(found.length_ns, kind="stable")
    groups = [order[int(len(order) * share) :] for _, share in _GROUPS]
    means = [found.parts[:, g].mean(axis=1) if len(g) else np.zeros(len(PARTS)) for g in groups]
    return np.stack(means, axis=1) / 1000


def _cause_drawn(rec: Recording, window: Window | None) -> Drawn:
    us = causes(rec, window)
    names = [name for name, _ in _GROUPS]
    least = max(0.05, 0.01 * float(us.sum(axis=0).max()))  # what cannot be seen has no place in the legend
    traces = [{"x": np.round(row, 1).tolist(), "y": names, "showlegend": bool(row.max() >= least),
               "hovertemplate": f"%{{y}}: %{{x:,.1f}} us {part}<extra></extra>"}
              for part, row in zip(PARTS, us, strict=True)]  # fmt: skip
    whole = us.sum(axis=0)
    layout = {"barmode": "stack", "yaxis": {"autorange": "reversed", "type": "category"}}
    top = int(us[:, -1].argmax())
    most = f"{percent(int(us[top, -1]), int(whole[-1]))} of it {PARTS[top]}"
    title = f"The slowest 1 % took {duration(whole[-1] * 1000)} on average, {most}" if whole[-1] else _NONE
    note = "mean of each group; what a request waits for is what its P did meanwhile"
    return Drawn(title, note, traces, "time (us)", 0, (0.0, max(1.0, float(whole.max()) * 1.05)), layout)


def _cause_table(rec: Recording, window: Window | None) -> Table:
    us = causes(rec, window)
    rows: list[tuple[str | int | float, ...]] = [
        (part, *map(float, row)) for part, row in zip(PARTS, us, strict=True) if row.max() > 0
    ]
    rows.append(("all of it", *map(float, us.sum(axis=0))))
    heads = ("us of a response spent on", *(name for name, _ in _GROUPS))
    return Table("What responses consist of, on average", heads, tuple(rows))


CAUSES: Final = Plot(_cause_styles, _cause_drawn, _cause_table, "")

# --- the error budget ---------------------------------------------------------------------------------------------


def _budget_styles(theme: str) -> list[dict[str, Any]]:
    used, limit = ({"color": LINES[n].colour(theme), "width": 2, "dash": LINES[n].dash} for n in (0, 3))
    late = {"symbol": "x", "size": 7, "color": page(theme).ink}
    return [
        {"type": "scatter", "mode": "lines", "name": "used of the budget", "line": used | {"shape": "hv"}},
        {"type": "scatter", "mode": "lines", "name": "all of it", "line": limit, "hoverinfo": "skip"},
        {"type": "scatter", "mode": "markers", "name": "a late response", "marker": late, "cliponaxis": False},
    ]


def _budget_drawn(rec: Recording, window: Window | None) -> Drawn:
    found, slo = responses(rec, *(window or (0, None))), _slo_us(rec)
    late = found.length_ns > slo * 1000
    t = found.end_ns[late]
    used = 100 * np.arange(1, len(t) + 1) / max(1e-9, len(found) / 100)
    ends = np.array(window or (0, rec.end_ns))
    x = in_unit(rec, window, np.concatenate((ends[:1], t, ends[1:])))
    step = max(1, len(t) // _POINTS)
    traces: list[dict[str, Any]] = [
        {"x": x, "y": [0.0, *used.tolist(), float(used[-1]) if len(used) else 0.0],
         "hovertemplate": "%{y:.0f} % of the budget used"},
        {"x": in_unit(rec, window, ends), "y": [100, 100]},
        {"x": in_unit(rec, window, t[::step]), "y": [0.0] * len(t[::step]),
         "text": [f"took {duration(ns)}" for ns in found.length_ns[late][::step].tolist()],
         "hovertemplate": "%{text}<extra></extra>"},
    ]  # fmt: skip
    if not len(found) or not slo:
        return over_time(rec, window, _NONE if slo else "The program has no SLO", "", traces)
    said = f"{_share(len(t), len(found))} of {count(len(found), 'response')} took longer than {duration(slo * 1000)}"
    gone = np.flatnonzero(used >= 100)
    spent = f"{used[-1]:.0f} % of the budget is used" if len(t) else "nothing of the budget is used"
    when = f"the budget is used up after {duration(int(t[gone[0]]))}" if len(gone) else spent
    note = "the budget: 1 % of the responses of the run may come late"
    return over_time(rec, window, f"{said}; {when}", note, traces)


def _budget_table(rec: Recording, window: Window | None) -> Table:
    found, slo = responses(rec, *(window or (0, None))), _slo_us(rec)
    late = int((found.length_ns > slo * 1000).sum()) if slo else 0
    rows = (
        ("responses", len(found)), ("allowed to come late (1 %)", round(len(found) / 100, 1)), ("came late", late),
        ("used of the budget (%)", round(100 * late / (len(found) / 100), 1) if len(found) else 0.0),
    )  # fmt: skip
    return Table(f"SLO: 99 % of the responses within {duration(slo * 1000)}", ("what", "number"), rows)


BUDGET: Final = Plot(_budget_styles, _budget_drawn, _budget_table, "% of the budget", y_axis={"rangemode": "tozero"})
