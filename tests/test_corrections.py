"""The twenty-five corrections: complete, true for many settings, able to notice a runtime as the article has it."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutants import Mutant, change

from gmp_lab import ConfigError, claims, params, simulate
from gmp_lab.claims.misconceptions import ASKED, misconception
from gmp_lab.claims.source import source_has
from gmp_lab.corrections import Corrections, correction, corrections
from gmp_lab.corrections.demo import VERDICTS, Demo, Knob
from gmp_lab.corrections.model import DEMOS, texts
from gmp_lab.experiments import CATALOGUE
from gmp_lab.metrics import measured
from gmp_lab.runtime import gogo
from gmp_lab.widgets.labs import lab_spec
from gmp_lab.workload import OP_SYSCALL

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
TEXTS = list(texts().values())
CORRECTED, UNDECIDED = VERDICTS[True, False], VERDICTS[True, True]
every = pytest.mark.parametrize("name", list(DEMOS))


# --- what is said ---------------------------------------------------------------------------------------------------


def test_there_are_twenty_five_each_with_a_demonstration() -> None:
    assert len(TEXTS) == len(DEMOS) == len(corrections()) == 25
    assert list(texts()) == list(DEMOS)


def test_ids_can_be_read() -> None:
    assert [name for name in DEMOS if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_all_chapters_about_the_runtime_have_some_and_they_stand_in_the_articles_order() -> None:
    sections = [one.sections[0] for one in TEXTS]
    assert {s[0] for s in sections} == {"1", "2", "3", "4"} and sections == sorted(sections)


@every
def test_it_comes_from_claims_that_are_not_true_and_from_misconceptions_about_these(name: str) -> None:
    one = texts()[name]
    assert one.claims and {claims.claim(c).verdict for c in one.claims} <= set(ASKED)
    assert one.misconceptions and all(set(misconception(m).claims) & set(one.claims) for m in one.misconceptions)


def test_no_claim_and_no_misconception_is_corrected_twice() -> None:
    told = [c for one in TEXTS for c in (*one.claims, *one.misconceptions)]
    assert sorted({c for c in told if told.count(c) > 1}) == ["1-07"]  # a sentence with two mistakes


@every
def test_notebook_experiment_and_function_exist(name: str) -> None:
    one = texts()[name]
    assert (NOTEBOOKS / f"{one.notebook}.ipynb").is_file() and (not one.real or one.real in CATALOGUE)
    assert source_has(one.file, one.symbol).holds is not False


@every
def test_its_sentences_are_short_and_its_own(name: str) -> None:
    one = texts()[name]
    said = (one.says, one.does, one.predicts, one.expects)
    assert all(text.endswith(".") and 10 < len(text) < 150 and text.isascii() for text in said)
    assert len({*said}) == 4 and all(text not in (other.says, other.does)
                                     for other in TEXTS if other is not one for text in said[:2])  # fmt: skip


@pytest.mark.parametrize("one", [one for one in TEXTS if one.panel], ids=lambda one: one.id)
def test_the_panel_shows_it_too(one: Any) -> None:
    spec, panel = lab_spec(one.panel.lab), one.panel
    assert panel.look in spec.figures
    runs = [simulate(*spec.make({**panel.set, panel.change: value})) for value in (panel.a, panel.b)]
    a, b = (measured(rec, [panel.look])[0][1] for rec in runs)
    shown = correction(one.id)
    assert (a != b) == (shown.a != shown.b), f"{panel.words()}: {a}, {b}"


# --- the demonstrations ---------------------------------------------------------------------------------------------


@every
def test_the_run_shows_the_correction_and_not_what_the_article_says(name: str) -> None:
    shown = correction(name)
    assert shown.verdict == CORRECTED, f"{shown.a}, {shown.b}"


def values(knob: Knob) -> st.SearchStrategy[Any]:
    first, last = knob.allowed[0], knob.allowed[-1]
    if isinstance(first, int) and not isinstance(first, bool):
        assert isinstance(last, int)
        near = st.integers(first, min(last, first + 12))
        return st.one_of(st.integers(first, last), near, st.just(last))
    return st.sampled_from(knob.allowed)


@st.composite
def settings_of(draw: st.DrawFn, demo: Demo) -> dict[str, Any]:
    rest = {knob.name: draw(values(knob)) for knob in demo.knobs[1:]}
    pair = draw(st.tuples(values(demo.changed), values(demo.changed)).filter(lambda two: two[0] != two[1]))
    return {demo.changed.name: pair, **rest}


@every
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_setting_within_the_ranges_speaks_for_the_article(name: str, data: st.DataObject) -> None:
    demo = DEMOS[name]
    chosen = demo.settings(data.draw(settings_of(demo)))
    seen = demo.compare(chosen)
    assert seen.holds, f"{chosen}: {seen.a}, {seen.b}: {seen.verdict}"


#: other settings with which the correction and the article differ: three for each demonstration
OTHERS: dict[str, list[dict[str, Any]]] = {
    "quota-sets-procs": [{"cores": 16}, {"quota_us": 550_000}, {"go": ("1.19", "1.25"), "cores": 4}],
    "newest-runs-first": [{"tasks": 3}, {"go": "1.5"}, {"go": ("1.2", "1.13"), "tasks": 200}],
    "half-a-ring-moves": [{"tasks": 259}, {"tasks": (258, 1000)}, {"tasks": 5000, "task_us": 1}],
    "network-blocks-no-thread": [{"goroutines": 200}, {"gomaxprocs": 4}, {"call_us": 5000, "seed": 7}],
    "stacks-are-copied": [{"depth": 300}, {"go": ("1.1", "1.4")}, {"goroutines": 16, "depth": 200}],
    "global-every-61st": [{"tasks": 300}, {"tasks": (50, 2000)}, {"task_us": 50}],
    "thread-changes": [{"goroutines": 20}, {"gomaxprocs": 4, "rounds": 60}, {"locked": (True, False)}],
    "global-before-theft": [{"tasks": 1000}, {"gomaxprocs": 8}, {"tasks": (257, 258), "gomaxprocs": 4}],
    "runnext-stolen-last": [{"tasks": 257}, {"gomaxprocs": 4}, {"tasks": (2, 30), "gomaxprocs": 3}],
    "new-ones-stay-home": [{"tasks": 50}, {"gomaxprocs": 8}, {"task_us": 20, "tasks": (257, 3)}],
    "parking-keeps-the-p": [{"rounds": 100}, {"pairs": 5}, {"rounds": (1, 2000), "pairs": 2}],
    "call-keeps-its-p": [{"call_us": 5000}, {"gomaxprocs": 4}, {"call_us": (2, 500), "runnable": 32}],
    "oldest-first": [{"gomaxprocs": 4, "tasks": 200}, {"gomaxprocs": 16}, {"gomaxprocs": (1, 2), "tasks": 257}],
    "half-rounded-up": [{"tasks": (2, 6)}, {"tasks": 100, "gomaxprocs": 4}, {"tasks": (256, 257)}],
    "stop-waits-for-the-slowest": [{"loop_ms": 10}, {"gomaxprocs": 8}, {"loop_ms": 20, "seed": 3}],
    "stopped-are-runnable": [{"hogs": 3}, {"go": ("1.14", "1.27")}, {"gomaxprocs": 8, "go": ("1.23", "1.25")}],
    "marking-needs-no-stop": [{"live_mib": 32}, {"gomaxprocs": 8}, {"live_mib": (1, 24), "gomaxprocs": 2}],
    "debt-starts-an-assist": [{"rate_mib_s": 500}, {"rate_mib_s": (10, 800)}, {"ms": 600, "seed": 5}],
    "two-rounds-of-sysmon": [{"callers": 10}, {"loops": 2}, {"call_us": 500, "callers": (0, 8)}],
    "calls-are-no-check": [{"syscall_percent": 50}, {"loop_us": 80_000}, {"gomaxprocs": 1, "seed": 2}],
    "sigurg-preempts": [{"workers": 8}, {"go": ("1.2", "1.27")}, {"loop_us": 100_000, "gomaxprocs": 1}],
    "nothing-in-the-loop": [{"loop_us": 200_000}, {"hogs": 2, "loop_us": 100_000}, {"loop_us": 1_000_000}],
    "loops-reach-safe-points": [{"loop_us": 200_000}, {"hogs": 3}, {"go": ("1.4", "1.14"), "gomaxprocs": 8}],
    "short-loops-stop-too": [{"pieces": 1000}, {"total_ms": 200}, {"pieces": (2, 20_000), "total_ms": 100}],
    "buckets-hide": [{"bucket_us": 1000}, {"arrivals_per_s": 2000}, {"hogs": 0, "seed": 4}],
}  # fmt: skip


@pytest.mark.parametrize(("name", "other"), [(name, other) for name, three in OTHERS.items() for other in three])
def test_with_other_settings_too(name: str, other: dict[str, Any]) -> None:
    shown = correction(name).run(**other)
    assert shown.verdict == CORRECTED, f"{shown.a}, {shown.b}"


def test_each_was_tried_with_three_other_settings() -> None:
    assert {name: len(three) for name, three in OTHERS.items()} == dict.fromkeys(DEMOS, 3)


@every
def test_its_runs_are_short(name: str) -> None:
    """Two runs of so many events take a second or less anywhere; the time itself decides no test."""
    demo = DEMOS[name]
    chosen = demo.settings({})
    assert sum(len(demo.recording(chosen, side)) for side in (0, 1)) < 100_000


# --- what students call ---------------------------------------------------------------------------------------------


@every
def test_its_code_makes_the_same_runs(name: str) -> None:
    shown = correction(name)
    body = ast.parse(shown.code()).body
    last = body.pop()
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {}
    exec(compile(ast.Module(body, []), name, "exec"), names)
    assert eval(compile(ast.Expression(last.value), name, "eval"), names) == (shown.a, shown.b)
    assert max(map(len, shown.code().splitlines())) <= 118


def test_the_code_has_the_settings_that_were_chosen() -> None:
    code = correction("oldest-first").run(gomaxprocs=4, tasks=200).code()
    assert "gomaxprocs=4" in code and code.count("tasks=200") == 2


def test_one_value_is_that_of_run_b_and_a_pair_is_both() -> None:
    show = correction("oldest-first")
    assert show.run(gomaxprocs=4, tasks=200).settings == {"gomaxprocs": (1, 4), "tasks": 200, "task_us": 5}
    assert show.run(gomaxprocs=(2, 8)).settings["gomaxprocs"] == (2, 8)
    assert show.settings["gomaxprocs"] == (1, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tasks": 5000}, "tasks = 5000 is not possible: a whole number from 4 to 257"),
        ({"gomaxprocs": 0}, "gomaxprocs = 0 is not possible: a whole number from 1 to 16"),
        ({"gomaxprocs": (2, 2)}, "a pair of two different values: gomaxprocs 1 to 16"),
        ({"gomaxprocs": (1, 2, 3)}, "a pair of two different values"),
        ({"task_us": (1, 2)}, "task_us = (1, 2) is not possible: a whole number from 0 to 50 us"),
        ({"cores": 4}, "cores = 4 is not possible: a setting of this demonstration: gomaxprocs, tasks, task_us"),
    ],
)
def test_a_wrong_setting_is_told_with_its_range(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        correction("oldest-first").run(**given)


def test_a_wrong_word_is_told_with_the_words_that_there_are() -> None:
    with pytest.raises(ConfigError, match=re.escape("go = '1.3' is not possible: one of '1.2', '1.4'")):
        correction("sigurg-preempts").run(go="1.3")
    with pytest.raises(ConfigError, match="locked = 1 is not possible: True or False"):
        correction("thread-changes").run(locked=1)


def test_an_unknown_correction_or_section_is_told() -> None:
    with pytest.raises(ConfigError, match="correction = 'nonsense' is not possible: one of 'quota-sets-procs'"):
        correction("nonsense")
    with pytest.raises(ConfigError, match="section = '9' is not possible: one of '1', "):
        corrections("9")


def test_settings_that_do_not_tell_the_two_apart_are_called_so() -> None:
    assert correction("half-rounded-up").run(tasks=(3, 5)).verdict == UNDECIDED  # rings of 2 and 4


def test_the_list_of_a_chapter() -> None:
    assert [one.id for one in corrections("3.2")] == ["oldest-first", "half-rounded-up"]
    assert {one.id for one in corrections("4.3")} < {one.id for one in corrections("4")}


def words(html: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"<[^>]*>", " ", html))


@every
def test_one_says_the_same_as_text(name: str) -> None:
    shown = correction(name)
    assert words(html.unescape(shown._repr_html_())) == words(repr(shown))


def test_the_list_says_the_same_as_text() -> None:
    found = corrections("3.2")
    table, text = words(html.unescape(found._repr_html_())), words(repr(found))
    assert {word for word in text if word not in table} == {"Article", "Runtime"}
    assert {"oldest", "as", "corrected", "7", "11"} <= set(table)


def test_a_row_says_if_its_runs_did_not_come_out_as_corrected() -> None:
    found = Corrections((correction("half-rounded-up"), correction("half-rounded-up", tasks=(3, 5))))
    for shown in (repr(found), found._repr_html_()):
        assert shown.count(UNDECIDED) == 1 and "1 of 2 came out as corrected" in shown


def test_both_link_the_notebook_and_have_heads_for_rows_and_columns() -> None:
    for shown in (correction("oldest-first"), corrections("3.2")):
        page = shown._repr_html_()
        assert 'href="03-2-work-stealing.ipynb"' in page and 'scope="row"' in page
    assert corrections()._repr_html_().count('scope="col"') == 5


# --- a runtime as the article describes it -------------------------------------------------------------------------


def text(module: str, function: str, old: str, new: str) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: change(patch, Mutant(module, function, old, new))


def row(version: str, **fields: Any) -> Callable[[pytest.MonkeyPatch], None]:
    def make(patch: pytest.MonkeyPatch) -> None:
        changed = replace(params.VERSIONS[version], **fields)
        patch.setitem(params.VERSIONS, version, changed)
        patch.setattr(params, "rules", lambda go, os: params.VERSIONS[go])

    return make


def constant(name: str, value: int) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(params, name, value)


def checks_in_loops(patch: pytest.MonkeyPatch) -> None:
    """The compiler puts a call with a check into every loop."""
    change(patch, Mutant("preempt", "preemptone", "gp.op is None and gp.loop & LOOP_CALLS", "gp.op is None"))
    change(patch, Mutant("preempt", "newstack", "or not gp.loop & LOOP_CALLS", ""))


def silent(patch: pytest.MonkeyPatch) -> None:
    """Goroutines are stopped by something that is no signal."""
    change(patch, Mutant("preempt", "stopped", "rt.emit is not None", "False"))
    change(patch, Mutant("preempt", "sigPreempt", "elif rt.emit is not None", "elif False"))


#: the correction, what is changed in the mirror, and the verdict on the runs then
AS_THE_ARTICLE = {
    "quota-sets-procs": row("1.27", default_procs="cpus"),
    "newest-runs-first": text("goroutine", "newproc", "runqput(rt, pp, gp, True)", "runqput(rt, pp, gp, False)"),
    "half-a-ring-moves": text("runq", "runqputslow", "len(pp.runq) // 2", "0"),
    "stacks-are-copied": row("1.27", stack_kind="segmented"),
    "global-every-61st": row("1.27", global_tick=1),
    "global-before-theft": text(
        "schedule", "findRunnable",
        "            if sched.runq:\n                return globrunqgetbatch(rt, mp, pp), False\n"
        "            if sched.netpollWaiters",
        "            if sched.netpollWaiters"),
    "runnext-stolen-last": text(
        "runq", "runqgrab", "    n = len(pp.runq)\n",
        "    n = len(pp.runq)\n    if pp.runnext is not None and n:\n"
        "        gp, pp.runnext = pp.runnext, None\n        return [gp], True\n"),
    "new-ones-stay-home": text(
        "goroutine", "newproc", "runqput(rt, pp, gp, True)",
        "(runqput(rt, pp, gp, True) if rt.sched.pidle else globrunqput(rt, gp))"),
    "parking-keeps-the-p": text(
        "goroutine", "gopark", "    dropg(mp)\n",
        "    dropg(mp)\n    from gmp_lab.runtime.idle import acquirep, releasep\n"
        "    acquirep(rt, mp, releasep(rt, mp))\n"),
    "call-keeps-its-p": row("1.27", syscall_hands_over=True),
    "oldest-first": text("runq", "runqgrab", "[pp.runq.popleft() for", "[pp.runq.pop() for"),
    "half-rounded-up": text("runq", "runqgrab", "n = rt.stealable(n)", "n = max(n // 2, min(n, 1))"),
    "stop-waits-for-the-slowest": text(
        "preempt", "isAsyncSafePoint", "gp.op is not None or not gp.loop & LOOP_ASYNC", "gp.op is not None"),
    "stopped-are-runnable": text(
        "preempt", "_yield", "rt.gc is not None and gp in rt.gc.preemptStop", "rt.sched.gcwaiting"),
    "debt-starts-an-assist": text(
        "mgcassist", "gcAssistAlloc", "while not gc.limiter.limiting()",
        "while not gc.limiter.limiting() and rt.engine.now * 100 < c.totalAlloc * 1_000_000_000 >> 20"),
    "two-rounds-of-sysmon": constant("sysmonMaxDelay", 20_000),
    "calls-are-no-check": lambda patch: patch.setattr(gogo, "NOSPLIT", set(gogo.NOSPLIT) - {OP_SYSCALL}),
    "sigurg-preempts": silent,
    "nothing-in-the-loop": checks_in_loops,
    "loops-reach-safe-points": row("1.27", preempt_signal=False),
    "short-loops-stop-too": text(
        "preempt", "sigPreempt", "and isAsyncSafePoint(mp)",
        "and isAsyncSafePoint(mp) and mp.seg_end - rt.engine.now > 10_000"),
}  # fmt: skip

#: half rounded down would leave a lone goroutine where it is for ever, and the run would not end: it is taken here
DIFFERENT = {"half-rounded-up"}


@pytest.mark.parametrize("name", list(AS_THE_ARTICLE))
def test_a_runtime_as_the_article_describes_it_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    AS_THE_ARTICLE[name](monkeypatch)
    shown = correction(name)
    expected = VERDICTS[False, name not in DIFFERENT]
    assert shown.verdict == expected, f"{shown.a}, {shown.b}: {shown.verdict}"


def test_most_of_them_were_tried() -> None:
    assert len(AS_THE_ARTICLE) >= 15 and len(DIFFERENT) == 1
