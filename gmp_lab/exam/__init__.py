"""The exam: questions with a variant for each student, judged in a process of their own, and a class of them graded.

Question, Mark   a question of an assignment, and what an answer gets for each thing that it is asked
Answer           what a check asks of an answer (``sandbox`` runs it)
judge            an answer's marks, whatever the answer does
variant_key      what makes a student's variant, from the course's secret
form             what the students' notebooks call: whether an answer has the form that is asked for

The questions themselves, their checks and their solutions are the instructor's: they lie in ``exercises/bank`` and
are no part of the package that students have.  ``course`` releases, collects, grades and reports, on nbgrader.
"""

from gmp_lab.exam.answer import Answer
from gmp_lab.exam.form import check_form
from gmp_lab.exam.judge import Verdict, judge
from gmp_lab.exam.model import Mark, Question, Wrong, mark
from gmp_lab.exam.sandbox import Budget
from gmp_lab.exam.variants import params_of, variant_key

__all__ = [
    "Answer", "Budget", "Mark", "Question", "Verdict", "Wrong", "check_form", "judge", "mark", "params_of",
    "variant_key",
]  # fmt: skip
