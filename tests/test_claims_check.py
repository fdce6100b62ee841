"""The checks of the ledger: each claim has one, all of them pass, and each of them can fail."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mutants import make

from gmp_lab import ConfigError, claims, params
from gmp_lab.claims import check as framework
from gmp_lab.claims import checks_25, checks_41, checks_42, runs_stack, source
from gmp_lab.claims.check import KINDS, Check, Outcome, all_of, checks, expect, forget, outcome
from gmp_lab.experiments.model import Experiment, Result
from gmp_lab.golang import GoRunError
from gmp_lab.recording import Columns, Recording
from gmp_lab.stacks import Bounds

IDS = [c.id for c in claims.claims()]
ALL = [one for name in IDS for one in checks(name)]
simulate = importlib.import_module("gmp_lab.simulate")


def of_kind(kind: str) -> list[Check]:
    """Each function of a kind once, though it may be a check of several claims."""
    return list({one.function: one for one in ALL if one.kind == kind}.values())


def name(one: Check) -> str:
    return f"{one.claim}-{one.name}"


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left() -> Iterator[None]:
    yield
    forget()


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """For a test that changes what checks look at."""
    forget()
    yield monkeypatch
    monkeypatch.undo()
    forget()


# --- all claims are checked -----------------------------------------------------------------------------------------


def test_every_claim_has_a_check() -> None:
    assert [one for one in IDS if not checks(one)] == []


def test_a_check_says_what_it_does() -> None:
    assert [name(one) for one in ALL if len(one.does) < 20 or not one.does.endswith((".", "?"))] == []


@pytest.mark.parametrize("one", IDS)
def test_no_check_fails(one: str) -> None:
    found = outcome(one)
    assert found.holds is not False and found.said, found.said


@pytest.mark.go
@pytest.mark.parametrize("one", of_kind("source"), ids=name)
def test_with_go_every_check_of_the_source_is_decided(one: Check) -> None:
    assert one.outcome().holds is True, one.outcome().said


def test_without_go_checks_of_the_source_are_open_and_none_fails(changed: pytest.MonkeyPatch) -> None:
    changed.setenv("GMP_LAB_GO", "none")
    assert [name(one) for one in of_kind("source") if one.outcome().holds is not None] == []
    assert [one for one in IDS if outcome(one).holds is False] == []


def test_most_claims_are_decided_by_something_that_runs() -> None:
    kinds = {one: {c.kind for c in checks(one)} for one in IDS}
    runs = [one for one in IDS if kinds[one] & {"simulation", "experiment"}]
    told = [one for one in IDS if kinds[one] <= {"document", "none"}]
    assert len(runs) > 140 and len(told) < 12


def test_a_claim_that_nothing_can_check_says_why() -> None:
    for one in of_kind("document") + of_kind("none"):
        assert one.outcome().holds is None and len(one.outcome().said) > 40, name(one)


# --- each of them can fail ------------------------------------------------------------------------------------------


def _gone(*_: object) -> str:
    raise LookupError("gone")


@pytest.mark.go
def test_in_another_source_every_check_of_the_source_fails(changed: pytest.MonkeyPatch) -> None:
    """A source that declares nothing, has every word that is looked for, other constants and other files."""
    changed.setattr(source, "_declared", _gone)
    changed.setattr(source, "_code", lambda *_: "")
    changed.setattr(source, "_stands_in", lambda *_: True)
    changed.setattr(source, "_exists", lambda *_: True)
    changed.setattr(source.GoSource, "constant", lambda *_: -1)
    assert [name(one) for one in of_kind("source") if one.outcome().holds is not False] == []


def _others(result: Result) -> Result:
    return Result({key: tuple(map(_other, value)) for key, value in result.values.items()}, result.origin)


def _other(value: Any) -> Any:
    return f"not {value}" if isinstance(value, str) else value * 1000 + 70_000


def test_with_other_results_every_experiment_fails(changed: pytest.MonkeyPatch) -> None:
    right = Experiment.recorded
    changed.setattr(Experiment, "recorded", lambda self, point=None: _others(right(self, point)))
    survivors = [name(one) for one in of_kind("experiment") if one.outcome().holds is not False]
    assert survivors == ["2.5-04-dev_random_does_not_wait"]  # no experiment of the catalogue: the next test


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_device_that_waits_is_noticed(changed: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "empty")
    both = os.open(tmp_path / "empty", os.O_RDWR | os.O_NONBLOCK)  # somebody could write, and nobody does
    changed.setattr(checks_25, "DEVICE", tmp_path / "empty")
    found = checks_25.dev_random_does_not_wait()
    os.close(both)
    assert (found.holds, "1000 would have had to wait" in found.said) == (False, True)


def _nothing_happens(config: Any, _columns: Any, **rest: Any) -> Recording:
    return Recording(config, Columns(), **{**rest, "end_ns": 0})


#: checks of the kind simulation that look at something else than events; the next test makes them fail
_ELSEWHERE = {
    "a_new_stack_has_2048_bytes_since_1_4": "what a body sees of its stack",
    "stacks_grow_downwards": "the same",
    "in_the_mirror_too_the_stop_ends_in_gosched_impl": "the mirror's calls",
    "from_sysmon_to_gosched_impl": "the mirror's calls",
    "gomaxprocs_has_followed_the_quota_since_1_25": "the Config",
}


def test_if_nothing_happens_in_a_run_its_check_fails(changed: pytest.MonkeyPatch) -> None:
    """Recordings without events: what only confirms that something is absent would still pass."""
    changed.setattr(simulate, "Recording", _nothing_happens)
    survivors = {one.name for one in of_kind("simulation") if one.outcome().holds is not False}
    assert survivors == set(_ELSEWHERE)


def test_those_that_look_elsewhere_fail_as_well(changed: pytest.MonkeyPatch) -> None:
    changed.setattr(checks_41, "call_path", lambda *_: ("gopark",))
    changed.setattr(checks_42, "call_path", lambda *_: ("gopark",))
    changed.setitem(params.VERSIONS, "1.25", replace(params.VERSIONS["1.25"], default_procs="cpus"))
    grown = runs_stack.grown
    changed.setattr(runs_stack, "grown", lambda *what, **more: grown(*what, **more)._replace(bounds=_UPSIDE_DOWN))
    found = [one for one in of_kind("simulation") if one.name in _ELSEWHERE]
    assert len(found) == len(_ELSEWHERE)
    assert [name(one) for one in found if one.outcome().holds is not False] == []


_UPSIDE_DOWN = Bounds(lo=0, hi=4096, sp=100, guard=3000, size=4096, used=3996)


@pytest.mark.parametrize(
    ("mistake", "noticed"),
    [
        ("a new goroutine goes to the tail", ["1-07", "2.3-14", "2.4-02", "2.4-17"]),
        ("a readied goroutine goes to the tail", ["2.1-14"]),
        ("Gosched goes to the local queue", ["1-23"]),
        ("every 60th tick", ["2.2-05"]),
        ("the global queue is taken one by one", ["2.3-03"]),
        ("a full ring gives all it has", ["1-03", "2.3-01", "2.3-03"]),
    ],
)
def test_a_mistake_in_the_mirror_is_noticed(changed: pytest.MonkeyPatch, mistake: str, noticed: list[str]) -> None:
    make(changed, mistake)
    assert [one for one in noticed if all(c.outcome().holds is not False for c in checks(one))] == []


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        ({"preempt_signal": False}, ["1-12", "1-15"]),
        ({"stack_min": 4096}, ["2.1-04", "2.1-17"]),
        ({"stack_kind": "segmented"}, ["2.1-03", "2.1-07"]),
        ({"syscall_keeps_p": False}, ["2.5-01", "2.5-07"]),
        ({"stw_runnext": False}, ["1-20"]),
        ({"runnext": False}, ["2.3-01", "2.3-17"]),
    ],
)
def test_another_rule_is_noticed(changed: pytest.MonkeyPatch, change: dict[str, Any], noticed: list[str]) -> None:
    rules = params.rules
    changed.setattr(params, "rules", lambda go, os: replace(rules(go, os), **change))
    assert [one for one in noticed if all(c.outcome().holds is not False for c in checks(one))] == []


# --- experiments, live ----------------------------------------------------------------------------------------------


def _runs(results: list[Any]) -> Any:
    def real(self: Experiment, point: Any = None) -> Result:
        one = results.pop(0)
        if isinstance(one, Exception):
            raise one
        return Result({"new_threads": (one,), "woken": (100.0,)}, "live: Go 1.27.3")

    return real


def test_a_disturbed_run_is_made_again(changed: pytest.MonkeyPatch) -> None:
    left = [70.0, 2.0, 3.0]
    changed.setattr(Experiment, "real", _runs(left))
    assert framework.outcomes(["2.5-02"], on_go=True)["2.5-02"].holds is not False
    assert left == [3.0]


def test_a_run_that_is_never_as_it_must_be_fails(changed: pytest.MonkeyPatch) -> None:
    changed.setattr(Experiment, "real", _runs([70.0] * 5))
    found = framework.outcomes(["2.5-02"], on_go=True)["2.5-02"]
    assert found.holds is False and "sockets (live and simulated)" in found.said


def test_where_it_cannot_be_watched_the_recorded_result_is_shown(changed: pytest.MonkeyPatch) -> None:
    changed.setattr(Experiment, "real", _runs([GoRunError("no strace")]))
    assert "sockets (recorded and simulated)" in framework.outcomes(["2.5-02"], on_go=True)["2.5-02"].said


# --- the framework --------------------------------------------------------------------------------------------------


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Check]]:
    empty: dict[str, list[Check]] = {}
    monkeypatch.setattr(framework, "_REGISTRY", empty)
    monkeypatch.setattr(framework, "_loaded", lambda: empty)
    return empty


def test_a_claim_without_a_check_fails(registry: dict[str, list[Check]]) -> None:
    assert outcome("1-01") == Outcome(False, "no check") and registry == {}


def test_a_check_that_finds_nothing_fails(registry: dict[str, list[Check]]) -> None:
    @framework.check("1-01", kind="simulation")
    def looks() -> Outcome:
        first = list(claims.verdicts("1"))[99]
        return expect(first, "seen")

    assert outcome("1-01").holds is False and "IndexError" in outcome("1-01").said
    assert list(registry) == ["1-01"]


def test_what_is_open_does_not_hide_what_is_decided(registry: dict[str, list[Check]]) -> None:
    framework.cannot("1-01", why="nobody knows")

    @framework.check("1-01", kind="source")
    def looks() -> Outcome:
        """Look."""
        return Outcome(False, "it is not so")

    assert outcome("1-01") == Outcome(False, "it is not so")
    assert [one.kind for one in registry["1-01"]] == ["none", "source"]


Parts = tuple[bool | None, ...]


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ((True, True), True),
        ((True, False), False),
        ((None, False), False),
        ((True, None), True),
        ((None, None), None),
    ],
)
def test_all_of_is_decided_by_what_fails_then_by_what_holds(parts: Parts, whole: bool | None) -> None:
    found = all_of(*(Outcome(part, f"{i} {part}") for i, part in enumerate(parts)))
    assert found.holds is whole and all(str(part) in found.said for part in parts if part is whole)


def test_an_unknown_claim_or_kind_is_refused(registry: dict[str, list[Check]]) -> None:
    with pytest.raises(ConfigError, match="kind"):
        framework.check("1-01", kind="guess")
    with pytest.raises(ConfigError, match="claim"):
        framework.cannot("9-99", why="there is none")
    with pytest.raises(ConfigError, match="document"):
        framework.by_document("1-22")
    assert registry == {}


def test_kinds_are_told_in_the_docstring() -> None:
    told = framework.__doc__ or ""
    assert [kind for kind in KINDS if kind not in told and kind not in ("document", "none")] == []
