"""What questions of one kind have in common; students practise with the same kinds, so it lies in the package."""

from gmp_lab.exam.kit import WORDS, Case, assigned, compiled, implement, one_value, play, same, verdict_word, verdicts

__all__ = [
    "WORDS", "Case", "assigned", "compiled", "implement", "one_value", "play", "same", "verdict_word", "verdicts",
]  # fmt: skip
