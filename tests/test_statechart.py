"""The state chart: counts and times of simulated runs and real traces, as numbers, picture and text."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gmp_lab import Config, ConfigError, Recording, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import steady_mix
from gmp_lab.draw import state_chart_svg, state_chart_text, state_chart_title
from gmp_lab.golang import parse_trace
from gmp_lab.metrics import spans, state_chart

REAL = Path(__file__).parent / "data" / "trace" / "syscalls_hog_1p.events.txt"


def mix() -> Recording:
    return simulate(Config(gomaxprocs=2), steady_mix(goroutines=6, bursts=6))


def real() -> Recording:
    lines = REAL.read_text(encoding="utf-8").splitlines(keepends=True)
    return parse_trace(line for line in lines if line.startswith("M="))


@pytest.mark.parametrize("make", [mix, real])
def test_the_counts_are_those_of_the_events(make: type[Recording]) -> None:
    rec = make()
    chart = state_chart(rec)
    executes = sum(e.kind == v.E_EXECUTE for e in rec)
    assert chart.changes["runnable", "running"] == executes
    assert chart.changes["running", "syscall"] == sum(e.kind == v.E_SYSCALL for e in rec)
    assert chart.changes["running", "waiting"] == sum(e.kind == v.E_PARK for e in rec)


@pytest.mark.parametrize("of", ["G", "P", "M"])
def test_the_times_are_those_of_the_stays(of: str) -> None:
    rec = mix()
    s = spans(rec, of=of)
    assert sum(one.total_ns for one in state_chart(rec, of=of).states) == int(s.length_ns.sum())
    half = state_chart(rec, 0, rec.end_ns // 2, of=of)
    assert sum(one.total_ns for one in half.states) < int(s.length_ns.sum())


@pytest.mark.parametrize("make", [mix, real])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("of", ["G", "P", "M"])
def test_the_picture_is_well_formed_and_says_what_the_text_says(make: type[Recording], of: str, theme: str) -> None:
    rec = make()
    svg, text = state_chart_svg(rec, of=of, theme=theme), state_chart_text(rec, of=of)
    root = ET.fromstring(svg)  # our own
    chart = state_chart(rec, of=of)
    drawn = ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("text")]
    assert len([x for x in drawn if re.fullmatch(r"[\d,]+", x)]) == len(chart.changes)
    there = [one for one in chart.states if one.state != "dead"]
    assert text.count("->") == len(chart.changes) and text.count("of the time") == len(there) + 1
    share = drawn[0].partition(": ")[2].partition(" of the time")[0]
    assert drawn.count(f"{share} of the time") >= 1  # the share of the title stands in one of the boxes
    assert drawn[0] == text.splitlines()[0] == state_chart_title(rec, of=of)
    assert root.attrib["role"] == "img" and "changes" in root.attrib["aria-label"]


def test_equal_runs_give_equal_pictures() -> None:
    assert state_chart_svg(mix()) == state_chart_svg(mix())


def test_a_bad_window_is_refused() -> None:
    with pytest.raises(ConfigError):
        state_chart_svg(mix(), window=(5, 1))
