"""Play the scheduler: fair questions, true answers, the right rule for each mistake, transcripts that cannot lie."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import play_reference
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Program, Recording, golang, params, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import callers, skewed, spawn
from gmp_lab.golang.gosource import GoSource
from gmp_lab.play import (
    KINDS,
    LENGTH,
    LEVELS,
    RULES,
    Game,
    Question,
    from_json,
    grade,
    questions,
    situation,
    to_json,
)
from gmp_lab.play.situations import _situation
from gmp_lab.replay import State, state_after
from gmp_lab.workload import Body, WaitGroup, go, gosched, work

SEEDS = st.integers(0, 2**31 - 1)
Which = tuple[int, str]
ANY = st.tuples(SEEDS, st.sampled_from(LEVELS))


def asked(levels: tuple[str, ...], seeds: range) -> Iterator[tuple[Recording, Question]]:
    """Every question of these situations, with its run."""
    for level in levels:
        for seed in seeds:
            told = situation(seed, level)
            yield from ((told.recording, question) for question in told.questions)


# --- what a question is ------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(ANY)
def test_a_situation_has_six_decisions_in_order_of_time(which: Which) -> None:
    told = situation(*which)
    events = [question.event for question in told.questions]
    assert len(events) == LENGTH == 6 and events == sorted(set(events))
    assert {question.kind for question in told.questions} <= set(KINDS[told.level])


@settings(max_examples=25)
@given(ANY)
def test_a_question_has_one_right_option_and_others_that_differ(which: Which) -> None:
    for question in situation(*which).questions:
        points = [option.points for option in question.options]
        assert points.count(1) == 1 and set(points) <= {0, 0.5, 1} and 3 <= len(points) <= 4
        assert len({o.id for o in question.options}) == len({o.words for o in question.options}) == len(points)
        assert all((option.breaks == "") == (option.points == 1) for option in question.options)
        assert {question.rule, *(option.breaks or question.rule for option in question.options)} <= RULES.keys()


@settings(max_examples=25)
@given(ANY)
def test_the_model_s_own_answers_get_all_points(which: Which) -> None:
    game = Game(*which)
    while game.question is not None:
        assert game.decide(game.question.right.id).right
    assert game.score.points == game.score.possible == 6 and game.score.answered == 6


@settings(max_examples=25)
@given(ANY, st.data())
def test_wrong_answers_get_less_than_half_however_they_are_chosen(which: Which, data: st.DataObject) -> None:
    game = Game(*which)
    while game.question is not None:
        wrong = [option.id for option in game.question.options if option.points < 1]
        assert not game.decide(data.draw(st.sampled_from(wrong))).right
    assert 0 <= game.score.points < game.score.possible / 2


def test_where_the_right_option_stands_says_nothing() -> None:
    places = Counter(
        (len(question.options), [option.points for option in question.options].index(1))
        for _, question in asked(LEVELS, range(40))
    )
    for length in (3, 4):
        counts = [places[length, place] for place in range(length)]
        assert max(counts) < 1.4 * sum(counts) / length, counts


def test_every_kind_can_be_played_alone_and_has_different_options_to_choose() -> None:
    for kind in KINDS["full"]:
        level = next(level for level in LEVELS if kind in KINDS[level])
        told = situation(3, level, (kind,))
        assert {question.kind for question in told.questions} == {kind}


def test_several_kinds_are_all_played_if_they_are_few() -> None:
    told = situation(4, "several", ("next", "half", "where"))
    assert {question.kind for question in told.questions} == {"next", "half", "where"}


def test_a_level_asks_what_the_one_below_cannot_ask() -> None:
    for below, level in pairwise(LEVELS):
        new = set(KINDS[level]) - set(KINDS[below])
        assert all({q.kind for q in situation(seed, level).questions} & new for seed in range(20))


# --- the truth ---------------------------------------------------------------------------------------------------


def agrees(rec: Recording, question: Question) -> bool:
    """The right option is the one that the rules give, applied to nothing but the stage and the question's words."""
    found = play_reference.answer(rec, question)
    return question.right.id == found or (found == "steal" and question.right.id.startswith("steal P"))


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_situations_are_decided_by_the_rules_and_by_what_is_shown(level: str) -> None:
    wrong = [
        (question.kind, question.text)
        for rec, question in asked((level,), range(70))
        if not agrees(rec, question)
    ]
    assert wrong == []


@pytest.mark.parametrize("go", ["1.27", "1.25", "1.19", "1.4"])
def test_every_decision_of_a_run_is_decided_by_the_rules(go: str) -> None:
    program = callers(goroutines=7, call_percent=60, call_us=400, rounds=6)
    rec = simulate(Config(gomaxprocs=3, go=go), program)
    found = questions(rec, KINDS["full"])
    assert len(found) > 100 and [q.text for q in found if not agrees(rec, q)] == []


def test_the_truth_is_the_recording_s_and_not_the_rule_s() -> None:
    rec = simulate(Config(gomaxprocs=3, steal="one"), skewed(tasks=60))
    halves = questions(rec, ("half",))
    assert {question.right.id for question in halves} == {"take 1"}
    assert not all(agrees(rec, question) for question in halves)


def test_the_stage_is_the_one_just_before_the_decision() -> None:
    between = {"exit": {v.E_RETAKE, v.E_ACQUIRE_P, v.E_PIDLE_GET}, "handoff": {v.E_RETAKE, v.E_RELEASE_P}}
    for rec, question in asked(LEVELS, range(40)):
        passed = range(question.shown + 1, question.event)
        assert {rec.kind[i] for i in passed} <= between.get(question.kind, set()), question
        assert all(rec.t[i] == rec.t[question.event] for i in passed)


def _next(rec: Recording, q: Question, after: State) -> bool:
    if q.right.id == "idle":
        return after.ms[rec.m[q.event]].p < 0
    if q.right.id.startswith("steal"):
        return v.steal_unpack(rec.arg[q.event])[0] == int(q.right.id.removeprefix("steal P"))
    return q.right.words.startswith(f"G{rec.g[q.event]} ")


def _where(rec: Recording, q: Question, after: State) -> bool:
    g, p = rec.g[q.event], after.ps[max(0, rec.p[q.event])]
    places = {"runnext": p.runnext == g, "ring tail": bool(p.runq) and p.runq[-1] == g}
    places["global"] = bool(after.runq) and after.runq[-1] == g
    return places[q.right.id]


def _share(rec: Recording, q: Question, after: State) -> bool:
    before = state_after(rec, q.event)
    return q.right.id == f"take {len(before.runq) - len(after.runq)}"


def _half(rec: Recording, q: Question, after: State) -> bool:
    victim = v.steal_unpack(rec.arg[q.event])[0]
    before = state_after(rec, q.event)
    return q.right.id == f"take {len(before.ps[victim].runq) - len(after.ps[victim].runq)}"


def _overflow(rec: Recording, q: Question, after: State) -> bool:
    before = state_after(rec, q.event)
    oldest = list(before.ps[rec.p[q.event]].runq)[:128]
    return list(after.runq)[-129:] == [*oldest, rec.g[q.event]]


HAPPENED: dict[str, Callable[[Recording, Question, State], bool]] = {
    "next": _next, "where": _where, "share": _share, "half": _half, "overflow": _overflow,
}  # fmt: skip


def test_after_the_event_the_state_is_what_the_right_option_says() -> None:
    for rec, question in asked(LEVELS, range(40)):
        if question.kind in HAPPENED:
            after = state_after(rec, question.event + 1)
            assert HAPPENED[question.kind](rec, question, after), question


def test_nothing_is_asked_about_a_version_without_queues_of_ps() -> None:
    old = simulate(Config(go="1.0"), spawn(goroutines=10))
    assert questions(old, KINDS["full"]) == []


# --- scenes worked out by hand -----------------------------------------------------------------------------------


def _worker() -> Body:
    yield work(us=5)
    yield gosched()
    yield work(us=5)


def _three(wg: WaitGroup) -> Body:
    yield wg.Add(0)
    for _ in range(3):
        yield go(_worker)
    yield work(us=1)
    yield gosched()
    yield work(us=50)


@pytest.fixture(scope="module")
def three() -> Recording:
    """One P.  main (G1) starts G2, G3, G4 and gives way: runnext is G4, the ring is G2 G3, the global queue G1."""
    return simulate(Config(gomaxprocs=1), Program(lambda: _three(WaitGroup()), name="three"))


def test_the_hand_worked_scene_is_the_scene(three: Recording) -> None:
    first = next(q for q in questions(three, ("next",)) if state_after(three, q.shown + 1).runq)
    s = state_after(three, first.shown + 1)
    assert (s.ps[0].runnext, list(s.ps[0].runq), list(s.runq)) == (4, [2, 3], [1])
    assert first.right.words == "G4 worker, its runnext"


def test_who_gives_way_goes_behind_the_others(three: Recording) -> None:
    yields = [q for q in questions(three, ("where",)) if "Gosched" in q.text]
    assert {(q.right.id, q.rule) for q in yields} == {("global", "to global")} and len(yields) == 4


def test_the_order_of_the_hand_worked_scene_is_runnext_ring_global(three: Recording) -> None:
    order = [q.right.words.split()[0] for q in questions(three, ("next",)) if q.right.id != "idle"]
    assert order[:4] == ["G4", "G2", "G3", "G1"]  # who was made last, the others, then the queue that G1 is in


# right option, another one, the rule that this one breaks, the points that it gets
MISTAKES: list[tuple[str, str, str, str, str, float]] = [
    ("basic", "next", "runnext", "ring head", "runnext", 0),
    ("basic", "next", "runnext", "global head", "own first", 0),
    ("basic", "next", "ring head", "ring tail", "ring", 0.5),
    ("basic", "next", "ring head", "global head", "own first", 0),
    ("basic", "next", "ring head", "idle", "idle", 0),
    ("basic", "next", "ring head", "waiting", "queued", 0),
    ("basic", "next", "global head", "global tail", "global", 0.5),
    ("basic", "where", "runnext", "ring tail", "to runnext", 0.5),
    ("basic", "where", "runnext", "global", "to runnext", 0),
    ("basic", "where", "global", "ring tail", "to global", 0),
    ("basic", "overflow", "half", "newest", "overflow", 0.5),
    ("basic", "overflow", "half", "alone", "overflow", 0),
    ("several", "next", "steal", "idle", "idle", 0),
    ("several", "next", "steal", "from", "queued", 0),
    ("several", "next", "steal", "spin", "steal", 0),
    ("several", "next", "idle", "spin", "idle", 0),
    ("several", "next", "global head", "steal", "global first", 0),
    ("several", "steal", "ring head", "ring tail", "oldest", 0.5),
    ("several", "steal", "ring head", "runnext", "runnext last", 0),
    ("several", "steal", "sleep", "at once", "runnext sleep", 0.5),
    ("several", "steal", "sleep", "never", "runnext last", 0),
    ("several", "wake", "wake", "nobody", "wake", 0),
    ("several", "wake", "wake", "all", "wake", 0),
    ("several", "wake", "nobody", "wake", "wake", 0),
    ("full", "exit", "keep", "waits", "exit keep", 0),
    ("full", "exit", "global", "ring", "exit none", 0.5),
    ("full", "exit", "take", "global", "exit P", 0),
    ("full", "exit", "take", "take", "wake top", 0.5),
    ("full", "exit", "back", "take", "exit P", 0.5),
    ("full", "handoff", "thread", "idle", "handoff", 0),
    ("full", "handoff", "idle", "moved", "handoff", 0),
    ("full", "preempt", "P", "nobody", "slice", 0),
    ("full", "net", "global", "wait", "net", 0),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda row: " ".join(map(str, row[1:4])))
def test_a_mistake_is_told_the_rule_that_it_breaks(mistake: tuple[str, str, str, str, str, float]) -> None:
    level, kind, right, wrong, rule, points = mistake
    for seed in range(300):
        for number, question in enumerate(situation(seed, level, (kind,)).questions):
            chosen = next((option for option in question.options if option.id.startswith(wrong)), None)
            if chosen is None or chosen.points == 1 or not question.right.id.startswith(right):
                continue
            if question.rule == "tick61":  # see the next test
                continue
            game = Game(seed, level, kinds=(kind,))
            game.at = number
            verdict = game.decide(chosen.id)
            assert (chosen.breaks, chosen.points, verdict.rule) == (rule, points, rule)
            assert str(RULES[rule]) in verdict.said and question.right.words in verdict.said
            return
    pytest.fail("no such question in 300 situations")


def test_at_a_61st_tick_every_other_queue_breaks_that_rule() -> None:
    found = [q for _, q in asked(LEVELS, range(40)) if q.rule == "tick61"]
    broken = {(o.id.split()[0], o.breaks) for q in found for o in q.options if o.id.split()[0] in ("ring", "runnext")}
    assert {("ring", "tick61")} <= broken <= {("ring", "tick61"), ("runnext", "tick61")}


def test_a_wrong_number_next_to_the_rule_s_is_half_right() -> None:
    points: dict[tuple[int, int], set[tuple[int, float]]] = {}
    for rec, question in asked(("several",), range(70)):
        if question.kind == "half":
            have = len(state_after(rec, question.event).ps[v.steal_unpack(rec.arg[question.event])[0]].runq)
            options = {(int(o.id.removeprefix("take ")), o.points) for o in question.options}
            points.setdefault((have, have // 2), set()).update(options)
    odd = [(points[key], floor) for key in points if (floor := key[1]) > 1 and key[0] % 2]
    assert odd and all((floor, 0.5) in given or (floor, 0) not in given for given, floor in odd)


@pytest.mark.go
@pytest.mark.parametrize("name", RULES)
def test_the_function_of_a_rule_is_in_go_s_source(name: str) -> None:
    source = GoSource(golang.require_toolchain("1.27").goroot)
    assert source.declaration(RULES[name].file, RULES[name].function)


# --- the same everywhere -----------------------------------------------------------------------------------------

_PRINT = """
from gmp_lab.play import LEVELS, situation
for level in LEVELS:
    told = situation(11, level)
    print(level, told.recording.digest(), *told.questions, sep="\\n")
"""


def test_a_situation_is_equal_in_another_process_with_other_hashes() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", _PRINT], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said[0] == said[1] and "Question(kind=" in said[0]


def test_a_situation_is_equal_when_it_is_made_again() -> None:
    made = [_situation.__wrapped__(5, level, ()) for level in LEVELS]
    assert [(told.recording.digest(), told.questions) for told in made] == [
        (situation(5, level).recording.digest(), situation(5, level).questions) for level in LEVELS
    ]


def test_neighbouring_seeds_are_different_situations() -> None:
    texts = {tuple(q.text for q in situation(seed, level).questions) for seed in range(30) for level in LEVELS}
    assert len(texts) == 90


# --- the game ----------------------------------------------------------------------------------------------------


def right(game: Game) -> str:
    assert game.question is not None
    return game.question.right.id


def wrong(game: Game) -> str:
    assert game.question is not None
    return next(option.id for option in game.question.options if option.points == 0)


def seen(game: Game) -> tuple[Any, ...]:
    """What a player can see of a game."""
    return game.at, game.question, game.score, game.model_run()


@settings(max_examples=20)
@given(ANY, st.lists(st.booleans(), max_size=6))
def test_undo_leads_back_to_the_fresh_game_and_redo_to_the_same_place(which: Which, made: list[bool]) -> None:
    fresh, game = Game(*which), Game(*which)
    states = [seen(game)]
    choices = []
    for good in made:
        choices.append(right(game) if good else wrong(game))
        game.decide(choices[-1])
        states.append(seen(game))
    for state in reversed(states[:-1]):
        assert game.undo() and seen(game) == state
    assert seen(game) == seen(fresh) and not game.undo()
    for choice, state in zip(choices, states[1:], strict=True):
        game.decide(choice)
        assert seen(game) == state


def test_in_practice_the_last_answer_counts_and_in_an_exam_the_first() -> None:
    points = {}
    for mode in ("practice", "exam"):
        game = Game(1, "basic", mode)
        game.decide(wrong(game))
        game.undo()
        game.decide(right(game))
        points[mode] = game.score.points
    assert points == {"practice": 1, "exam": 0}


def test_what_is_taken_back_in_practice_does_not_count() -> None:
    game = Game(1)
    game.decide(right(game))
    game.undo()
    assert str(game.score) == "0 of 6 points; 0 of 6 decisions made"


def test_the_model_run_tells_every_decision_from_here_on() -> None:
    game = Game(2, "several")
    game.decide(right(game))
    told = game.model_run()
    assert len(told) == 5
    assert all(one.right.words in line for one, line in zip(game.situation.questions[1:], told, strict=True))


def test_in_an_exam_the_model_run_comes_last() -> None:
    game = Game(2, mode="exam")
    with pytest.raises(ConfigError, match="practice"):
        game.model_run()
    while game.question is not None:
        game.decide(right(game))
    assert len(game.model_run()) == 6


def test_a_decision_that_there_is_not_is_refused_and_nothing_is_decided() -> None:
    game = Game(1)
    with pytest.raises(ConfigError, match="option"):
        game.decide("somewhere else")
    assert game.at == 0 and game.answers == [[]] * 6


def test_after_the_last_decision_none_is_taken() -> None:
    game = Game(1)
    while game.question is not None:
        game.decide(right(game))
    with pytest.raises(ConfigError, match="all is decided"):
        game.decide("runnext")


def test_a_right_answer_is_told_its_rule_and_what_happened() -> None:
    game = Game(1)
    question = game.question
    assert question is not None
    said = game.decide(question.right.id).said
    assert said.startswith("Right.") and str(RULES[question.rule]) in said and "The run goes on, at" in said


BAD: list[tuple[str, tuple[Any, ...]]] = [
    ("seed", (-1,)), ("seed", (2**31,)), ("seed", ("1",)), ("seed", (True,)), ("level", (1, "hard")),
    ("level", (1, None)), ("kinds", (1, "basic", ("half",))), ("kinds", (1, "full", ("nonsense",))),
    ("kinds", (1, "full", "next")), ("kinds", (1, "full", ["next"])),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), BAD)
def test_a_situation_that_there_is_not_is_refused(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ConfigError, match=name):
        situation(*arguments)


# --- transcripts -------------------------------------------------------------------------------------------------


def played(good: int = 4) -> Game:
    game = Game(9, "several", "exam", ("next", "half"))
    for number in range(5):
        game.decide(right(game) if number < good else wrong(game))
    game.undo()
    return game


@settings(max_examples=20)
@given(ANY, st.lists(st.integers(0, 2), max_size=12), st.data())
def test_a_transcript_brings_the_game_back_as_it_was(which: Which, moves: list[int], data: st.DataObject) -> None:
    game = Game(*which)
    for move in moves:
        if move == 0 or game.question is None:
            game.undo()
        else:
            game.decide(data.draw(st.sampled_from(game.question.options)).id)
    again = from_json(to_json(game))
    assert seen(again) == seen(game) and again.answers == game.answers and to_json(again) == to_json(game)


def test_a_transcript_is_graded_by_its_answers() -> None:
    text = to_json(played())
    assert grade(text, seed=9, level="several").points == 4
    assert (grade(text).answered, grade(text, mode="practice").answered) == (5, 4)


@pytest.mark.parametrize(("name", "asked_for"), [("seed", {"seed": 8}), ("level", {"level": "full"})])
def test_a_transcript_of_another_situation_is_refused(name: str, asked_for: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=name):
        grade(to_json(played()), **asked_for)


def changed(**new: Any) -> str:
    return json.dumps({**json.loads(to_json(played())), **new})


ROWS = json.loads(to_json(played()))["answers"]
FORGED = {
    "points in it": changed(points=6),
    "another format": changed(format="gmp-lab-play-9"),
    "a key less": json.dumps({k: x for k, x in json.loads(to_json(played())).items() if k != "mode"}),
    "seed as text": changed(seed="9"),
    "seed as truth": changed(seed=True),
    "seed too large": changed(seed=2**31),
    "unknown level": changed(level="easy"),
    "level as list": changed(level=["full"]),
    "unknown mode": changed(mode="god"),
    "unknown kind": changed(kinds=["all"]),
    "kinds as text": changed(kinds="next"),
    "kinds as numbers": changed(kinds=[1]),
    "other kinds": changed(kinds=["wake"]),
    "an option of nowhere": changed(answers=[["cheat"], *ROWS[1:]]),
    "a row more": changed(answers=[*ROWS, []]),
    "a row less": changed(answers=ROWS[:-1]),
    "rows as text": changed(answers=["take 1"] * 6),
    "answers as numbers": changed(answers=[[1], *ROWS[1:]]),
    "a gap": changed(answers=[[], *ROWS[1:]]),
    "ahead of the answers": changed(at=6),
    "before the first": changed(at=-1),
    "at as truth": changed(at=True),
    "no JSON": "{",
    "a list": "[]",
    "a number": "3",
    "nothing": "",
    "endless": "[" * 50_000,
    "too long": " " * 100_001,
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_transcript_that_no_game_wrote_is_refused(forged: str) -> None:
    with pytest.raises(ConfigError):
        grade(forged)


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_what_is_no_transcript_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(ConfigError, match="transcript"):
        from_json(text)


@settings(max_examples=60)
@given(st.integers(0, 400), st.characters(codec="ascii"))
def test_a_transcript_with_one_sign_changed_is_refused_or_graded_without_a_crash(at: int, sign: str) -> None:
    text = to_json(played())
    broken = text[: at % len(text)] + sign + text[at % len(text) + 1 :]
    try:
        score = grade(broken)
    except ConfigError:
        return
    assert 0 <= score.points <= 6


def test_every_version_that_is_played_has_a_row() -> None:
    played_versions = {rec.config.go for rec, _ in asked(("full",), range(60))}
    assert played_versions == {"1.27", "1.25", "1.19", "1.4"} <= params.VERSIONS.keys()
