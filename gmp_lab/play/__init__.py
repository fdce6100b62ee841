"""Play the scheduler: decide what it does next, and be told which rule says so.

situation(seed, level, kinds)   a run and six decisions of it; levels "basic", "several", "full"
KINDS                           what can be asked at each level
Game(seed, level, mode, kinds)  asks, checks each answer against what the mirror did, counts, undoes
to_json, from_json              a game as a transcript, and back
grade(transcript)               the score of a transcript, worked out anew
questions(rec, kinds)           every decision of any run of the mirror, as questions
RULES                           the rules, each with the function of the runtime where it is read
"""

from gmp_lab.play.game import MODES, Game, Score, Verdict
from gmp_lab.play.options import Option, Question
from gmp_lab.play.questions import questions
from gmp_lab.play.rules import RULES, Rule
from gmp_lab.play.situations import KINDS, LENGTH, LEVELS, Situation, situation
from gmp_lab.play.transcript import from_json, grade, to_json

__all__ = [
    "KINDS", "LENGTH", "LEVELS", "MODES", "RULES", "Game", "Option", "Question", "Rule", "Score", "Situation",
    "Verdict", "from_json", "grade", "questions", "situation", "to_json",
]  # fmt: skip
