"""The sweeps of the panels: folded away they cost nothing; opened, they run with what the controls stand at."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import ConfigError, simulate
from gmp_lab.metrics import measured
from gmp_lab.sweeps import sweep
from gmp_lab.sweeps.plan import make_plan
from gmp_lab.widgets import LABS, Lab, LabSpec, lab
from gmp_lab.widgets import sweepbox as box_module
from gmp_lab.widgets.sweepspec import SweepSpec, job

ENOUGH_S = 100
ALL = [(spec, one) for spec in LABS.values() for one in spec.sweeps]
IDS = [f"{spec.name}: {one.title}" for spec, one in ALL]


@pytest.mark.parametrize("name", [name for name in LABS if not name.startswith(("00", "02-4"))])
def test_every_chapter_with_a_curve_in_the_outline_has_a_sweep(name: str) -> None:
    assert LABS[name].sweeps


@pytest.mark.parametrize(("spec", "one"), ALL, ids=IDS)
def test_a_declared_sweep_is_one_that_can_run_and_is_waited_for(spec: LabSpec, one: SweepSpec) -> None:
    made = job(spec, one, {})
    plan = make_plan(made.program, made.axes, made.seeds, made.config, made.arguments, made.measures)
    assert 10 <= len(plan) <= 200


@pytest.mark.parametrize(("spec", "one"), ALL, ids=IDS)
def test_a_point_of_a_sweep_is_the_run_of_the_panel_with_these_values(spec: LabSpec, one: SweepSpec) -> None:
    values: dict[str, Any] = {one.x: one.values[-1], **one.fixed}
    values |= {one.by: one.by_values[0]} if one.by else {}
    if any(c.name == "seed" for c in spec.controls):
        values["seed"] = 1
    made = job(spec, one, {})
    axes = {name: (points[-1] if k == 0 else points[0],) for k, (name, points) in enumerate(made.axes.items())}
    table = sweep(made.program, axes, [1], config=made.config, arguments=made.arguments, measures=made.measures)
    try:
        config, program = spec.make(values)
    except ConfigError:  # between the rungs of a control, which a sweep may stand at
        assert any(c.name == one.x for c in spec.controls)
        return
    rec = simulate(config, program)
    assert table.runs[0].values == tuple(row[1] for row in measured(rec, one.measures))


def opened(name: str) -> tuple[Lab, Any]:
    panel = lab(name)
    panel.sweep_box.box.selected_index = 0
    return panel, panel.sweep_box.sweepers[0]


def test_nothing_is_made_before_a_sweep_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(box_module, "Sweeper", lambda *args, **named: made.append(args))
    panel = lab("02-3")
    panel.set(goroutines=10)
    assert (made, panel.sweep_box.sweepers) == ([], {})


def test_a_panel_without_a_sweep_shows_no_empty_box() -> None:
    assert lab("00").sweep_box.box.layout.display == "none"


def test_a_sweep_runs_with_what_the_controls_stand_at_when_run_is_pressed() -> None:
    panel, sweeper = opened("02-3")
    panel.set(task_us=99, gomaxprocs=3)
    sweeper.run_button.click()
    assert sweeper.wait(ENOUGH_S)
    spec = LABS["02-3-run-queues"]
    made = job(spec, spec.sweeps[0], {"task_us": 99, "gomaxprocs": 3})
    expected = sweep(
        made.program, made.axes, made.seeds, config=made.config, arguments=made.arguments, measures=made.measures
    )
    assert sweeper.table == expected
    assert sweeper.table != sweep(made.program, made.axes, made.seeds, measures=made.measures)


def test_a_sweep_of_values_that_no_run_has_is_told_in_one_sentence() -> None:
    panel, sweeper = opened("02-3")
    panel._shown["task_us"] = -1
    sweeper.run_button.click()
    assert "task_us = -1 is not possible" in sweeper.alert.value and sweeper.table is None


def test_theme_and_width_of_the_panel_reach_its_sweeps() -> None:
    panel, sweeper = opened("02-3")
    light = sweeper.figure.layout.paper_bgcolor
    panel.page.theme, panel.page.width = "dark", 900
    assert sweeper.figure.layout.paper_bgcolor != light
    assert sweeper.figure.layout.width == 860


def test_axis_and_lines_are_told_in_the_words_of_the_controls() -> None:
    _, sweeper = opened("05")
    assert sweeper.figure.layout.xaxis.title.text == "GOMAXPROCS"
    names = [trace.name for trace in sweeper.figure.data if trace.mode == "lines+markers"]
    assert names == ["CPU quota: 100", "CPU quota: 200", "CPU quota: 400"]
