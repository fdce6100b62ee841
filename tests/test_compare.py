"""Two runs side by side: equal ones are equal, others part where they part."""

from __future__ import annotations

from typing import Any

import pytest

from gmp_lab import Config, ConfigError, Program, Recording, WaitGroup, go, gosched, log, simulate, work
from gmp_lab.catalog import steady_mix
from gmp_lab.compare import WHY, compare, decisions, descents, parting
from gmp_lab.draw import aligned, aligned_text
from gmp_lab.metrics import summary_rows


def mix(**changed: Any) -> Recording:
    return simulate(Config(**{"gomaxprocs": 2} | changed), steady_mix(goroutines=6, bursts=6))


def test_a_run_and_itself_agree_in_everything() -> None:
    told = compare(mix(), mix())
    assert told.parting is None and {r.ratio for r in told.rows} <= {1.0, None}
    assert told.text().endswith("Both make the same decisions, P by P.\n")


def test_every_measure_of_the_summary_is_a_row_and_has_a_reason_to_differ() -> None:
    labels = [label for label, _, _ in summary_rows(mix())]
    assert [r.quantity for r in compare(mix(), mix(seed=2)).rows] == labels == list(WHY)


def test_a_ratio_is_the_second_by_the_first() -> None:
    a, b = mix(), mix(gomaxprocs=1)
    time = compare(a, b).rows[0]
    assert (time.a, time.b) == (a.end_ns / 1000, b.end_ns / 1000) and time.ratio == b.end_ns / a.end_ns > 1.5


def test_descent_tells_goroutines_of_different_ids_apart() -> None:
    def leaf() -> Any:
        yield work(us=1)

    def node() -> Any:
        yield go(leaf)
        yield go(leaf)
        yield work(us=5)

    def main() -> Any:
        yield go(node)
        yield go(node)
        yield work(us=100)
        yield gosched()
        yield work(us=100)

    bare = simulate(Config(gomaxprocs=1), Program(main))
    real = simulate(Config(gomaxprocs=1, startup="real"), Program(main))
    assert set(descents(bare).values()) == set(descents(real).values())
    assert set(descents(bare).values()) == {(), (1,), (2,), (1, 1), (1, 2), (2, 1), (2, 2)}
    assert max(descents(real)) > max(descents(bare))
    assert [x for _, x in decisions(bare)[0]] == [x for _, x in decisions(real)[0]] and parting(bare, real) is None


def spawn(order: list[int]) -> Recording:
    """Goroutines that end at different times, so that the second P takes another one."""

    def body(i: int, wg: WaitGroup) -> Any:
        yield log(i)
        yield work(us=order[i])
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(len(order))
        for i in range(len(order)):
            yield go(body, i, wg)
        yield wg.Wait()

    return simulate(Config(gomaxprocs=1), Program(main))


def test_runs_of_versions_part_where_the_first_decision_differs() -> None:
    new, old = mix(), mix(go="1.2")
    told = parting(new, old, ("1.27", "1.2"))
    assert told is not None
    left, right = decisions(new)[told.p], decisions(old)[told.p]
    assert [x for _, x in left[: told.number - 1]] == [x for _, x in right[: told.number - 1]]
    assert left[told.number - 1][1] != right[told.number - 1][1]
    assert f"P{told.p}" in told.sentence and "1.27" in told.sentence and told.sentence.endswith(".")


def test_a_run_that_goes_on_longer_parts_from_the_one_that_ends() -> None:
    short, long = spawn([1, 1]), spawn([1, 1, 1])
    told = parting(long, short)
    assert told is not None
    alone = spawn([])
    ended = parting(short, alone)
    assert ended is not None and "real, none any more" in ended.sentence and ended.b == -1


@pytest.mark.parametrize("names", [("A", "B"), ("simulated", "real")])
def test_the_table_has_the_names_of_both(names: tuple[str, str]) -> None:
    head = compare(mix(), mix(seed=5), names).text().splitlines()[0].split()
    assert head == ["quantity", *names, "ratio", "unit"]


# --- over one another ----------------------------------------------------------------------------------------------


def parted() -> tuple[Recording, Recording]:
    return mix(), simulate(Config(gomaxprocs=2), steady_mix(goroutines=6, bursts=6, seed=2))


def test_the_moments_where_two_runs_part_are_on_one_line() -> None:
    a, b = parted()
    found = parting(a, b)
    assert found is not None
    fig = aligned(a, b, before_ns=100_000, after_ns=300_000)
    shares = []
    for line, axis in zip(fig.layout.shapes[1::2], (fig.layout.xaxis, fig.layout.xaxis2), strict=True):
        low, high = axis.range
        shares.append((line.x0 - low) / (high - low))
    assert shares[0] == pytest.approx(shares[1]) and 0 < shares[0] < 1
    assert fig.layout.title.text == found.sentence
    assert [x.range[1] - x.range[0] for x in (fig.layout.xaxis, fig.layout.xaxis2)] == [
        pytest.approx(fig.layout.xaxis.range[1] - fig.layout.xaxis.range[0])
    ] * 2


def test_both_runs_keep_their_own_rows_and_one_legend() -> None:
    fig = aligned(*parted())
    assert {trace.xaxis for trace in fig.data} == {None, "x2"} or {trace.xaxis for trace in fig.data} == {"x", "x2"}
    named = [trace.name for trace in fig.data if trace.showlegend]
    assert len(named) == len(set(named))
    assert fig.layout.yaxis.domain[0] > fig.layout.yaxis2.domain[1]


def test_equal_inputs_give_an_equal_figure() -> None:
    assert aligned(*parted()).to_json() == aligned(*parted()).to_json()


def test_the_text_marks_the_first_other_decision() -> None:
    a, b = parted()
    found = parting(a, b)
    assert found is not None
    text = aligned_text(a, b, names=("one", "two"), before_ns=100_000, after_ns=300_000)
    (marked,) = [line for line in text.splitlines() if line.endswith("<- they part")]
    assert marked.startswith(f"{found.number}.") and text.count("|") >= 8
    left, right = (rec.g_name(rec[i].g) for rec, i in ((a, found.a), (b, found.b)))
    assert left in marked and right in marked


def test_two_runs_that_do_not_part_are_laid_beginning_on_beginning() -> None:
    fig = aligned(mix(), mix())
    assert fig.layout.xaxis.range[0] == fig.layout.xaxis2.range[0] == 0 == fig.layout.shapes[0].x0
    assert "they part" not in aligned_text(mix(), mix())


@pytest.mark.parametrize(
    "bad", [{"at": (-1, 0)}, {"at": (0, 1 << 60)}, {"before_ns": -1}, {"after_ns": 0, "at": (0, 0)}]
)
def test_moments_outside_a_run_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        aligned(*parted(), **bad)
