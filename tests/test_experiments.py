"""The catalogue: what each experiment says holds in the simulation, in what was recorded, and, for a sample, live."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import ConfigError, experiments, golang
from gmp_lab.claims import claims
from gmp_lab.experiments import CATALOGUE, Band, Experiment, Point, Values, bodies, osthreads, record, watched
from gmp_lab.experiments.model import every, show, values_of
from gmp_lab.gocell import call_path
from gmp_lab.golang import GoRun, GoRunError

FOLDER = Path(experiments.__file__).parent
POINTS = [pytest.param(e, p, id=f"{e.name}-{i}") for e in CATALOGUE.values() for i, p in enumerate(e.points)]
MACHINE = ("scaling", "maxprocs")  # what they give depends on the CPUs that are free
LIVE = ("listing", "order", "steal", "stack_move", "stack_gc", "overflow", "waits", "threads", "sockets", "handoff",
        "tight_loop", "signals", "mix")  # fmt: skip
WATCHED = [  # where strace and gdb are
    name for name in ("cloned", "main_thread", "locked", "sent", "caught") if not CATALOGUE[name].missing
]


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide every toolchain, as on a machine without Go."""
    monkeypatch.setenv("GMP_LAB_GO", "none")


# --- the same on both sides ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("experiment", "point"), POINTS)
def test_what_must_hold_holds_simulated_and_recorded(experiment: Experiment, point: Point) -> None:
    ours, theirs = experiment.simulated(point), experiment.recorded(point)
    assert point.wrong(theirs.values) == [] and point.wrong(ours.values) == []
    assert {key: ours.values[key] for key in point.exact} == {key: theirs.values[key] for key in point.exact}
    assert set(theirs.values) == set(ours.values)


def test_every_point_states_something_and_every_experiment_is_told_apart() -> None:
    silent = [f"{e.name}: {p.label}" for e in CATALOGUE.values() for p in e.points if not (p.bands or p.exact)]
    assert silent == ["shares: GOMAXPROCS=4, tasks=10000, us=20"]  # on two CPUs, four Ps promise nothing
    assert all(len({p.label for p in e.points}) == len(e.points) for e in CATALOGUE.values())


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in MACHINE])
def test_a_statement_that_is_turned_round_is_noticed(name: str) -> None:
    experiment = CATALOGUE[name]
    point = experiment.points[0]
    values: Values = experiment.recorded(point).values
    for band in point.bands:
        assert not Band(band.key, band.high * 1.01 + 1e-9, band.high * 2 + 1, "more").holds(values)
        assert not band.holds({}) and point.wrong({})
    for key in point.exact:
        assert {**values, key: ()} != values


# --- without Go ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", CATALOGUE.values(), ids=CATALOGUE)
def test_without_go_it_shows_what_was_recorded_and_says_so(hidden: None, experiment: Experiment) -> None:
    result = experiment.real()
    assert result.source == "recorded" and "Go 1." in result.origin and "CPUs" in result.origin
    assert result.origin in experiment.table()


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_recorded_file_tells_how_it_was_made_and_nothing_of_the_machine_s_paths(name: str) -> None:
    text = (FOLDER / "recorded" / f"{name}.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert data["made"].keys() == {"date", "machine", "command"} and "/" not in text
    assert [run["point"] for run in data["runs"]] == [point.label for point in CATALOGUE[name].points]


def test_a_table_says_when_a_statement_does_not_hold() -> None:
    tight = CATALOGUE["tight_loop"]
    assert tight.table(real=tight.recorded()).splitlines()[-2] == "the loop is stopped on its way: holds for both"
    other = tight.recorded(tight.points[1])
    assert "does not hold (real)" in tight.table(real=other)


def test_without_strace_it_shows_what_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    sent = CATALOGUE["sent"]
    assert sent.missing == "strace" and sent.real().source == "recorded"


def test_a_thread_is_made_by_the_one_that_acted_before_it() -> None:
    rec = bodies.threads_run(Point(2, {"k": 10, "n": 0}))
    made = osthreads.makers(rec)
    assert len(made) == sum(e.name == "m_new" for e in rec) - 1
    assert made.count(1) >= 8  # sysmon, that takes Ps out of calls and hands them over


def test_a_thread_that_was_just_made_is_not_woken_by_a_futex_call() -> None:
    rec = bodies.threads_run(Point(2, {"k": 10, "n": 0}))
    parks = sum(e.name == "m_park" and e.t > 0 for e in rec)
    starts = sum(e.name == "m_start" for e in rec)
    assert parks <= osthreads.futex_calls(rec) < parks + starts


def test_gdb_that_could_not_watch_is_one_clear_error() -> None:
    with pytest.raises(GoRunError, match="could not watch"):
        watched.caught(ran("ptrace: Operation not permitted.\n"))


def test_the_way_from_one_function_to_another_is_told_in_go_s_names() -> None:
    assert call_path("sysmon", "preemptM") == ("sysmon", "retake", "preemptone", "preemptM")
    assert call_path("findRunnable", "runqsteal") == ("findRunnable", "stealWork", "runqsteal")
    with pytest.raises(ConfigError, match="caller"):
        call_path("nobody", "preemptM")
    with pytest.raises(ConfigError, match="callee"):
        call_path("sysmon", "nobody")


# --- bad input -----------------------------------------------------------------------------------------------------


def ran(stdout: str) -> GoRun:
    return GoRun(stdout, "", 0, False, False, "1.27.3", 0.1)


@given(st.text(max_size=40))
def test_output_of_another_kind_is_one_clear_error(text: str) -> None:
    lines = text.splitlines()
    good = [re.fullmatch(r"[^:]*:(\s*-?\d+(\.\d+)?\b)*\s*", line) for line in lines]
    if all(good):
        assert len(values_of(ran(text))) <= len(lines)
    elif not all(":" in line for line in lines):
        with pytest.raises(ConfigError, match="output"):
            values_of(ran(text))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.lists(st.floats(-1e9, 1e9), min_size=1)))
def test_values_are_read_back_as_they_were_printed(values: dict[str, list[float]]) -> None:
    text = "".join(f"{key}: {' '.join(map(repr, numbers))}\n" for key, numbers in values.items())
    assert values_of(ran(text)) == {key: tuple(numbers) for key, numbers in values.items()}


def test_a_point_of_another_experiment_is_refused() -> None:
    with pytest.raises(ConfigError, match="point"):
        CATALOGUE["threads"].simulated(CATALOGUE["handoff"].points[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [((), "-"), ((1.0, 2.5), "1 2.5"), (("a b",), "a b"), (tuple(map(float, range(9))), "4 (0 to 8, 9 values)")],
)
def test_values_are_shown_in_short(value: Any, text: str) -> None:
    assert show(value) == text


def test_what_must_be_equal_is_shown_value_by_value(hidden: None) -> None:
    steal = CATALOGUE["steal"]
    both = "7 0 1 2 3 4 5 6 11 8 9 10 13 12 14 15 16"
    assert f"order  {both}  {both}\n" in steal.table(steal.points[0])
    assert every(tuple(map(float, range(30)))).endswith(" 18 19 and 10 more") and every(()) == "-"


# --- the article's claims ------------------------------------------------------------------------------------------


def test_the_claims_that_experiments_decide_are_in_the_ledger() -> None:
    known = {claim.id for claim in claims()}
    assert {claim for e in CATALOGUE.values() for claim in e.claims} - known == set()


# --- live ----------------------------------------------------------------------------------------------------------


@pytest.mark.go
@pytest.mark.parametrize("name", [*LIVE, *WATCHED])
def test_a_sample_of_the_results_can_be_made_again(name: str) -> None:
    experiment = CATALOGUE[name]
    toolchain = golang.require_toolchain("1.27")
    for point in experiment.points[:2]:
        expected = experiment.recorded(point).values
        found: list[Any] = []
        for _ in range(5):  # a real process is sometimes disturbed
            values = experiment.live(point, toolchain).values
            found = [*point.wrong(values), *(key for key in point.exact if values[key] != expected[key])]
            if not found:
                break
        assert found == []


@pytest.mark.go
def test_recording_writes_what_it_has_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    monkeypatch.setattr(record, "RUNS", 2)
    assert record.main(["stack_move"]) == 0
    (run,) = json.loads((tmp_path / "stack_move.json").read_text(encoding="utf-8"))["runs"]
    assert run["values"] == {"moved": [0.0, 1.0, 1.0]} and run["of"] == 2
    monkeypatch.setenv("GMP_LAB_GO", "none")
    assert record.main(["stack_move"]) == 0  # nothing is lost where Go is not found
    assert json.loads((tmp_path / "stack_move.json").read_text(encoding="utf-8"))["runs"] == [run]


def test_several_runs_give_their_median_or_what_came_most_often() -> None:
    assert record.together([(3.0,), (1.0,), (2.0,)]) == (2.0,)
    assert record.together([("a",), ("b",), ("b",)]) == ("b",)
    assert record.together([(1.0, 2.0), (2.0, 1.0), (2.0, 1.0)]) == (2.0, 1.0)


@pytest.mark.go
@pytest.mark.parametrize("experiment", CATALOGUE.values(), ids=CATALOGUE)
def test_go_vet_has_nothing_to_say(experiment: Experiment, tmp_path: Path) -> None:
    toolchain = golang.require_toolchain("1.27")
    (tmp_path / "go.mod").write_text("module program\n\ngo 1.22\n", encoding="utf-8")
    (tmp_path / "main.go").write_text(experiment.source, encoding="utf-8")
    for name in experiment.files:
        (tmp_path / name).write_text(experiments.model.text(name), encoding="utf-8")
    done = subprocess.run([toolchain.path, "vet", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.go
def test_our_go_programs_are_formatted() -> None:
    gofmt = Path(golang.require_toolchain().goroot) / "bin" / "gofmt"
    done = subprocess.run([str(gofmt), "-l", str(FOLDER / "programs")], capture_output=True, text=True, check=True)
    assert done.stdout == ""
