"""Twenty-five corrections of the article, each with a demonstration that can be run and changed.

    from gmp_lab.corrections import correction, corrections

    corrections()                          # the list, for the evening before the exam
    show = correction("oldest-first")      # one: two runs that differ in one setting, and what they show
    show.run(gomaxprocs=4, tasks=200)      # the same with other settings
    print(show.code())                     # the same in a few lines of Python

    model      what is said, from data/corrections.json
    demo       two runs, a number of each, and what must hold: of the corrected rule, and of the article's
    demos_*    the demonstrations; programs and measures have what the catalogue and the metrics do not
    show       a correction, and the list, as HTML and text
"""

from gmp_lab.corrections.show import Correction, Corrections, correction, corrections

__all__ = ["Correction", "Corrections", "correction", "corrections"]
