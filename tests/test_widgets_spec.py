"""A panel's declaration: values of controls become a Config, a Program and code, or one clear sentence."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import pytest

from gmp_lab import Config, ConfigError, Program, simulate
from gmp_lab.catalog import fan_out, steady_mix
from gmp_lab.metrics import measured
from gmp_lab.widgets import LABS, Choice, Control, LabSpec, Ladder, Switch
from gmp_lab.widgets.control import AnyControl
from gmp_lab.widgets.spec import MAX_BURSTS, MAX_EVENTS

SPECS = list(LABS.values())
CONTROLS = [(spec, control) for spec in SPECS for control in spec.controls]
NAMES = [f"{spec.name}-{control.name}" for spec, control in CONTROLS]

VERSIONS = LabSpec(
    name="99-versions",
    title="Versions",
    about="",
    controls=(
        Choice("go", "Go version", ("1.25", "1.27"), "1.27", ("config.go",), "Whose rules hold"),
        Control("tasks", "tasks", 1, 5000, 10, ("program.tasks",), "How many goroutines"),
        Control("task_us", "length", 1, 100, 5, ("program.task_us",), "Of each", unit="us"),
    ),
    program=fan_out,
    figures=("steals",),
    bursts=("tasks", "task_us"),
)


def wrong_values(control: AnyControl) -> list[Any]:
    if isinstance(control, Choice):
        return ["1.3", 1.27, None, "", ["1.27"]]
    if isinstance(control, Switch):
        return [0, 1, "True", None, 2.0, []]
    if isinstance(control, Ladder):
        between = next(n for n in range(control.rungs[0], 10**9) if n not in control.rungs)
        return [control.rungs[0] - 1, control.rungs[-1] + 1, between, 1.5, math.nan, "4", None, True, [1]]
    return [control.low - 1, control.high + 1, -(10**12), 10**30, 1.5, math.nan, math.inf, "4", None, True, [1]]


def limits(control: AnyControl, value: object) -> tuple[object, ...]:
    """What the sentence has to name."""
    if isinstance(control, Control):
        return control.low, control.high
    if isinstance(control, Ladder):
        return control.rungs[0], control.rungs[-1]
    return ("True", "False") if isinstance(control, Switch) else control.options


#: what the course's outline asks of each chapter's panel, as the panel names it
OUTLINE = {
    "00": "GOMAXPROCS, goroutines",
    "01": "GOMAXPROCS, goroutines, burst length, syscall rate, syscall duration",
    "02-1": "recursion depth, frame size, Go version, initial stack, collections, gcshrinkstackoff=1, "
    "calls in a loop",
    "02-2": "goroutines, syscall rate, syscall duration, they wait, GOMAXPROCS",
    "02-3": "goroutines, started, GOMAXPROCS, burst length",
    "02-4": "workload, GOMAXPROCS",
    "02-5": "syscall rate, syscall duration, GOMAXPROCS, runnable backlog, Go version",
    "03-1": "cores, goroutines, burst length, lock cost, Go version",
    "03-2": "GOMAXPROCS, tasks, skew, a thief takes, task length, spread of lengths",
    "03-3": "GOGC, GOMEMLIMIT, live heap, allocation rate of each, allocators, GOMAXPROCS, that loop",
    "04-1": "loop length, calls per iteration, syscall rate, Go version, asyncpreemptoff=1",
    "04-2": "loop length, unsafe share, signal delivery, GOMAXPROCS",
    "04-3": "loop length, hogs, victims, GOMAXPROCS, Go version, asyncpreemptoff=1, stops of the world",
    "04-4": "arrival rate, service time, hogs, loop length, syscall rate, GOMAXPROCS, cores",
    "05": "CPU quota, cores of the host, GOMAXPROCS, load, SLO: 99 % within",
}
VIEWS_OF = {
    "00": "timeline", "01": "timeline queues cpu", "02-1": "stacks states_g", "02-2": "thread_states states_m",
    "02-3": "queues sources", "02-4": "states_g timeline goroutines", "02-5": "timeline calls",
    "03-1": "sources", "03-2": "loads steal_graph", "03-3": "heap cpu assists stops", "04-1": "timeline switches",
    "04-2": "preemptions gantt", "04-3": "latencies stops", "04-4": "responses causes latencies",
    "05": "throttling responses budget",
}  # fmt: skip


def test_every_chapter_of_the_outline_has_a_panel() -> None:
    assert [next(name for name in LABS if name.startswith(f"{short}-")) for short in OUTLINE] == list(LABS)


@pytest.mark.parametrize("short", list(OUTLINE))
def test_a_panel_has_the_controls_and_the_views_of_the_outline(short: str) -> None:
    spec = next(spec for name, spec in LABS.items() if name.startswith(f"{short}-"))
    assert set(OUTLINE[short].split(", ")) <= {control.label for control in spec.controls}
    assert set(VIEWS_OF[short].split()) <= set(spec.views)


@pytest.mark.parametrize(("spec", "control"), CONTROLS, ids=NAMES)
def test_a_control_has_a_name_a_tooltip_a_range_and_a_unit_where_it_is_a_quantity(
    spec: LabSpec, control: AnyControl
) -> None:
    assert control.label and len(control.tooltip) > 3 and len(control.samples()) > 1
    if control.name.endswith(("_us", "_ms", "_ns", "_percent", "_mib", "_s")):
        assert "(" in control.words()


def test_chapter_1_has_the_controls_of_the_outline() -> None:
    assert [control.words() for control in LABS["01-gmp-model"].controls] == [
        "GOMAXPROCS", "goroutines", "burst length (us)", "syscall rate (%)", "syscall duration (us)", "seed",
    ]  # fmt: skip


def test_the_first_notebook_has_two_controls() -> None:
    assert [control.words() for control in LABS["00-start-here"].controls] == ["GOMAXPROCS", "goroutines"]


@pytest.mark.parametrize(("spec", "control"), CONTROLS, ids=NAMES)
def test_a_value_outside_the_range_is_refused_with_name_value_and_range(
    spec: LabSpec, control: AnyControl
) -> None:
    for value in wrong_values(control):
        with pytest.raises(ConfigError) as error:
            spec.make({control.name: value})
        assert (error.value.parameter, error.value.value) == (control.name, value)
        assert all(str(limit) in str(error.value) for limit in limits(control, value))


@pytest.mark.parametrize("value", wrong_values(VERSIONS.controls[0]))
def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(value: object) -> None:
    with pytest.raises(ConfigError, match=r"go = .*one of '1.25', '1.27'"):
        VERSIONS.make({"go": value})


def test_a_name_that_is_no_control_is_refused() -> None:
    with pytest.raises(ConfigError, match="a control of this lab: gomaxprocs, goroutines"):
        LABS["00-start-here"].make({"gomaxproc": 4})


def test_more_bursts_than_a_slider_step_can_take_are_refused() -> None:
    with pytest.raises(ConfigError, match=rf"tasks x task_us = 500000 .*at most {MAX_BURSTS:,}"):
        VERSIONS.make({"tasks": 5000, "task_us": 100})


def test_a_default_outside_the_range_is_an_error_of_the_declaration() -> None:
    with pytest.raises(ConfigError, match=r"n \(default\) = 9"):
        Control("n", "n", 1, 8, 9, ("program.tasks",), "")


def corners(spec: LabSpec) -> list[dict[str, Any]]:
    """All controls at one end, all at the other, and a few of the many ways in between."""
    names = {control.name: control.samples() for control in spec.controls if control.name != "seed"}
    draw = random.Random(spec.name)
    ends = [{name: values[k] for name, values in names.items()} for k in (0, 1)]
    return ends + [{name: draw.choice(values) for name, values in names.items()} for _ in range(16)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_the_corners_of_the_ranges_are_runs_that_end_by_themselves_or_are_refused(spec: LabSpec) -> None:
    seen, refused = [], []
    for values in corners(spec):
        try:
            config, program = spec.make(values)
        except ConfigError as error:
            refused.append(str(error))
            continue
        seen.append(simulate(config, program, record=False).ended)
    assert all("bursts in a run" in sentence for sentence in refused)
    assert set(seen) == {"exit"} and len(seen) >= 8


@pytest.mark.parametrize(("spec", "control"), CONTROLS, ids=NAMES)
def test_every_control_changes_the_run_or_its_figures(spec: LabSpec, control: AnyControl) -> None:
    digests = set()
    for others in ({}, *corners(spec)):
        for value in control.samples():
            try:
                made = spec.make({**others, control.name: value})
            except ConfigError:
                continue
            rec = simulate(*made)
            figures = tuple(measured(rec, spec.figures))
            digests.add((tuple(sorted(others.items())), tuple(rec.t), tuple(rec.kind), tuple(rec.arg), figures))
        if len({row[1:] for row in digests}) > len({row[0] for row in digests}):
            return
    pytest.fail("no two of its values give different runs, or figures")


@pytest.mark.parametrize("spec", [*SPECS, VERSIONS], ids=lambda spec: spec.name)
def test_the_code_makes_the_same_recording_to_the_byte(spec: LabSpec) -> None:
    values = {c.name: c.samples()[-1] for c in spec.controls}
    scope: dict[str, Any] = {}
    exec(spec.code(values), scope)
    assert scope["recording"].digest() == simulate(*spec.make(values)).digest()


def test_a_control_reaches_every_parameter_that_it_sets() -> None:
    config, program = LABS["01-gmp-model"].make({"seed": 7})
    assert (config.seed, program.params["seed"]) == (7, 7)


def test_values_that_are_not_given_are_the_defaults() -> None:
    config, program = LABS["01-gmp-model"].make({})
    assert config == Config(gomaxprocs=4, seed=1, until_ns=60_000_000_000, max_events=MAX_EVENTS)
    assert isinstance(program, Program) and program.params == steady_mix(16, 50, 20, 200, bursts=20, seed=1).params


def test_long_calls_are_written_on_several_lines_that_still_run() -> None:
    spec = replace(LABS["01-gmp-model"], config={"until_ns": 60_000_000_000, "go": "1.25", "startup": "real"})
    code = spec.code({})
    assert max(map(len, code.splitlines())) <= 88
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert scope["config"] == spec.make({})[0]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_the_table_names_figures_that_can_be_measured(spec: LabSpec) -> None:
    rows = measured(simulate(*spec.make({})), spec.figures)
    assert [row[0] for row in rows] == list(spec.figures)
