"""What questions of one kind have in common: values to be found, functions to be written."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from gmp_lab.exam import Answer, Budget, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.exam.sandbox import Given

Case = list[Any]
LETTERS: Final = "abcdefghijkl"  # of options and observations


def same(a: Any, b: Any) -> bool:
    """Equal and of the same types, all the way down: True is not 1, and a tuple no list."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(k in b and same(v, b[k]) for k, v in a.items())
    return bool(a == b)


# --- values ---------------------------------------------------------------------------------------------------------


def one_value(  # a mark's fields and what is compared
    answer: Answer, name: str, truth: Any, of: float, reason: str, *, near: Mapping[Any, float] | None = None,
    believed: Mapping[Any, str] | None = None, what: str = "", misconception: str = "", see: str = "",
) -> Mark:  # fmt: skip
    """A mark for a value that must be equal, type and all.

    ``near``: shares for values that are nearly right; ``believed``: the misconception (its id) that a value shows,
    ``misconception``: the one that any wrong value shows.
    """
    given = answer.value(name)
    share = 1.0 if same(given, truth) else 0.0
    plain = isinstance(given, (int, str)) and not isinstance(given, bool)
    if not share and near and plain:
        share = near.get(given, 0.0)
    shown = (believed or {}).get(given, misconception) if plain else misconception
    return mark(what or name, of, share, reason, misconception=shown, see=see)


def assigned(values: Mapping[str, Any]) -> str:
    """The source that assigns these values to their names."""
    return "\n".join(f"{name} = {value!r}" for name, value in values.items())


# --- functions to be written ----------------------------------------------------------------------------------------


def compiled(source: str, name: str) -> Callable[..., Any]:
    """The function of this name that a source of ours defines."""
    names: dict[str, Any] = {}
    exec(textwrap.dedent(source), names)  # the bank's own text
    found: Callable[..., Any] = names[name]
    return found


def implement(  # all that makes a question of this kind
    *, id: str, title: str, points: float, minutes: int, objective: str, see: str, text: Callable[[Params], str],
    name: str, arguments: str, reference: str, believer: str,
    cases: Mapping[str, tuple[float, str, Callable[[Random, Params], Sequence[Case]]]],
    draw: Callable[[Random], dict[str, Any]] = lambda draw: {}, right: Sequence[str] = (),
    wrong: Mapping[str, str] | None = None, partial: Sequence[tuple[str, float]] = (), at_most: float = 0.99,
    misconceptions: Mapping[str, str | tuple[str, str]] | None = None, claims: tuple[str, ...] = (),
) -> Question:  # fmt: skip
    """A question that asks for a function, which is compared with the reference on cases that are drawn at grading.

    ``cases``: for each group (a property, as the student reads it) its points, the reason if a case of it fails, and
    what makes argument lists.  A group's points are given if all of its cases are right.  ``name`` and ``arguments``
    are those of the runtime.  Every source is a text that defines the function.  ``misconceptions``: by group, the id
    of the one that a failure shows, or (id, source): only if an answer gives what this source gives.
    """
    truth = compiled(reference, name)
    beliefs = _beliefs(misconceptions or {}, name)

    def check(p: Params, answer: Answer) -> list[Mark]:
        made = {group: list(make(Random(f"{id} {group} {p['salt']}"), p)) for group, (_, _, make) in cases.items()}
        flat = [case for some in made.values() for case in some]
        given = iter(answer.calls(name, flat))
        marks = []
        for group, (of, reason, _) in cases.items():
            results = [next(given) for _ in made[group]]
            pairs = list(zip(results, made[group], strict=True))
            wrong_ones = [(one, case) for one, case in pairs if not _right(one, truth, case)]
            said = f"{reason}{_example(wrong_ones, truth)}"
            belief, source = beliefs.get(group, ("", None))
            shown = source is None or any(_right(one, source, case) for one, case in wrong_ones)
            shown = shown and said == reason  # an error, or a result of another type, shows no belief
            marks.append(mark(group, of, not wrong_ones, said, misconception=belief if shown else "", see=see))
        return marks

    return Question(
        id=id, title=title, kind="implement", points=points, minutes=minutes, objective=objective, see=see,
        draw=lambda draw_: {"salt": draw_.randrange(1 << 30), **draw(draw_)}, text=text, budget=Budget(5.0),
        starter=lambda p: f"def {name}({arguments}):\n    ...", form=f"{name}: function({arguments})", check=check,
        reference=_always(reference), believer=_always(believer), right=tuple(map(_always, right)),
        wrong=tuple(Wrong(n, _always(source), at_most) for n, source in (wrong or {}).items()),
        partial=tuple((_always(source), share) for source, share in partial), claims=claims,
    )  # fmt: skip


def _beliefs(
    misconceptions: Mapping[str, str | tuple[str, str]], name: str
) -> dict[str, tuple[str, Callable[..., Any] | None]]:
    """For each group the misconception, and the function that somebody writes who has it (None: any wrong one)."""
    found: dict[str, tuple[str, Callable[..., Any] | None]] = {}
    for group, told in misconceptions.items():
        found[group] = (told, None) if isinstance(told, str) else (told[0], compiled(told[1], name))
    return found


def _always(source: str) -> Callable[[Params], str]:
    """This source, whatever the parameters are."""
    text = textwrap.dedent(source).strip()
    return lambda p: text


def _right(given: Given, truth: Callable[..., Any], case: Case) -> bool:
    return not given.problem and same(given.value, truth(*copy.deepcopy(case)))


def _example(bad: Sequence[tuple[Given, Case]], truth: Callable[..., Any]) -> str:
    """What failing calls say of themselves: an error, or a result of another type; never the hidden arguments."""
    errors = [one.problem for one, _ in bad if one.problem]
    if errors:
        return f" (A call failed: {errors[0]}.)"
    kinds = {(type(one.value), type(truth(*copy.deepcopy(case)))) for one, case in bad}
    told = [(given, asked) for given, asked in kinds if given is not asked and asked in (bool, dict, list, tuple)]
    if len(kinds) > 1 or not told:
        return ""
    return f" (Your function returns {_article(told[0][0])}; {_article(told[0][1])} is asked for.)"


def _article(kind: type) -> str:
    return "None" if kind is type(None) else f"an {kind.__name__}" if kind is int else f"a {kind.__name__}"
