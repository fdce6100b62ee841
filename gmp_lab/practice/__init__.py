"""Practice for the exam: questions of its kinds, without end, with another seed each time.

Drill             a question with a seed: its text, an answer's verdict, the solution after success or three tries
drills(notebook)  what there is for a notebook: ``drills("02-3")``
NOTEBOOKS         the notebooks with something to practise

The questions lie in modules by chapter; none of them is one of the exam's, which only instructors have.
"""

from gmp_lab.practice.drill import NOTEBOOKS, TRIES, Drill, drills

__all__ = ["NOTEBOOKS", "TRIES", "Drill", "drills"]
