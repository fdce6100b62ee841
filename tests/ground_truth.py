"""The recorded ground truth: what real Go did, by experiment.

``data/ground_truth.json`` holds the points that this project checks, copied from the recorded results; where the
whole set of results stands beside the project, a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
GO = "go1.27.3"


def points(experiment: str) -> list[dict[str, Any]]:
    """The points of one experiment, e.g. "e1"."""
    data = json.loads((HERE / "data" / "ground_truth.json").read_text(encoding="utf-8"))
    return [p for p in data["points"] if p["experiment"] == experiment]


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


def within(value: float, band: list[float]) -> bool:
    """Whether a statistic lies in its accepted band."""
    return band[0] <= value <= band[1]
