"""What a stored notebook keeps of a panel, and the words beside each of its views."""

from __future__ import annotations

import re
from html import unescape

import pytest

from gmp_lab import simulate
from gmp_lab.draw import text_timeline
from gmp_lab.metrics import measured
from gmp_lab.widgets import LABS, Lab, lab
from gmp_lab.widgets.stored import value_words
from gmp_lab.widgets.viewlist import VIEWS, View

WIDGET = "application/vnd.jupyter.widget-view+json"


def stored(panel: Lab) -> dict[str, str]:
    """What is left of the output when the notebook tool has thrown the widget away."""
    bundle = panel._repr_mimebundle_()
    assert WIDGET in bundle
    return {kind: text for kind, text in bundle.items() if kind != WIDGET}


def words(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", page)).split())


@pytest.mark.parametrize("name", list(LABS))
def test_two_panels_of_a_chapter_are_stored_alike_and_small(name: str) -> None:
    one, other = stored(lab(name)), stored(lab(name))
    assert one == other and set(one) == {"text/plain", "text/html"}
    assert sum(map(len, one.values())) < 12_000
    assert not re.search(r"0x[0-9a-f]{6}|[0-9a-f]{32}", "".join(one.values()))


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
@pytest.mark.parametrize("name", list(LABS))
def test_what_is_stored_tells_controls_figures_findings_and_the_timeline(name: str, kind: str) -> None:
    spec, told = LABS[name], words(stored(lab(name))[kind])
    rec = simulate(*spec.make({}))
    for control in spec.controls:
        assert " ".join(f"{control.label} {value_words(control, control.default)}".split()) in told
    for measure, value, unit in measured(rec, spec.figures):
        assert " ".join(f"{measure} {value:,} {unit}".split()) in told
    for view in spec.views:
        assert VIEWS[view].title(rec, None) in told
    assert " ".join(text_timeline(rec, most=24).split()) in told


def test_what_is_stored_is_of_the_run_that_is_shown() -> None:
    panel = lab("01")
    before = stored(panel)
    panel.set(gomaxprocs=2, goroutines=40)
    assert "goroutines  40" in re.sub(" {3,}", "  ", stored(panel)["text/plain"])
    panel.reset()
    assert stored(panel) == before


def test_a_refused_run_leaves_what_is_stored_as_it_was() -> None:
    panel = lab("01")
    panel.set(goroutines=500)
    before = stored(panel)["text/html"]
    panel.controls["goroutines"].max = 501  # beyond what the declaration allows
    panel.controls["goroutines"].value = 501
    assert panel.alert.value and stored(panel)["text/html"] == before


@pytest.mark.parametrize(("value", "said"), [(0, "as the version"), (8, "8 KiB")])
def test_a_rung_with_a_meaning_of_its_own_has_no_unit(value: int, said: str) -> None:
    control = next(c for c in LABS["02-1-goroutine-and-stack"].controls if c.name == "initial")
    assert value_words(control, value) == said


@pytest.mark.parametrize("view", list(VIEWS))
def test_every_view_is_in_some_panel(view: str) -> None:
    assert any(view in spec.views for spec in LABS.values())


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("view", list(VIEWS))
def test_a_views_title_is_that_of_its_figure_and_its_twin_begins_with_it(view: str, half: bool) -> None:
    spec = [spec for spec in LABS.values() if view in spec.views][-1]
    rec = simulate(*spec.make({}))
    window = (0, rec.end_ns // 2) if half else None
    one = VIEWS[view]
    title = one.title(rec, window)
    if isinstance(one, View):
        assert one.make(rec, window=window).layout.title.text == title
    else:
        assert title in words(one.html(rec, window, "light"))
    twin = one.twin(rec, window)
    assert view == "queues" or twin.startswith(title)
    assert len(twin.splitlines()) > 2 and re.search(r"\d", twin) and len(title) < 130
