"""A check that runs for each claim: what decides it, and how that came out.

A check is a function without arguments that returns an ``Outcome``.  It asserts what is so (the claim's truth) and,
where the article is wrong, that what it says is not what is seen; ``said`` holds the numbers.  Checks of a section
stand in the module ``checks_<section>`` of this package (``checks_21`` for 2.1); a claim may have several.  One of
each kind:

    from gmp_lab.claims.check import all_of, by_document, cannot, check, expect
    from gmp_lab.claims.runs import counted, experiment, run
    from gmp_lab.claims.source import constant_is, in_order, source_has, source_lacks

    @check("2.4-04", kind="simulation")
    def a_goroutine_that_parks_leaves_its_p_to_the_thread() -> Outcome:
        rec = run(one_receives_late, gomaxprocs=2)        # simulate(Config(gomaxprocs=2), Program(one_receives_late))
        parks, released = counted(rec, E_PARK), counted(rec, E_RELEASE_P)
        return expect(parks > 0 and released == 0, f"{parks} goroutines parked, {released} Ps were released by that")

    @check("1-10", "2.5-02", kind="experiment")
    def waiting_for_the_network_needs_no_threads() -> Outcome:
        seen = experiment("sockets")                      # both sides; recorded, or live if the command was told so
        return all_of(seen.outcome, expect(max(seen.real["new_threads"]) < 5, "fewer than 5 threads for 100 sockets"))

    @check("2.2-13", kind="source")
    def an_m_has_no_status() -> Outcome:
        return all_of(source_lacks("_M_RUNNING"), source_has("runtime/runtime2.go", "m.spinning"))

    by_document("2.4-06")                                 # the ledger's citation is shown; nothing here can run it
    cannot("5-03", "no source is given, and nothing in Go reports an availability")

What several checks look at is made once, by a function marked ``@shared`` (in a module ``runs...``).  ``holds`` is
None where the check could not be made: without the Go source of that version, by a document, not at all.
Whatever in a check raises one of BREAKS makes it fail: a run that shows nothing of a claim does not confirm it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from gmp_lab.claims.ledger import claim, claims
from gmp_lab.errors import ConfigError, check_choice

KINDS: Final = ("simulation", "experiment", "source", "document", "none")
#: what a check may raise that does not find what it is looking for
BREAKS: Final = (ConfigError, ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError)
#: whether experiments are run now on the installed Go, or taken as recorded
live: ContextVar[bool] = ContextVar("live", default=False)

@dataclass(frozen=True, slots=True)
class Outcome:
    """``holds``: whether what was expected is so, None if that could not be seen; ``said``: what was, in words."""

    holds: bool | None
    said: str

    @property
    def word(self) -> str:
        """ "confirmed" (that is the ledger's verdict, not the article's claim), "FAILS" or "open"."""
        return {True: "confirmed", False: "FAILS", None: "open"}[self.holds]


class Check(NamedTuple):
    """A check of one claim: its kind, the name of its function, what it does in words, and the function."""

    claim: str
    kind: str
    name: str
    does: str
    function: Callable[[], Outcome]

    def outcome(self) -> Outcome:
        """Make the check."""
        try:
            return self.function()
        except BREAKS as problem:
            return Outcome(False, f"nothing to be seen: {type(problem).__name__}: {problem}")


#: marks a function whose result is kept for other checks; ``forget`` drops all of them
shared: Final = cache

_REGISTRY: dict[str, list[Check]] = {}


def check(*ids: str, kind: str) -> Callable[[Callable[[], Outcome]], Callable[[], Outcome]]:
    """Register a function as a check of these claims. ConfigError for an unknown claim or kind."""
    check_choice("kind", kind, KINDS)

    def register(function: Callable[[], Outcome]) -> Callable[[], Outcome]:
        for one in ids:
            claim(one)
            name = getattr(function, "__name__", "")
            does = (function.__doc__ or "").strip() or name.replace("_", " ") + "."
            _REGISTRY.setdefault(one, []).append(Check(one, kind, name, " ".join(does.split()), function))
        return function

    return register


def by_document(*ids: str) -> None:
    """Only a document can decide these claims: their check shows the ledger's citations."""
    for one in ids:
        told = "; ".join(claim(one).texts("document"))
        if not told:
            raise ConfigError("claim", one, "a claim with a document as evidence")

        @check(one, kind="document")
        def cited(told: str = told) -> Outcome:
            """The document that the ledger names decides it."""
            return Outcome(None, f"only a document decides: {told}")


def cannot(*ids: str, why: str) -> None:
    """Nothing can check these claims, and why."""

    @check(*ids, kind="none")
    def nothing() -> Outcome:
        """It cannot be checked."""
        return Outcome(None, f"cannot be checked: {why}")


def expect(so: object, said: str) -> Outcome:
    """What is said is so (and holds), or is not."""
    return Outcome(bool(so), said)


def all_of(*outcomes: Outcome) -> Outcome:
    """All that could be seen hold, and something could; one that fails decides, and is told alone."""
    holds = [one.holds for one in outcomes]
    whole = False if False in holds else True if True in holds else None
    told = [one.said for one in outcomes if whole is None or one.holds is whole]
    return Outcome(whole, "; ".join(dict.fromkeys(told)))


def forget() -> None:
    """Drop the runs that checks share (what functools.cache keeps in their modules), so that they run again."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("gmp_lab.claims.runs", "gmp_lab.claims.checks_")):
            for thing in vars(module).values():
                clear = getattr(thing, "cache_clear", None)
                if clear is not None:
                    clear()


@cache
def _loaded() -> dict[str, list[Check]]:
    names = sorted(path.name for path in files("gmp_lab.claims").iterdir() if path.name.startswith("checks_"))
    for name in names:
        if name.endswith(".py"):
            importlib.import_module(f"gmp_lab.claims.{name.removesuffix('.py')}")
    return _REGISTRY


def checks(name: str) -> tuple[Check, ...]:
    """The checks of a claim; none if nobody has written one. ConfigError for an unknown claim."""
    return tuple(_loaded().get(claim(name).id, ()))


def outcome(name: str) -> Outcome:
    """All checks of a claim together; fails where there is none."""
    found = checks(name)
    if not found:
        return Outcome(False, "no check")
    outcomes = [one.outcome() for one in found]
    decided = [one for one in outcomes if one.holds is not None]
    return all_of(*(decided or outcomes))


def outcomes(ids: Iterable[str] = (), *, on_go: bool = False) -> dict[str, Outcome]:
    """The outcome of each claim (all, if none is named); on_go: experiments run now, on the installed Go."""
    names = list(ids) or [one.id for one in claims()]
    token = live.set(on_go)
    try:
        return {name: outcome(name) for name in names}
    finally:
        live.reset(token)
