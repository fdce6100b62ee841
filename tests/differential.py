"""Random programs on real Go and in the model: are their marks in the same order, do they end in the same way?

Many programs are built into one executable; each is then run in a process of its own, as the first schedule of a
process depends on how it began.  That beginning is the same in every process (P0 has used 4 of its 61 ticks, two of
the runtime's goroutines are runnable), so orders are compared exactly.  A real run can be disturbed (a preemption, a
P lost at start-up: the machine has other work), so a program differs only if none of some tries agrees.

``make differential N=5000 SEED=7`` runs more of them by hand and prints some of those that differ, made as small as
they can be, in both languages.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from programs_random import LONG, drawn
from programs_text import Plan, Statement, go_source, python_source, statements

import gmp_lab
from gmp_lab import Config, Program, golang, simulate

TRIES = 10  # of a real run
SECONDS = 5  # for one process
BATCH = 400  # programs in one executable
LONGEST_NS = 4_000_000  # simulated; far below a time slice, which would end at another place in each run
MOST_MARKS = 1_500  # for the same reason: to write one takes about a microsecond
MOST_LOCKED = 150  # with locks: who waits for 1 ms of real time would make a Mutex starving
DEADLOCK = "fatal error: all goroutines are asleep - deadlock!"
RANDOM = {"eitherrecv", "eithersend"}  # statements that can take one of two ways at random
IMPORTS = {"1.23": '\t_ "net"\n'}  # the model's start-up of 1.23 is that of a program which imports net


class Outcome(NamedTuple):
    """The marks in their order, and how the program ended: "exit", or Go's words."""

    marks: tuple[int, ...]
    ended: str


class Trial(NamedTuple):
    """A program, what the model says, and what real Go said in each try: the last one agrees, or none does."""

    plan: Plan
    simulated: Outcome
    real: tuple[Outcome, ...]

    @property
    def differs(self) -> bool:
        """Whether no try agrees with the model."""
        return self.simulated not in self.real

    def __str__(self) -> str:
        told = {"simulated": self.simulated}
        told |= {f"real Go {n}": outcome for n, outcome in enumerate(dict.fromkeys(self.real), 1)}
        beside = zip(*(outcome.marks for outcome in told.values()), strict=False)
        same = sum(1 for _ in takewhile(lambda marks: len(set(marks)) == 1, beside))
        begin = max(0, same - 20)
        dots = "... " if begin else ""
        ends = "\n".join(f"{name:12}{o.ended}: {dots}{list(o.marks[begin : same + 20])}" for name, o in told.items())
        return f"{go_source([self.plan])}\n{python_source(self.plan)}\n{same} marks are the same\n{ends}\n"


Compare = Callable[[list[Plan]], Iterable[Trial]]


def simulated(plan: Plan, seed: int = 1, go: str = "1.27") -> Outcome:
    """Run the plan's Python source in the model; a program that would take long ends as "until"."""
    names: dict[str, Any] = {name: getattr(gmp_lab, name) for name in gmp_lab.__all__}
    exec(python_source(plan), names)  # the text that is printed is the one that runs
    config = Config(gomaxprocs=1, startup="real", seed=seed, go=go, until_ns=LONGEST_NS, max_events=20_000)
    rec = simulate(config, Program(names["main"]))
    ended = DEADLOCK if rec.ended == "deadlock" else rec.ended
    return Outcome(tuple(value for _, _, value in rec.logs()), ended)


def fit(plan: Plan) -> bool:
    """Whether the program is over soon and its outcome does not depend on chance (a select of two cases may)."""
    first = simulated(plan)
    kinds = {kind for kind, *_ in statements(plan.body)}
    most = MOST_LOCKED if "lock" in kinds else MOST_MARKS
    if first.ended in ("until", "events") or len(first.marks) > most:
        return False
    return not kinds & RANDOM or all(simulated(plan, seed) == first for seed in range(2, 12))


def real(program: Path, number: int) -> Outcome:
    """Run one program of an executable: its marks and its last words are what it writes to stderr, here a file."""
    env = os.environ | {"GOMAXPROCS": "1", "GOGC": "off", "GODEBUG": "", "GOTRACEBACK": "none"}
    with tempfile.TemporaryFile() as told:
        try:
            command = [str(program), str(number)]
            code = subprocess.run(command, env=env, stderr=told, timeout=SECONDS, check=False).returncode
        except subprocess.TimeoutExpired:
            code = -1  # it did not end, and was killed
        told.seek(0)
        lines = told.read(1_000_000).decode("utf-8", "replace").splitlines()
    marks: list[int] = []
    for line in lines:
        if not line.lstrip("-").isdigit():
            break
        marks.append(int(line))
    words = [line for line in lines[len(marks) :] if line.startswith(("panic: ", "fatal error: "))]
    return Outcome(tuple(marks), words[0] if words else f"code {code}" if code else "exit")


def trials(plans: list[Plan], toolchain: golang.Toolchain, keep: bool = False) -> Iterator[Trial]:
    """Run all plans in both worlds; the executable is kept for the next time if keep is set.

    The model follows the toolchain's version; ConfigError if it has no row for it.
    """
    for first in range(0, len(plans), BATCH):
        batch = plans[first : first + BATCH]
        program = golang.build(go_source(batch, IMPORTS.get(toolchain.minor, "")), toolchain)
        try:
            for number, plan in enumerate(batch):
                wanted, seen = simulated(plan, go=toolchain.minor), [real(program, number)]
                while wanted not in seen and len(seen) < TRIES:
                    seen.append(real(program, number))
                yield Trial(plan, wanted, tuple(seen))
        finally:
            if not keep:
                program.unlink(missing_ok=True)


# --- making a program that differs small ---------------------------------------------------------------------------


def size(plan: Plan) -> tuple[int, int, int]:
    """What is to become small: statements, turns and other numbers, capacities."""
    every = list(statements(plan.body))
    return len(every), sum(k for _, _, k, _ in every), sum(plan.chans)


def smaller_bodies(body: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    """Every body with one thing less: statements, a frame around statements, a part of a number."""
    half = len(body) // 2
    if half > 1:
        yield body[half:]
        yield body[:half]
    for at, (kind, a, k, inner) in enumerate(body):
        before, after = body[:at], body[at + 1 :]
        yield before + after
        if inner:
            yield (*before, *inner, *after)
        for less in {1, k // 2, LONG if k > LONG else k, k - 1}:
            if 0 < less < k:
                yield (*before, (kind, a, less, inner), *after)
        for fewer in smaller_bodies(inner):
            yield (*before, (kind, a, k, fewer), *after)


def smaller(plan: Plan) -> list[Plan]:
    """Every plan that is one step smaller, the smallest first."""
    found = [Plan(plan.chans, body) for body in smaller_bodies(plan.body)]
    for at, capacity in enumerate(plan.chans):
        if capacity > 0:
            found.append(Plan((*plan.chans[:at], capacity - 1, *plan.chans[at + 1 :]), plan.body))
    return sorted(dict.fromkeys(found), key=size)


def shrunk(trial: Trial, compare: Compare, seconds: float = 60) -> Trial:
    """The smallest program that differs and is reached by single steps; all steps of a round are built at once."""
    end = time.monotonic() + seconds
    better: Trial | None = trial
    while better is not None and time.monotonic() < end:
        trial, better = better, None
        for told in compare([plan for plan in smaller(trial.plan)[:BATCH] if fit(plan)]):
            if told.differs:
                better = told
                break
            if time.monotonic() > end:
                break
    return trial if better is None else better


def confirmed(told: list[Trial], compare: Compare) -> list[Trial]:
    """Those that differ once more, when the burst of work that disturbed them may be over; the smallest first."""
    differ = [trial.plan for trial in told if trial.differs]
    return sorted((trial for trial in compare(differ) if trial.differs), key=lambda trial: size(trial.plan))


def report(told: list[Trial]) -> str:
    """How many programs ran, were tried again, differ, and how they ended."""
    again, differ = sum(len(t.real) > 1 for t in told), sum(t.differs for t in told)
    ends = Counter(t.simulated.ended for t in told).most_common()
    lines = [f"{len(told)} programs, {again} tried again, {differ} differ"]
    return "\n".join([*lines, *(f"{times:6} {ended}" for ended, times in ends)])


def main() -> int:
    """Run programs by hand; the exit code is the number of those that differ, at most 100."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--programs", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=3, help="how many of them to make small and print")
    options.add_argument("--go", default="1.27", help="version of Go: of a toolchain from 1.22 on, and of the model")
    given = options.parse_args()
    compare = partial(trials, toolchain=golang.require_toolchain(given.go))
    every: list[Trial] = []
    began = time.monotonic()
    while len(every) < given.programs:
        every += compare(drawn(min(BATCH, given.programs - len(every)), given.seed + len(every), fit))
        print(f"{time.monotonic() - began:5.0f} s: {report(every).splitlines()[0]}", flush=True)
    print(report(every))
    found = confirmed(every, compare)
    for trial in found[: given.show]:
        print(shrunk(trial, compare))
    print(f"{len(found)} differ when tried once more")
    return min(len(found), 100)


if __name__ == "__main__":
    sys.exit(main())
