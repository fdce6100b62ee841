"""The colours, computed: contrast with the page, lightness apart, letters and patterns apart."""

from __future__ import annotations

import re
from itertools import combinations
from math import dist
from pathlib import Path

import pytest

from gmp_lab import ConfigError
from gmp_lab.draw.palette import LINES, LOOKS, PAGES, THEMES, colorscale, colour, contrast, lightness, page
from gmp_lab.metrics import G_STATES, M_STATES, P_STATES

# A thread is sysmon or parked, never one after the other: these two share a look on purpose.
KINDS = (P_STATES, G_STATES, tuple(state for state in M_STATES if state != "sysmon"))
PICTURES = [(kind, theme) for kind in KINDS for theme in THEMES]
QUIET = {"idle", "parked", "dead", "waking", "starting", "waiting", "polling", "locked", "sysmon"}

# How the three kinds of dichromats see linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
SEEN = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(code: str) -> tuple[float, ...]:
    parts = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of linear RGB."""
    r, g, b = (min(1.0, max(0.0, c)) for c in rgb)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    x, y, z = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize(("states", "theme"), PICTURES)
def test_states_of_one_picture_differ_in_lightness(states: tuple[str, ...], theme: str) -> None:
    pairs = combinations({colour(state, theme): state for state in states}.items(), 2)
    least = 8 if len(states) <= 7 else 6
    close = [(s, t) for (a, s), (b, t) in pairs if abs(lightness(a) - lightness(b)) < least]
    assert close == []


@pytest.mark.parametrize("kind", SEEN)
@pytest.mark.parametrize(("states", "theme"), PICTURES)
def test_states_stay_apart_for_colour_blind_readers(states: tuple[str, ...], theme: str, kind: str) -> None:
    def seen(state: str) -> tuple[float, float, float]:
        rgb = linear(colour(state, theme))
        return lab(tuple(sum(k * c for k, c in zip(row, rgb, strict=True)) for row in SEEN[kind]))

    close = [
        (s, t)
        for s, t in combinations(states, 2)
        if sum((a - b) ** 2 for a, b in zip(seen(s), seen(t), strict=True)) ** 0.5 < 6
    ]
    assert close == []


@pytest.mark.parametrize("theme", THEMES)
def test_busy_states_stand_out_from_the_page(theme: str) -> None:
    paper = page(theme).paper
    faint = [state for state in LOOKS if state not in QUIET and contrast(colour(state, theme), paper) < 3]
    assert faint == []
    assert min(contrast(line, paper) for line in page(theme).lines) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_lines_of_one_picture_stand_out_from_the_page(theme: str) -> None:
    assert min(contrast(line.colour(theme), page(theme).paper) for line in LINES) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", SEEN)
def test_lines_stay_apart_for_colour_blind_readers(kind: str, theme: str) -> None:
    def seen(code: str) -> tuple[float, float, float]:
        return lab(tuple(sum(k * c for k, c in zip(row, linear(code), strict=True)) for row in SEEN[kind]))

    pairs = combinations([line.colour(theme) for line in LINES], 2)
    assert [pair for pair in pairs if dist(seen(pair[0]), seen(pair[1])) < 6] == []


def test_lines_differ_in_dash_and_in_sign() -> None:
    assert len({line.dash for line in LINES}) == len({line.symbol for line in LINES}) == len(LINES)


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_readable_on_the_page_and_on_the_states(theme: str) -> None:
    look = page(theme)
    assert contrast(look.ink, look.paper) >= 7
    on_states = {s: max(contrast(ink, colour(s, theme)) for ink in (look.ink, look.paper)) for s in LOOKS}
    assert min(on_states.values()) >= 4.5, on_states


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", ["running", "syscall"])
def test_the_label_in_a_bar_is_readable(state: str, theme: str) -> None:
    assert contrast(page(theme).paper, colour(state, theme)) >= 4.5


@pytest.mark.parametrize("states", [P_STATES, G_STATES, M_STATES])
def test_every_state_has_a_look_and_a_letter_of_its_own(states: tuple[str, ...]) -> None:
    assert len({LOOKS[state].letter for state in states}) == len({LOOKS[s].words for s in states}) == len(states)


@pytest.mark.parametrize("states", KINDS)
def test_bars_are_told_apart_by_their_patterns(states: tuple[str, ...]) -> None:
    shown = [LOOKS[state].pattern for state in states if state not in ("idle", "dead", "parked")]
    assert len(set(shown)) == len(shown)


def test_known_contrasts_come_out() -> None:
    assert (contrast("#000000", "#ffffff"), contrast("#777777", "#ffffff")) == (21, pytest.approx(4.48, abs=0.01))
    assert (lightness("#ffffff"), lightness("#777777")) == (pytest.approx(100), pytest.approx(50.03, abs=0.01))


def test_a_colour_scale_is_flat_over_each_state() -> None:
    a, b = (colour(state, "light") for state in ("idle", "running"))
    assert colorscale(("idle", "running"), "light") == [[0, a], [0.5, a], [0.5, b], [1, b]]


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(ConfigError, match="'light', 'dark'"):
        colour("running", "blue")
    assert set(PAGES) == set(THEMES)


def test_no_figure_has_a_colour_of_its_own(root: Path) -> None:
    others = [path for path in (root / "gmp_lab" / "draw").glob("*.py") if path.name != "palette.py"]
    found = {path.name: re.findall(r"#[0-9a-fA-F]{6}\b|rgba?\(", path.read_text(encoding="utf-8")) for path in others}
    assert {name: codes for name, codes in found.items() if codes} == {}
