"""Play the scheduler: decide what it does next, and be told which rule says so.

situation(seed, level)   a run and six decisions of it; levels "basic", "several", "full"
KINDS                    what can be asked at each level
Game(seed, level, mode)  asks, checks each answer against what the mirror did, counts, undoes, shows the model run
grade(transcript)        the score of a transcript, worked out anew
RULES                    the rules, each with the function of the runtime where it is read
"""

from gmp_lab.play.game import KINDS, LEVELS, MODES, Game, Score, Situation, Verdict, grade, situation
from gmp_lab.play.questions import Option, Question, question
from gmp_lab.play.rules import RULES, Rule

__all__ = [
    "KINDS", "LEVELS", "MODES", "RULES", "Game", "Option", "Question", "Rule", "Score", "Situation", "Verdict",
    "grade", "question", "situation",
]  # fmt: skip
