"""Random programs give the same order on real Go and in the simulator; and such a comparison notices a wrong rule."""

from __future__ import annotations

from collections import Counter
from functools import partial

import mutants
import pytest
from differential import Compare, Trial, confirmed, fit, report, shrunk, simulated, size, trials
from programs_random import drawn
from programs_text import KINDS, Plan, go_function, python_source, statements

from gmp_lab import golang
from gmp_lab.golang.toolchain import REMEDY

PROGRAMS, SEED = 400, 1
MOST_TRIED_AGAIN = 0.05
SECONDS = 40  # for making a program small

SMALL = Plan((0, 2, -1), (
    ("loop", "", 3, (("go", "", 0, (("send", "c1", 0, ()), ("lock", "mu0", 0, ()), ("condwait", "cond0", 0, ()))),)),
    ("range", "c1", 0, (("eitherrecv", "c0", 2, ()),)),
))  # fmt: skip
SMALL_GO = """func p0() {
	c0 := make(chan int)
	c1 := make(chan int, 2)
	var c2 chan int
	var mu0 sync.Mutex
	cond0 := sync.NewCond(&mu0)
	for i := range 3 {
		go func() {
			c1 <- 30000 + i
			mu0.Lock()
			cond0.Wait()
		}()
	}
	for v := range c1 {
		mark(v)
		select {
		case v := <-c0:
			mark(v)
		case v := <-c2:
			mark(-v)
		}
	}
}
"""
SMALL_PYTHON = """def main():
    c0 = chan(0)
    c1 = chan(2)
    c2 = None
    mu0 = Mutex()
    cond0 = Cond(mu0)
    for i in range(3):
        def g1(i):
            yield send(c1, 30000 + i)
            yield mu0.Lock()
            yield cond0.Wait()
        yield go(g1, i)
    while (v := (yield recv(c1))) is not None:
        yield log(v)
        case, v, _ = yield select(recv_case(c0), recv_case(c2))
        yield log(-(v or 0) if case else v or 0)
"""


def test_a_plan_says_the_same_in_both_languages() -> None:
    assert go_function(SMALL, "p0") == SMALL_GO
    assert python_source(SMALL) == SMALL_PYTHON


def test_a_seed_draws_the_same_programs_again() -> None:
    assert drawn(30, 5, fit) == drawn(30, 5, fit) != drawn(30, 6, fit)


@pytest.fixture(scope="module")
def toolchain() -> golang.Toolchain:
    """Return the Go that the start-up of the model was measured with."""
    found = golang.find_toolchain("1.27")
    if found is None:
        pytest.skip(f"no Go 1.27 found: {REMEDY}")
    return found


@pytest.fixture(scope="module")
def compare(toolchain: golang.Toolchain) -> Compare:
    """Return what runs programs in both worlds."""
    return partial(trials, toolchain=toolchain)


@pytest.fixture(scope="module")
def batch(toolchain: golang.Toolchain) -> list[Trial]:
    """Return the programs of this test with what both worlds said; they are always the same."""
    return list(trials(drawn(PROGRAMS, SEED, fit), toolchain, keep=True))


@pytest.mark.go
@pytest.mark.slow
def test_random_programs_run_in_the_order_of_real_go(batch: list[Trial], compare: Compare) -> None:
    differ = confirmed(batch, compare)
    if differ:
        small = shrunk(differ[0], compare, SECONDS)
        pytest.fail(f"{len(differ)} of {len(batch)} programs differ; one of them, made small:\n{small}")


@pytest.mark.go
def test_few_runs_of_real_go_are_disturbed(batch: list[Trial], compare: Compare) -> None:
    once = [trial.plan for trial in batch if len(trial.real) > 1]
    twice = [trial for trial in compare(once) if len(trial.real) > 1]  # a burst of other work may be over now
    assert len(twice) <= MOST_TRIED_AGAIN * len(batch), report(batch)


@pytest.mark.go
def test_the_programs_do_everything_and_end_in_every_way(batch: list[Trial]) -> None:
    used = Counter(kind for trial in batch for kind in {kind for kind, *_ in statements(trial.plan.body)})
    assert len(batch) >= 200 and {kind for kind in KINDS if used[kind] < 4} == set()
    ends = {trial.simulated.ended.split(":")[0] for trial in batch}
    assert ends == {"exit", "panic", "fatal error"}


@pytest.mark.go
@pytest.mark.parametrize("mistake", [*mutants.MUTANTS, *mutants.ROWS])
def test_a_wrong_rule_is_noticed(batch: list[Trial], mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutants.make(monkeypatch, mistake)
    assert any(simulated(trial.plan) not in trial.real for trial in batch)


@pytest.mark.go
@pytest.mark.slow
def test_what_differs_is_made_small_and_printed_in_both_languages(
    batch: list[Trial], compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutants.make(monkeypatch, "close wakes first come, first served")
    wrong = [trial._replace(simulated=simulated(trial.plan)) for trial in batch]
    found = max((trial for trial in wrong if trial.differs), key=lambda trial: size(trial.plan))
    small = shrunk(found, compare, SECONDS)
    text = str(small)
    assert small.differs and size(small.plan) < size(found.plan)
    assert all(part in text for part in ("close(c", "func p0() {", "def main():", "real Go 1", "simulated"))
