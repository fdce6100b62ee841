"""Questions to practise with, notebook 05: how many Ps in a container, and how much of a quota a service needs."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any, Final

import numpy as np

from gmp_lab import Config, simulate
from gmp_lab.catalog import service
from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, same
from gmp_lab.exam.model import Mark, Params, Question, Wrong, mark
from gmp_lab.metrics import nearest_rank, responses

# --- how many Ps? ---------------------------------------------------------------------------------------------------


def _container(draw: Random, what: str) -> list[Any]:
    """Go version, cores, quota in us for each 100 ms (None: none), and what the program sets (None: nothing)."""
    cores = draw.randrange(6, 65)
    part = 1000 * (100 * draw.randrange(2, 5) + draw.randrange(10, 90))
    rows: dict[str, list[Any]] = {
        "oldest": ["1.4", cores, None, None], "old": [draw.choice(("1.13", "1.19")), cores, part, None],
        "new": [draw.choice(("1.25", "1.27")), cores, part, None],
        "small": [draw.choice(("1.25", "1.27")), cores, 1000 * draw.randrange(20, 95), None],
        "free": ["1.27", cores, None, None], "set": ["1.27", cores, part, draw.randrange(2, 5)],
    }  # fmt: skip
    return rows[what]


_KINDS: Final = ("oldest", "old", "new", "small", "free", "set")


def _procs(row: list[Any]) -> int:
    version, cores, quota, own = row
    return Config(go=version, cores=cores, quota_us=quota, gomaxprocs=own).gomaxprocs


def _procs_text(p: Params) -> str:
    lines = ["      Go     CPUs   cpu.max        the program sets"]
    for n, (version, cores, quota, own) in enumerate(p["rows"]):
        limit = "max 100000" if quota is None else f"{quota} 100000"
        sets = "nothing" if own is None else f"GOMAXPROCS={own}"
        lines.append(f"{n:4}  {version:5}  {cores:4}   {limit:13}  {sets}")
    table = "\n".join(lines)
    return f"""Five containers on Linux. `cpu.max` gives the CPU time that each may use, in us, and the period, in us.

```text
{table}
```

With how many Ps does each program start? Give a list of five numbers in `procs`."""


def _procs_why(row: list[Any]) -> tuple[str, str]:
    version, _, quota, own = row
    if own is not None:
        return "What the program sets counts, whatever there is and whatever the quota is.", ""
    if version == "1.4":
        return "Up to 1.4 the default was one.", "p-default-cpus"
    if version in {"1.13", "1.19"}:
        return "Up to 1.24 Go counts the CPUs and does not look at the quota.", ""
    if quota is None:
        return "Without a quota it is the number of CPUs.", ""
    least = "at least 2" if quota < 100_000 else "rounded up"
    return f"Since 1.25 the quota divided by its period counts, {least}, if there are more CPUs.", "p-default-cpus"


def _procs_check(p: Params, answer: Answer) -> list[Mark]:
    given = answer.typed("procs", list)
    marks, told = [], False
    for n, row in enumerate(p["rows"]):
        value = given[n] if n < len(given) else None
        reason, believed = _procs_why(row)
        shown = bool(believed) and value == row[1] and not told
        told = told or shown
        right = same(value, _procs(row))
        marks.append(mark(f"program {n}", 1, right, reason, misconception=believed if shown else "", see="05"))
    return marks


PROCS: Final = Question(
    id="practice-05-procs", title="With how many Ps?", kind="compute", points=5, minutes=5, see="05",
    objective="Work out GOMAXPROCS from version, CPUs, quota and what is set",
    draw=lambda draw: {"rows": [_container(draw, what) for what in draw.sample(_KINDS, 5)]}, text=_procs_text,
    starter=lambda p: "procs = []", form="procs: list of int", check=_procs_check,
    reference=lambda p: assigned({"procs": [_procs(row) for row in p["rows"]]}),
    believer=lambda p: assigned({"procs": [row[1] if row[2] is not None else 0 for row in p["rows"]]}),
    wrong=(
        Wrong("the CPUs", lambda p: assigned({"procs": [row[1] for row in p["rows"]]}), 0.4),
        Wrong("rounded down", lambda p: assigned({"procs": [
            _procs(row) if row[2] is None or row[3] else row[2] // 100_000 for row in p["rows"]]}), 0.6),
    ),
)  # fmt: skip

# --- how much quota? ------------------------------------------------------------------------------------------------

_QUOTAS_MS: Final = (40, 60, 80, 120, 160, 240)


@lru_cache(2048)
def _late_ms(quota_ms: int, rate: int, seed: int) -> float:
    """The 99th percentile of the responses of a service under a quota, in ms."""
    config = Config(gomaxprocs=4, cores=8, quota_us=1000 * quota_ms, seed=seed)
    rec = simulate(config, service(hogs=0, arrivals_per_s=rate, service_us=600, ms=150, seed=seed))
    return round(nearest_rank(np.sort(responses(rec).length_ns), 99) / 1e6, 1)


def _quota_draw(draw: Random) -> dict[str, Any]:
    """A service with the smallest quota that holds an SLO; all larger ones hold it too."""
    while True:
        made = {"rate": 100 * draw.randrange(7, 20), "seed": draw.randrange(1, 9999), "slo": draw.choice((8, 12, 20))}
        kept = [_late_ms(quota, made["rate"], made["seed"]) <= made["slo"] for quota in _QUOTAS_MS]
        first = kept.index(True) if any(kept) else 0
        if first > 0 and all(kept[first:]):
            return {**made, "quota": _QUOTAS_MS[first]}


def _quota_check(p: Params, answer: Answer) -> list[Mark]:
    quota = answer.typed("quota_ms", int)
    if quota not in _QUOTAS_MS:
        reason = f"quota_ms must be one of {', '.join(map(str, _QUOTAS_MS))}."
        return [mark("a value of the list", 4, False, reason, see="05")]
    late = _late_ms(quota, p["rate"], p["seed"])
    kept = late <= p["slo"]
    return [
        mark("the SLO holds", 2, kept, f"The 99th percentile is {late:g} ms: when the quota of a period is used up, "
             "all threads stand still until the next one.", see="05"),
        mark("no more than needed", 2, kept and quota <= p["quota"], "A smaller quota holds the SLO, too (or this "
             "one does not hold it).", see="05"),
    ]  # fmt: skip


QUOTA: Final = Question(
    id="practice-05-quota", title="How much quota?", kind="tune", points=4, minutes=7, see="05",
    objective="Choose the smallest CPU quota with which a service keeps its SLO", draw=_quota_draw,
    text=lambda p: f"""A service (Go 1.27, GOMAXPROCS=4, 8 cores) gets {p['rate']} requests a second, each of which
computes for 0.6 ms on average. (In code:
`service(hogs=0, arrivals_per_s={p['rate']}, service_us=600, ms=150, seed={p['seed']})` with
`Config(gomaxprocs=4, cores=8, quota_us=..., seed={p['seed']})`, and `gmp_lab.metrics.responses`.) Its SLO: 99 of
100 responses take at most {p['slo']} ms. How many ms of CPU time does its container need in each period of 100 ms,
at least? Give one of {', '.join(map(str, _QUOTAS_MS))} in `quota_ms`. (On average it uses
{p['rate'] * 6 / 100:g} ms. Is that enough?)""",
    starter=lambda p: "quota_ms = ...", form="quota_ms: int", check=_quota_check,
    reference=lambda p: assigned({"quota_ms": p["quota"]}), believer=lambda p: assigned({"quota_ms": 40}),
    wrong=(
        Wrong("as much as there is", lambda p: assigned({"quota_ms": 240}), 0.5),
        Wrong("one step less", lambda p: assigned({"quota_ms": _QUOTAS_MS[_QUOTAS_MS.index(p["quota"]) - 1]}), 0.0),
    ),
)  # fmt: skip

QUESTIONS: Final = (PROCS, QUOTA)
