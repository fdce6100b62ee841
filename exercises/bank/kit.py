"""What questions of one kind have in common; students practise with the same kinds, so it lies in the package."""

from gmp_lab.exam.kit import Case, assigned, compiled, implement, one_value, same
from gmp_lab.exam.kit_claims import WORDS, verdict_word, verdicts
from gmp_lab.exam.kit_play import play

__all__ = [
    "WORDS", "Case", "assigned", "compiled", "implement", "one_value", "play", "same", "verdict_word", "verdicts",
]  # fmt: skip
