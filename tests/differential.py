"""Random programs on real Go and in the model: are their marks in the same order, do they end in the same way?

Many programs are built into one executable; each is then run in a process of its own, as the first schedule of a
process depends on how it began.  About one real run in ten is disturbed (a preemption, a P lost at start-up), so a
program counts as different only if none of some tries agrees with the simulation.

``python tests/differential.py --programs 5000 --seed 7`` runs more of them by hand and prints each one that differs,
made as small as it can be, in both languages.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
from programs_random import LONG, Plan, Statement, go_source, plans, python_source

import gmp_lab
from gmp_lab import Config, Program, golang, simulate

TRIES = 5  # of a real run
SECONDS = 20  # for one process
BATCH = 400  # programs in one executable
DEADLOCK = "fatal error: all goroutines are asleep - deadlock!"


class Outcome(NamedTuple):
    """The marks in their order, and how the program ended: "exit", or Go's words."""

    marks: tuple[int, ...]
    ended: str


class Difference(NamedTuple):
    """A program, what the model says, and what real Go said in each try."""

    plan: Plan
    simulated: Outcome
    real: tuple[Outcome, ...]

    def __str__(self) -> str:
        tries = "\n".join(f"real Go     {told.ended}: {list(told.marks)}" for told in dict.fromkeys(self.real))
        told = f"simulated   {self.simulated.ended}: {list(self.simulated.marks)}"
        return f"{go_source([self.plan])}\n{python_source(self.plan)}\n{tries}\n{told}\n"


def simulated(plan: Plan) -> Outcome:
    """Run the plan's Python source in the model."""
    names: dict[str, Any] = {name: getattr(gmp_lab, name) for name in gmp_lab.__all__}
    exec(python_source(plan), names)  # noqa: S102  # the text that is printed is the one that runs
    rec = simulate(Config(gomaxprocs=1, startup="real"), Program(names["main"]))
    ended = DEADLOCK if rec.ended == "deadlock" else rec.ended
    return Outcome(tuple(value for _, _, value in rec.logs()), ended)


def real(program: Path, number: int) -> Outcome:
    """Run one program of an executable: its marks and its last words are what it writes to stderr, here a file."""
    env = os.environ | {"GOMAXPROCS": "1", "GOGC": "off", "GODEBUG": "", "GOTRACEBACK": "none"}
    with tempfile.TemporaryFile() as told:
        done = subprocess.run(
            [str(program), str(number)], env=env, stderr=told, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False
        )
        told.seek(0)
        lines = told.read().decode("utf-8", "replace").splitlines()
    marks: list[int] = []
    for line in lines:
        if not line.lstrip("-").isdigit():
            break
        marks.append(int(line))
    words = [line for line in lines[len(marks) :] if line.startswith(("panic: ", "fatal error: "))]
    return Outcome(tuple(marks), words[0] if words else "exit" if done.returncode == 0 else f"code {done.returncode}")


def differences(plans: list[Plan], toolchain: golang.Toolchain, keep: bool = True) -> Iterator[Difference]:
    """Those of the plans on which model and real Go differ; the executable is kept for the next time if keep is set."""
    program = golang.build(go_source(plans), toolchain)
    try:
        for number, plan in enumerate(plans):
            wanted, seen = simulated(plan), []
            while wanted not in seen and len(seen) < TRIES:
                seen.append(real(program, number))
            if wanted not in seen:
                yield Difference(plan, wanted, tuple(seen))
    finally:
        if not keep:
            program.unlink()


def drawn(wanted: int, seed: int | None = None) -> list[Plan]:
    """Let hypothesis draw this many different plans (with a seed: always the same ones)."""
    found: dict[Plan, None] = {}

    @hypothesis.settings(
        max_examples=4 * wanted, phases=[hypothesis.Phase.generate], database=None, deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(plans())
    def collect(plan: Plan) -> None:
        if len(found) < wanted:
            found[plan] = None

    (collect if seed is None else hypothesis.seed(seed)(collect))()
    return list(found)


# --- making a program that differs small -----------------------------------------------------------------------------


def size(plan: Plan) -> tuple[int, int, int]:
    """What is to become small: statements, turns and other numbers, capacities."""

    def count(body: tuple[Statement, ...]) -> tuple[int, int]:
        inner = [count(statement[3]) for statement in body]
        return len(body) + sum(n for n, _ in inner), sum(s[2] for s in body) + sum(k for _, k in inner)

    return *count(plan.body), sum(plan.chans)


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
        for smaller in smaller_bodies(inner):
            yield (*before, (kind, a, k, smaller), *after)


def smaller(plan: Plan) -> list[Plan]:
    """Every plan that is one step smaller, the smallest first."""
    found = [Plan(plan.chans, body) for body in smaller_bodies(plan.body)]
    for at, capacity in enumerate(plan.chans):
        if capacity > 0:
            found.append(Plan((*plan.chans[:at], capacity - 1, *plan.chans[at + 1 :]), plan.body))
    return sorted(dict.fromkeys(found), key=size)


def shrunk(difference: Difference, toolchain: golang.Toolchain, say: Callable[[str], None] = lambda _: None) -> Difference:
    """The smallest program that differs and that is reached by single steps; all steps of a round are built at once."""
    for _ in range(60):
        steps = smaller(difference.plan)[:BATCH]
        better = next(differences(steps, toolchain, keep=False), None) if steps else None
        if better is None:
            break
        difference = better
        say(f"    {size(difference.plan)}")
    return difference


def main() -> int:
    """Run programs by hand; the exit code is the number of those that differ, at most 100."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--programs", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=3, help="how many of them to make small and print")
    given = options.parse_args()
    toolchain = golang.require_toolchain()
    every = drawn(given.programs, given.seed)
    found: list[Difference] = []
    ends: dict[str, int] = {}
    for first in range(0, len(every), BATCH):
        batch = every[first : first + BATCH]
        for plan in batch:
            ended = simulated(plan).ended
            ends[ended] = ends.get(ended, 0) + 1
        found += differences(batch, toolchain, keep=False)
        print(f"{first + len(batch)} programs, {len(found)} differ")  # noqa: T201  # a command
    for ended, times in sorted(ends.items()):
        print(f"{times:6} {ended}")  # noqa: T201
    for difference in sorted(found, key=lambda one: size(one.plan))[: given.show]:
        print(shrunk(difference, toolchain))  # noqa: T201
    return min(len(found), 100)


if __name__ == "__main__":
    sys.exit(main())
