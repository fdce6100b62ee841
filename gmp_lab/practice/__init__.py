"""Practice for the exam: questions of its kinds, without end, with another seed each time.

Drill             a question with a seed: its text, an answer's verdict, the solution after success or three tries
drills(notebook)  what there is for a notebook: ``drills("02-3")``
"""

from gmp_lab.practice.drill import TRIES, Drill, drills

__all__ = ["TRIES", "Drill", "drills"]
