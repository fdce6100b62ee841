"""The rows of the version table: what each Go version does differently (their recorded orders: test_conformance)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gmp_lab import Config, ConfigError, Program, Recording, WaitGroup, go, gosched, log, simulate, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.catalog import CATALOG
from gmp_lab.params import VERSIONS, default_gomaxprocs, version
from gmp_lab.replay import state_after
from gmp_lab.validate import validate

MS = 1_000_000
ALL = pytest.mark.parametrize("name", list(VERSIONS))


# --- every row ---------------------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("gomaxprocs", [1, 3])
@pytest.mark.parametrize("workload", sorted(CATALOG))
def test_every_workload_runs_by_the_rules_of_every_version(workload: str, gomaxprocs: int, name: str) -> None:
    config = Config(go=name, gomaxprocs=gomaxprocs, until_ns=1_500 * MS)
    rec = simulate(config, CATALOG[workload][0](), observe=lambda rt, rows: rt.check())
    assert validate(rec) == []
    hogs = workload == "hogs_and_victims"  # they may keep everybody out for ever where nobody stops them
    assert rec.ended == "exit" or (hogs and gomaxprocs == 1 and not version(name).preempt_signal)


@ALL
def test_a_row_says_how_it_is_known(name: str) -> None:
    row = VERSIONS[name]
    assert any(word in row.known for word in ("source read", "source of", "release notes"))
    assert row.name == name


def two(name: str, first: Any, gomaxprocs: int = 1) -> tuple[Recording, dict[str, int]]:
    """first and another goroutine on one P; when the other one has run, in ns."""

    def other(wg: WaitGroup) -> Any:
        yield log(1)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(1)
        yield go(other, wg)
        yield go(first)
        yield gosched()
        yield wg.Wait()

    rec = simulate(Config(go=name, gomaxprocs=gomaxprocs, until_ns=400 * MS), Program(main))
    return rec, {"other": next((t for t, _, _ in rec.logs()), -1)}


@ALL
def test_a_loop_without_calls_is_stopped_from_1_14_on(name: str) -> None:
    def loop() -> Any:
        yield work(ms=300)

    rec, _ = two(name, loop)
    stopped = Counter(rec.kind)[v.E_YIELD] > 1  # main's own Gosched is one
    assert stopped == (list(VERSIONS).index(name) >= list(VERSIONS).index("1.14"))


@ALL
def test_a_loop_that_calls_functions_is_stopped_from_1_2_on(name: str) -> None:
    def loop() -> Any:
        yield work(ms=300, loop="call")

    rec, _ = two(name, loop)
    assert (Counter(rec.kind)[v.E_YIELD] > 1) == (name not in ("1.0", "1.1"))


@ALL
def test_only_1_0_gives_the_processor_up_when_a_call_begins(name: str) -> None:
    def caller() -> Any:
        yield syscall(ms=20)

    rec, _ = two(name, caller)
    i = next(i for i, k in enumerate(rec.kind) if k == v.E_SYSCALL)
    after = [e for e in list(rec)[i + 1 :] if e.t == rec.t[i]]
    assert any(e.kind == v.E_HANDOFF for e in after) == (name == "1.0")


@ALL
def test_the_order_of_goroutines_is_first_in_first_out_up_to_1_4(name: str) -> None:
    def task(i: int) -> Any:
        yield log(i)

    def main() -> Any:
        for i in range(5):
            yield go(task, i)
        yield gosched()

    rec = simulate(Config(go=name, gomaxprocs=1), Program(main))
    fifo = not version(name).runnext
    assert [x for _, _, x in rec.logs()] == ([0, 1, 2, 3, 4] if fifo else [4, 0, 1, 2, 3])


@ALL
def test_the_ring_overflows_from_1_4_on(name: str) -> None:
    def task() -> Any:
        yield work(us=1)

    def main() -> Any:
        for _ in range(400):
            yield go(task)
        yield gosched()

    rec = simulate(Config(go=name, gomaxprocs=1), Program(main))
    longest = max(len(state_after(rec, i).ps[0].runq) for i in range(0, len(rec), 7))
    overflows = Counter(rec.kind)[v.E_OVERFLOW]
    if name == "1.0":
        assert longest == 0
    else:
        assert (overflows > 0) == (version(name).ring == 256) and (longest > 256) == (overflows == 0)


@pytest.mark.parametrize(
    ("name", "cpus", "quota", "expected"),
    [("1.4", 8, None, 1), ("1.5", 8, 2.0, 8), ("1.24", 8, 2.0, None), ("1.25", 8, None, 8), ("1.25", 8, 2.5, 3),
     ("1.27", 8, 0.5, 2), ("1.27", 1, 0.5, 1), ("1.27", 4, 16.0, 4)],
)  # fmt: skip
def test_the_default_of_gomaxprocs(name: str, cpus: int, quota: float | None, expected: int | None) -> None:
    if expected is None:
        with pytest.raises(ConfigError, match=r"go = '1\.24'"):
            version(name)
        return
    assert default_gomaxprocs(version(name), cpus, quota) == expected


@pytest.mark.parametrize(("cpus", "quota"), [(0, None), (4, 0.0), (4, -1.0), (4, float("nan"))])
def test_a_machine_that_cannot_be_is_refused(cpus: int, quota: float | None) -> None:
    with pytest.raises(ConfigError):
        default_gomaxprocs(version("1.27"), cpus, quota)
