"""What questions of one kind have in common: functions to be written, values to be found, claims, play."""

from __future__ import annotations

import copy
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import combinations
from random import Random
from typing import Any, Final

from gmp_lab.claims import VERDICTS, claims
from gmp_lab.claims.ledger import Claim
from gmp_lab.claims.misconceptions import misconceptions
from gmp_lab.draw import stage_text
from gmp_lab.exam import Answer, Budget, Mark, Question, Wrong, mark
from gmp_lab.exam.model import Params
from gmp_lab.exam.sandbox import Given
from gmp_lab.play import LENGTH, RULES, situation
from gmp_lab.recording import Recording

Case = list[Any]


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


# --- the article's claims -------------------------------------------------------------------------------------------

WORDS: Final = ("true", "imprecise", "changed", "false", "off topic")
_LETTERS: Final = "abcdefghijkl"
_NEAR: Final = ({"imprecise", "false"}, {"imprecise", "changed"}, {"false", "off topic"})


def verdict_word(claim: Claim) -> str:
    """The word that is asked for: "true since" is changed, what nobody can verify is off topic."""
    return {"true since": "changed", "unverifiable": "off topic"}.get(claim.verdict, claim.verdict)


@cache
def _known(section: str) -> dict[str, Claim]:
    return {claim.id: claim for claim in claims(section)}


_TELLING: Final = 4  # words of an observation, without the short ones, that can decide anything


def _words(text: str) -> frozenset[str]:
    """The words of four letters and more."""
    return frozenset(re.findall(r"[A-Za-z_.]{4,}", text.lower()))


@cache
def _alike(one: str, other: str, sections: tuple[str, ...]) -> bool:
    """Whether what decides two claims is nearly the same: half of the words, or the same misconception."""
    known = {name: claim for section in sections for name, claim in _known(section).items()}
    a, b = (_words(known[name].truth) for name in (one, other))
    shared = any(one in belief.claims and other in belief.claims for belief in misconceptions())
    return shared or 2 * len(a & b) >= min(len(a), len(b))


def verdicts(*, id: str, title: str, sections: Sequence[str], count: int, minutes: int, see: str) -> Question:
    """A question on claims of the article: the verdict, what decides it, and (for a person to judge) the reason.

    The claims are drawn for each student.  What decides them stands below as lettered observations, shuffled and with
    two that decide nothing here, so that a list of verdicts alone is no answer.  No two of them say the same: either
    could decide.
    """

    def draw(draw_: Random) -> dict[str, Any]:
        all_of_them = (claim for section in sections for claim in _known(section).values())
        pool = [claim for claim in all_of_them if len(_words(claim.truth)) >= _TELLING]
        false = [claim for claim in pool if claim.verdict == "false"]
        chosen: list[Claim] = []
        while not chosen or any(_alike(a.id, b.id, tuple(sections)) for a, b in combinations(chosen, 2)):
            chosen = draw_.sample(false, min(len(false), (count + 1) // 2))
            chosen += draw_.sample([claim for claim in pool if claim not in chosen], count + 2 - len(chosen))
        asked, shown = [c.id for c in chosen[:count]], [c.id for c in chosen]
        draw_.shuffle(asked)
        draw_.shuffle(shown)
        return {"claims": asked, "shown": shown}

    def claim_of(one: str) -> Claim:
        return next(known[one] for known in map(_known, sections) if one in known)

    def text(p: Params) -> str:
        rows = "\n".join(
            f"{n}. {claim_of(one).claim} <span lang='zh'>({claim_of(one).quote})</span>"
            for n, one in enumerate(p["claims"])
        )
        lettered = zip(_LETTERS, p["shown"], strict=False)
        seen = "\n".join(f"* **{letter}** {claim_of(one).truth}" for letter, one in lettered)
        words = ", ".join(f'"{word}"' for word in WORDS)
        return (
            f"The article says:\n\n{rows}\n\nThis is known:\n\n{seen}\n\nFor each claim, in their order, give the "
            f"verdict in `verdicts` and the letter of what decides it in `evidence`. The words are {words} "
            '("changed": so in some versions of Go and not in others). A right letter gives 0.6 of a point and its '
            "verdict the rest; a verdict without its letter gives nothing."
        )

    def check(p: Params, answer: Answer) -> list[Mark]:
        said, letters = answer.value("verdicts", "evidence"), answer.value("evidence")
        said, letters = (one if type(one) is list else [] for one in (said, letters))
        marks = []
        for n, one in enumerate(p["claims"]):
            claim = claim_of(one)
            found = n < len(letters) and same(letters[n], _LETTERS[p["shown"].index(one)])
            share = _share(said[n] if n < len(said) else None, claim)
            verdict = f"The verdict is another. {claim.truth}"
            reason = verdict if found else "Another of these observations decides it."
            belief = _belief_of(one) if share < 1 and n < len(said) and same(said[n], "true") else ""
            got = 0.6 + 0.4 * share if found else 0.0
            marks.append(mark(f"claim {n}", 1, got, reason, misconception=belief, see=see))
        return marks

    def source(p: Params, word: Callable[[Claim], str], letter: Callable[[int, str], str]) -> str:
        words = [word(claim_of(one)) for one in p["claims"]]
        return assigned({"verdicts": words, "evidence": [letter(n, one) for n, one in enumerate(p["claims"])]})

    def at(p: Params) -> Callable[[int, str], str]:
        return lambda _, one: _LETTERS[p["shown"].index(one)]

    return Question(
        id=id, title=title, kind="verdict", points=count, minutes=minutes, see=see, draw=draw, text=text,
        objective="Tell what the runtime does from what the article says, with what shows it",
        starter=lambda p: "verdicts = []\nevidence = []", form="verdicts: list of str; evidence: list of str",
        check=check, reference=lambda p: source(p, verdict_word, at(p)),
        believer=lambda p: source(p, lambda claim: "true", lambda n, _: _LETTERS[n]),
        wrong=(Wrong("verdicts alone", lambda p: source(p, verdict_word, lambda n, one: "?"), 0.0),),
        partial=((lambda p: source(p, lambda claim: "no", at(p)), 0.6),),
        manual="**Your reasons.** One sentence for each claim, in the same order: how could one see it? Name a "
        "function of the runtime, a run of the simulator, or a document.",
        manual_points=count,
        rubric="One point for each claim: 1 for a reason that decides it (a function, a run, a document); 0.5 for a "
        "right direction without evidence; 0 for the article's own words. `gmp-lab claims` prints the evidence.",
    )  # fmt: skip


@cache
def _belief_of(claim: str) -> str:
    """The id of the misconception that a claim leads to, "" if there is none."""
    return next((one.id for one in misconceptions() if claim in one.claims), "")


def _share(said: Any, claim: Claim) -> float:
    right = verdict_word(claim)
    if type(said) is not str:
        return 0.0
    return 1.0 if said == right else 0.5 if {said, right} in _NEAR else 0.0


# --- playing the scheduler ------------------------------------------------------------------------------------------


def play_moments(draw: Random, level: str, count: int, kinds: Sequence[str] = ()) -> list[tuple[int, int]]:
    """Draw decisions: (seed of the situation, number of its question), six of a situation."""
    found: list[tuple[int, int]] = []
    while len(found) < count:
        seed = draw.randrange(1 << 31)
        found += [(seed, n) for n in range(LENGTH)]
    return found[:count]


def play(  # a question's fields
    *, id: str, title: str, level: str, count: int, minutes: int, see: str, points: float, kinds: Sequence[str] = ()
) -> Question:  # fmt: skip
    """A question that shows the scheduler at moments of runs, and asks what it does next."""

    def asked(p: Params) -> list[tuple[Recording, Any]]:
        made = []
        for seed, n in p["moments"]:
            found = situation(seed, level, tuple(kinds))
            made.append((found.recording, found.questions[n]))
        return made

    def text(p: Params) -> str:
        parts = []
        for n, (rec, one) in enumerate(asked(p)):
            stage = "\n".join(stage_text(rec, one.shown).splitlines()[4:])
            options = "\n".join(f"* **{letter}** {o.words}" for letter, o in zip(_LETTERS, one.options, strict=False))
            shown = f"**Decision {n}** (Go {rec.config.go}).\n\n```text\n{stage}\n```"
            parts.append(f"{shown}\n\n{one.text}\n\n{options}")
        head = f"You are the scheduler. Give a letter for each of {len(parts)} decisions, as a list in `decisions`."
        return head + "\n\n" + "\n\n".join(parts)

    def check(p: Params, answer: Answer) -> list[Mark]:
        given, each = answer.typed("decisions", list), round(points / count, 4)
        marks = []
        for n, (_, one) in enumerate(asked(p)):
            letter = given[n] if n < len(given) and type(given[n]) is str else ""
            at = _LETTERS.find(letter) if len(letter) == 1 else -1
            option = one.options[at] if 0 <= at < len(one.options) else None
            rule = RULES[(option.breaks if option else "") or one.rule]
            reason = f"{rule.sentence} ({rule.function} in {rule.file})."
            marks.append(mark(f"decision {n}", each, option.points if option else 0.0, reason, see=see))
        return marks

    def letters(p: Params, choose: Callable[[Any], int]) -> str:
        return assigned({"decisions": [_LETTERS[choose(one)] for _, one in asked(p)]})

    def best(one: Any) -> int:
        return max(range(len(one.options)), key=lambda n: one.options[n].points)

    def worst(one: Any) -> int:
        return min(range(len(one.options)), key=lambda n: one.options[n].points)

    return Question(
        id=id, title=title, kind="play", points=points, minutes=minutes, see=see, text=text, check=check,
        objective="Decide as the scheduler does, from the state that it sees",
        draw=lambda draw: {"moments": [list(one) for one in play_moments(draw, level, count, kinds)]},
        starter=lambda p: "decisions = []", form="decisions: list of str", reference=lambda p: letters(p, best),
        believer=lambda p: letters(p, worst),
        wrong=(Wrong("always the first", lambda p: assigned({"decisions": ["a"] * count}), 0.75),),
        partial=((lambda p: letters(p, best).rpartition(",")[0] + "]", 1 - 1 / count),),
    )  # fmt: skip


assert set(WORDS) <= set(VERDICTS)
