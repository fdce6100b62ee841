"""What a check can ask of an answer.  Each question of this kind runs the answer's cell in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gmp_lab.config import Config
from gmp_lab.exam.sandbox import Budget, Given, Said, ask, calls_of, run_of, value_of
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.transcript import operations, read_transcript


class Unanswered(Exception):
    """The answer did not give what it was asked for; the message is one sentence for the student."""


class Answer:
    """A student's cell, as source text, within a budget.

    What it gives is plain values; Unanswered, with a sentence for the student, where it gives none.  ``output`` is
    what it has printed, in short; ``did``, after ``recording``, what each goroutine did (``transcript.operations``).
    """

    def __init__(self, source: str, budget: Budget | None = None) -> None:
        self.source = source
        self.output = ""
        self.did: list[list[list[Any]]] = []
        self._budget = budget or Budget()
        self._values: dict[str, Given] = {}

    def _ask(self, asks: list[dict[str, Any]]) -> Said:
        said = ask(self.source, asks, self._budget)
        self.output = self.output or said.output
        if said.problem:
            raise Unanswered(f"Your cell could not be judged: {said.problem}.")
        return said

    def value(self, name: str, *others: str) -> Any:
        """The value of a name that the cell defines; others that will be asked for come in the same run."""
        if name not in self._values:
            names = [name, *others]
            for one, given in zip(names, self._ask([value_of(n) for n in names]).given, strict=True):
                assert isinstance(given, Given)
                self._values[one] = given
        given = self._values[name]
        if given.problem:
            raise Unanswered(f"{name}: {given.problem}.")
        return given.value

    def typed(self, name: str, *kinds: type) -> Any:
        """The value of a name if it is exactly of one of these types, as ``form`` promises; Unanswered else."""
        value = self.value(name)
        if type(value) not in kinds:
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise Unanswered(f"{name} is of type {type(value).__name__}, not {wanted}.")
        return value

    def calls(self, name: str, arguments: Sequence[Sequence[Any]]) -> tuple[Given, ...]:
        """What a function gives for each of these argument lists, and what it makes of them."""
        (given,) = self._ask([calls_of(name, arguments)]).given
        if isinstance(given, Given):
            raise Unanswered(f"{name}: {given.problem}.")
        return given

    def recording(self, name: str, config: Mapping[str, Any], *arguments: Any) -> Recording:
        """The run of a program whose main goroutine has the body of this name.

        It is simulated here: of the answer's process only what its goroutines did is taken, operation by operation,
        and not what became of it, for an answer can change the simulator that it finds there.
        """
        (given,) = self._ask([run_of(name, config, *arguments)]).given
        if not isinstance(given, Given) or given.problem:
            raise Unanswered(f"{name} could not be simulated: {given.problem if isinstance(given, Given) else ''}.")
        made = Config(**config)
        try:
            self.did = operations(given.value)
            return simulate(made, read_transcript(given.value))
        except _IMPOSSIBLE as problem:
            raise Unanswered(f"{name} did not give a program that can be simulated.") from problem


# What reading and simulating a transcript can raise that no program of goroutines has given; ConfigError and Throw
# are among them.
_IMPOSSIBLE: Final = (
    ValueError, TypeError, LookupError, AttributeError, AssertionError, RuntimeError, ArithmeticError,
)  # fmt: skip
