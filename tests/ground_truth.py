"""The recorded ground truth: what real Go did, by experiment.

``data/ground_truth.json`` holds the points that this project checks, copied unchanged from the whole set of results:
the arguments, the environment, what each version of Go did, and for statistics the band ``accept``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
GO = "go1.27.3"


@cache
def _all_points() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((HERE / "data" / "ground_truth.json").read_text(encoding="utf-8"))["points"])


def points(experiment: str) -> list[dict[str, Any]]:
    """The points of one experiment, e.g. "e1"."""
    return [p for p in _all_points() if p["experiment"] == experiment]


def decode(order: str) -> list[int]:
    """Numbers of a compact order such as "9 0-3": [9, 0, 1, 2, 3]."""
    numbers: list[int] = []
    for part in order.split():
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def orders(point: dict[str, Any], go: str = GO, field: str = "order") -> list[list[int]]:
    """Every order that was seen at a point, the most frequent first."""
    seen = point["measured"][go][field]
    return [decode(seen["value"])] + [decode(value) for value, _ in seen.get("other_values", [])]


def nearest_go(version: str) -> str:
    """The recorded Go to compare a toolchain with: the newest that is not newer, e.g. "1.25.5" -> "go1.23.9"."""
    wanted = tuple(map(int, version.split(".")[:2]))
    known = {(1, 27): "go1.27.3", (1, 23): "go1.23.9", (1, 19): "go1.19.8"}
    return next((go for minor, go in known.items() if minor <= wanted), "go1.19.8")


def within(value: float, band: list[float]) -> bool:
    """Whether a statistic lies in its accepted band."""
    return band[0] <= value <= band[1]


def out_of_band(values: dict[str, float], bands: dict[str, list[float]]) -> list[str]:
    """The statistics that are out of their bands, in words; those without a band are not looked at."""
    return [
        f"{name} = {values[name]:.4g} not in {band}"
        for name, band in bands.items()
        if name in values and not within(values[name], band)
    ]
