"""What several words of Go's source, or both sides of experiments, come to, in one sentence."""

from __future__ import annotations

from gmp_lab.claims.check import Outcome, all_of
from gmp_lab.claims.runs import Both
from gmp_lab.claims.source import source_lacks


def none_of(*words: str, where: str = "runtime", symbol: str = "") -> Outcome:
    """None of these words stands in the code of a folder, a file, or a declaration (comments left out)."""
    whole = all_of(*(source_lacks(word, where, symbol) for word in words))
    place = f"{symbol} in {where}" if symbol else where
    return Outcome(True, f"the code of {place} has no {', no '.join(words)}") if whole.holds else whole


def shown(order: tuple[int, ...], most: int = 20) -> str:
    """Numbers as text, the first so many."""
    return " ".join(map(str, order[:most])) + " ..." * (len(order) > most)


def agreed(mine: Outcome, *seen: Both) -> Outcome:
    """What a check says of the real side of experiments, in one sentence, if what must hold holds on both sides."""
    both = all_of(*(one.outcome for one in seen))
    return Outcome(mine.holds, f"{mine.said}; the simulation agrees") if both.holds else all_of(both, mine)
