"""The first notebook: its prediction and its questions about how to use the course."""

from __future__ import annotations

from gmp_lab.quiz import Question

PS = Question(
    "16 goroutines that only compute, 50 us each. How much faster are 4 Ps than 1 (with enough cores)?",
    (
        ("exactly 4 times", "Nearly: waking the other threads and stealing the first goroutines takes a while."),
        (
            "less than 4 times",
            "Threads must be woken, one after the other, and goroutines stolen, before all Ps are busy.",
        ),
        ("not at all: goroutines are not threads", "Each P has a thread of its own while it runs Go code."),
    ),
    1,
)
SAME = Question(
    "You run the same simulation twice, with the same seed. What differs?",
    (
        ("the order of some goroutines", "No: a run is a pure function of its configuration and its program."),
        ("nothing", "Equal inputs give equal Recordings, byte for byte, on every machine."),
        ("only the times", "Time is simulated too, in whole nanoseconds."),
    ),
    1,
)
EXAM = (
    Question(
        "What does the simulator promise about real Go?",
        (
            ("the same times in nanoseconds", "Times depend on the machine; compare ratios and orders."),
            (
                "the same decisions: who runs next, who steals what, who is preempted when",
                "Its functions follow the runtime's, name by name, and are tested against real Go.",
            ),
            ("nothing, it is a toy", "Its orders are compared with a real Go toolchain in every test run."),
        ),
        1,
    ),
    Question(
        "Where do you read how findRunnable decides?",
        (
            ("in gmp_lab/runtime/schedule.py, beside runtime/proc.go", "Same names, same order of steps."),
            ("nowhere: it is hidden", "The whole model is open, a few hundred lines a module."),
            ("in the operating system's scheduler", "That one schedules threads (Ms), not goroutines."),
        ),
        0,
    ),
    Question(
        "GOMAXPROCS is the number of ...",
        (
            ("threads", "Threads can be more: each blocked system call keeps one."),
            ("Ps: how many goroutines may run Go code at the same time", "There are exactly that many Ps."),
            ("goroutines", "There may be millions of those."),
        ),
        1,
        "1-05",
    ),
    Question(
        "A panel shows a sentence instead of a new figure. What happened?",
        (
            ("the kernel crashed", "Then the panel would not answer at all."),
            ("a value was impossible; the last good figure stays", "The sentence names the value and its range."),
            ("the run took too long", "Every combination that the controls allow is quick."),
        ),
        1,
    ),
)
