"""Step, play, scrub: the stage is the one after the event, the mark stands at its time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_checks import expected

from gmp_lab import Recording, state_after
from gmp_lab import vocabulary as v
from gmp_lab.draw import stage_html, stage_text
from gmp_lab.replay import Replay
from gmp_lab.widgets import LABS, Lab, lab
from gmp_lab.widgets.stepper import STOPS, THIS_G, next_stop


@pytest.fixture
def panel() -> Lab:
    return lab("01")


def mark(panel: Lab) -> float:
    """Time in ns at which the figure is marked."""
    (line,) = panel.views.figure.layout.shapes
    assert line.x0 == line.x1
    return round(line.x0 * panel.views.figure.layout.meta["unit_ns"])


def on_stage(panel: Lab, event: int, theme: str = "light") -> bool:
    """The stage and the mark are those of an event."""
    rec = panel.recording
    return panel.stepper.stage.value == stage_html(rec, event, theme=theme) and mark(panel) == rec.t[event]


def test_a_run_begins_on_stage_where_main_begins(panel: Lab) -> None:
    event = panel.recording[panel.stepper.event]
    assert (event.kind, event.g, event.t) == (v.E_EXECUTE, 1, 0) and on_stage(panel, panel.stepper.event)


def test_the_scrubber_shows_the_state_after_any_event(panel: Lab) -> None:
    count = len(panel.recording)
    for event in (0, 1, count // 2, count - 1, 17):
        panel.stepper.slider.value = event + 1
        assert on_stage(panel, event), event


def test_stepping_forward_and_back_visits_every_event(panel: Lab) -> None:
    start = panel.stepper.event
    visited = []
    for button in (panel.stepper.forward,) * 30 + (panel.stepper.back,) * 30:
        button.click()
        visited.append(panel.stepper.event if on_stage(panel, panel.stepper.event) else None)
    assert visited == [*range(start + 1, start + 31), *range(start + 29, start - 1, -1)]


def wanted(rec: Recording, words: str) -> list[int]:
    return [i for i, event in enumerate(rec) if event.kind in STOPS[words]]


ELSEWHERE = {
    "the collector changes its phase": "03-3", "the world is stopped or started": "03-3",
    "a stack grows or shrinks": "02-1",
}  # fmt: skip


@pytest.mark.parametrize("words", [words for words in STOPS if "preempted" not in words])
def test_steps_stop_at_the_events_that_were_asked_for(words: str) -> None:
    panel = lab(ELSEWHERE.get(words, "01"))
    panel.stepper.go(0)
    panel.stepper.stops.value = words
    for _ in range(5):
        panel.stepper.forward.click()
    stops = [i for i in wanted(panel.recording, words) if i > 0]
    assert panel.stepper.event == stops[4]


def test_after_the_last_event_of_a_kind_the_stage_stays_and_says_so(panel: Lab) -> None:
    panel.stepper.stops.value = "work is stolen"
    last = wanted(panel.recording, "work is stolen")[-1]
    panel.stepper.go(last)
    panel.stepper.forward.click()
    assert (panel.stepper.event, panel.stepper.note.value) == (last, "no later event of this kind")


def test_before_the_first_event_of_a_kind_the_stage_stays_and_says_so(panel: Lab) -> None:
    panel.stepper.stops.value = "work is stolen"
    panel.stepper.back.click()
    assert panel.stepper.note.value == "no earlier event of this kind"


def test_every_kind_of_event_can_be_stopped_at() -> None:
    rec = expected(LABS["01-gmp-model"], {})
    assert all(next_stop(rec, i - 1, 1, STOPS["every event"]) == i for i in range(len(rec)))


def test_each_tick_of_the_player_is_one_step(panel: Lab) -> None:
    panel.stepper.stops.value = "a goroutine starts to run"
    for tick in (1, 2, 3):
        panel.stepper.play.value = tick
    later = [i for i in wanted(panel.recording, "a goroutine starts to run") if i > panel.stepper._home]
    assert panel.stepper.event == later[2]


def test_the_player_stops_at_the_end(panel: Lab) -> None:
    panel.stepper.play.playing = True
    panel.stepper.go(len(panel.recording) - 1)
    panel.stepper.play.value = 1
    assert panel.stepper.play.playing is False


def test_the_players_stop_button_goes_to_the_start(panel: Lab) -> None:
    start = panel.stepper.event
    panel.stepper.play.value = 3
    panel.stepper.play.value = 0
    assert panel.stepper.event == start


def test_the_first_button_goes_to_the_start(panel: Lab) -> None:
    start = panel.stepper.event
    panel.stepper.go(200)
    panel.stepper.first.click()
    assert panel.stepper.event == start


def test_another_run_is_shown_from_its_start_if_the_student_has_not_moved(panel: Lab) -> None:
    panel.controls["gomaxprocs"].value = 9
    event = panel.recording[panel.stepper.event]
    assert (event.kind, event.g, event.t) == (v.E_EXECUTE, 1, 0) and on_stage(panel, panel.stepper.event)


def test_another_run_is_shown_at_the_same_time_if_the_student_has_moved(panel: Lab) -> None:
    panel.stepper.go(400)
    t = panel.recording.t[400]
    panel.controls["goroutines"].value = 40
    rec, event = panel.recording, panel.stepper.event
    assert rec.t[event] <= t < rec.t[event + 1] and on_stage(panel, event)


def test_another_run_that_is_shorter_is_shown_at_its_end(panel: Lab) -> None:
    panel.controls["goroutines"].value = 400
    panel.stepper.go(len(panel.recording) - 1)
    panel.controls["goroutines"].value = 1
    assert panel.stepper.event == len(panel.recording) - 1 == panel.stepper.slider.max - 1


def test_the_mark_follows_into_the_other_view(panel: Lab) -> None:
    panel.stepper.go(300)
    panel.views.bar.value = "queues"
    marked = mark(panel)
    panel.stepper.go(500)
    panel.views.bar.value = "timeline"
    assert (marked, mark(panel)) == (panel.recording.t[300], panel.recording.t[500])


def test_the_stage_follows_the_theme(panel: Lab) -> None:
    panel.stepper.go(100)
    panel.page.theme = "dark"
    assert on_stage(panel, 100, theme="dark")


def test_the_instant_in_words_is_that_of_the_stage(panel: Lab) -> None:
    panel.texts.box.selected_index = list(panel.texts.bodies).index("This instant in words")
    panel.stepper.go(250)
    first_line = stage_text(panel.recording, 250).splitlines()[0]
    assert first_line in panel.texts.bodies["This instant in words"].value


# --- any sequence of moves ----------------------------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(st.just("scrub"), st.floats(0, 1)),
    st.tuples(st.just("step"), st.sampled_from((1, -1))),
    st.tuples(st.just("stop at"), st.sampled_from((*STOPS, THIS_G))),
    st.tuples(st.just("goroutine"), st.integers(0, 20)),
    st.tuples(st.just("play"), st.integers(1, 5)),
    st.tuples(st.just("first"), st.none()),
    st.tuples(st.just("another run"), st.integers(1, 24)),
    st.tuples(st.just("part"), st.floats(0.05, 1)),
)


def afresh(rec: Recording, at: int, by: int, words: str, g: int) -> int:
    """Where a step leads, found by looking at every event of the run."""
    if words == THIS_G:
        found = [i for i, e in enumerate(rec) if g and e.g == g]
    else:
        found = [i for i, e in enumerate(rec) if e.kind in STOPS[words]]
    ahead = [i for i in found if i > at] if by > 0 else [i for i in reversed(found) if i < at]
    return ahead[0] if ahead else at


@given(st.lists(MOVES, min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_after_any_moves_the_state_is_the_one_computed_afresh(moves: list[tuple[str, Any]]) -> None:
    panel = lab("01")
    stepper, at, words = panel.stepper, panel.stepper.event, "every event"
    for move, how in moves:
        rec = panel.recording
        g = panel.life.goroutine
        if move == "scrub":
            at = round(how * (len(rec) - 1))
            stepper.slider.value = at + 1
        elif move == "step":
            (stepper.forward if how > 0 else stepper.back).click()
            at = afresh(rec, at, how, words, g)
        elif move == "stop at":
            stepper.stops.value = words = how
        elif move == "goroutine":
            panel.life.field.value = how
        elif move == "play":
            for _ in range(how):
                stepper.play.value += 1
                at = afresh(rec, at, 1, words, g)
        elif move == "first":
            stepper.first.click()
            at = stepper._home
        elif move == "another run":
            panel.set(goroutines=how)
            at = stepper.event
        else:
            panel.look_at((0, max(1, round(how * rec.end_ns))))
        assert stepper.event == at
    fresh = expected(LABS["01-gmp-model"], panel.values)  # no checkpoint of an earlier move can be in it
    assert stepper.stage.value == stage_html(fresh, at)
    state = state_after(fresh, 0)
    replay = Replay(fresh.config)
    for event in list(fresh)[: at + 1]:
        replay.apply(event)
    assert state_after(panel.recording, at + 1) == replay.state != state
