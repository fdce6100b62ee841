"""Parts of the texts of questions: an example call with the seed's numbers, and answers to choose from."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from gmp_lab.exam.kit import Case, compiled
from gmp_lab.exam.model import Params

LETTERS: Final = "abcdefgh"


def with_example(make: Callable[[Random, Params], Sequence[Case]]) -> Callable[[Random], dict[str, Any]]:
    """A draw of parameters that holds the first of these cases as an example."""
    return lambda draw: {"example": make(draw, {})[0]}


def example(p: Params, source: str, name: str) -> str:
    """The sentence: what a call of the function gives."""
    given = ", ".join(map(repr, p["example"]))
    result = compiled(source, name)(*copy.deepcopy(p["example"]))
    return f"For example, `{name}({given})` gives `{result}`."


def shuffled(draw: Random, words: Sequence[str]) -> list[str]:
    """These words in another order: for a question whose right answer is always the same one of them."""
    return draw.sample(words, len(words))


def offered(words: Sequence[str] | Mapping[str, str]) -> str:
    """A list to choose from, each with its letter."""
    rows = words.items() if isinstance(words, Mapping) else zip(LETTERS, words, strict=False)
    return "\n".join(f"* **{letter}** {one}" for letter, one in rows)


def letter_of(words: Sequence[str], one: str) -> str:
    """The letter with which ``offered`` shows one of these words."""
    return LETTERS[list(words).index(one)]
