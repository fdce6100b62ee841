"""Questions to practise with, for notebooks 03-1 to 05."""

from __future__ import annotations

from typing import Final

from gmp_lab.exam.model import Question

QUESTIONS: Final[tuple[Question, ...]] = ()
