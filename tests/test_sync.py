"""Mutex, RWMutex, Cond and semaphores: who gets the lock, who waits for what, and Go's words for misuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers import kinds, log_order, run

from gmp_lab import (
    Cond,
    Config,
    ConfigError,
    Costs,
    Mutex,
    Program,
    RWMutex,
    Sema,
    WaitGroup,
    go,
    gosched,
    log,
    now,
    simulate,
    sleep,
    work,
)
from gmp_lab import vocabulary as v
from gmp_lab.runtime import mutex
from gmp_lab.runtime.mloop import Machine
from gmp_lab.validate import validate


def parks(rec: Any) -> list[str]:
    return [v.WAIT_REASONS[e.arg] for e in rec if e.kind == v.E_PARK]


# --- Mutex -------------------------------------------------------------------------------------------------------


def test_a_free_mutex_is_taken_without_a_switch() -> None:
    def main() -> Any:
        mu = Mutex()
        for _ in range(5):
            yield mu.Lock()
            yield mu.Unlock()
        yield log(mu.state)

    rec = run(main, gomaxprocs=2)
    assert log_order(rec) == [0] and kinds(rec, v.E_PARK, v.E_LOCK_SPIN) == []


def test_lock_and_unlock_take_the_time_that_they_cost() -> None:
    def main() -> Any:
        mu = Mutex()
        before = yield now()
        yield mu.Lock()
        yield mu.Unlock()
        yield log((yield now()) - before)

    assert log_order(run(main, costs=Costs(mutex=7))) == [14]


def test_an_unlock_in_normal_mode_gives_the_lock_to_nobody() -> None:
    """The waiter is only made runnable; the goroutine that runs may lock again first."""

    def waiter(mu: Mutex) -> Any:
        yield mu.Lock()
        yield log(2)
        yield mu.Unlock()

    def main() -> Any:
        mu = Mutex()
        yield mu.Lock()
        yield go(waiter, mu)
        yield gosched()
        yield log(mu.state)  # locked, one waiter
        yield mu.Unlock()
        yield log(mu.state)  # woken, no waiter
        yield mu.Lock()
        yield log(1)
        yield mu.Unlock()
        yield gosched()
        yield log(mu.state)

    assert log_order(run(main, gomaxprocs=1)) == [9, 2, 1, 2, 0]


def test_a_woken_waiter_that_finds_the_lock_taken_goes_to_the_front_of_the_queue() -> None:
    def waiter(mu: Mutex, i: int) -> Any:
        yield mu.Lock()
        yield log(i)
        yield mu.Unlock()

    def main() -> Any:
        mu = Mutex()
        yield mu.Lock()
        for i in (1, 2):
            yield go(waiter, mu, i)
            yield gosched()
        yield mu.Unlock()  # readies 1
        yield mu.Lock()  # and is faster
        yield gosched()  # 1 goes back to sleep, in front of 2
        yield log(int([sg.g.goid for sg in mu.sema.waitq] == [2, 3]))
        yield mu.Unlock()
        yield gosched()
        yield gosched()

    assert log_order(run(main, gomaxprocs=1)) == [1, 1, 2]


def test_a_waiter_of_more_than_1_ms_is_handed_the_lock_and_runs_at_once() -> None:
    """Two waiters: the first has waited too long when it is woken, so the next Unlock hands over."""

    def waiter(mu: Mutex, i: int) -> Any:
        yield mu.Lock()
        yield log(i)
        yield mu.Unlock()

    def main() -> Any:
        mu = Mutex()
        yield mu.Lock()
        for i in (1, 2):
            yield go(waiter, mu, i)
            yield gosched()
        yield work(us=1001)
        yield mu.Unlock()
        yield mu.Lock()
        yield gosched()
        yield log(mu.state)  # locked, starving, two waiters
        yield mu.Unlock()  # 1 runs now, in our slice; then it hands over to 2, and so on
        yield log(0)

    rec = run(main, gomaxprocs=1)
    assert log_order(rec) == [1 | 4 | 2 << 3, 1, 2, 0]
    assert [e[-1] for e in kinds(rec, v.E_STARVING)] == [1, 0]
    assert kinds(rec, v.E_YIELD)[-2:] == [("yield", 1, 0, 0, v.YIELD_GOYIELD), ("yield", 2, 0, 0, v.YIELD_GOYIELD)]
    assert validate(rec) == []


def test_starving_mode_ends_with_an_owner_that_waited_for_a_short_time_or_was_the_last() -> None:
    def waiter(mu: Mutex) -> Any:
        yield mu.Lock()
        yield log(mu.state)
        yield mu.Unlock()

    def main() -> Any:
        mu = Mutex()
        yield mu.Lock()
        yield go(waiter, mu)
        yield gosched()
        yield work(us=1001)
        yield mu.Unlock()
        yield mu.Lock()
        yield gosched()
        yield mu.Unlock()
        yield gosched()
        yield log(mu.state)

    assert log_order(run(main, gomaxprocs=1)) == [1, 0]


def spins(**settings: Any) -> list[int]:
    def holder(mu: Mutex) -> Any:
        yield mu.Lock()
        yield work(ms=1)
        yield mu.Unlock()

    def main() -> Any:
        mu = Mutex()
        yield go(holder, mu)
        yield work(us=400)  # another P takes the holder meanwhile
        yield mu.Lock()
        yield mu.Unlock()

    rec = run(main, **settings)
    assert rec.ended == "exit" and validate(rec) == []
    return [arg for *_, arg in kinds(rec, v.E_LOCK_SPIN)]


def test_a_locked_mutex_is_spun_for_four_times_if_its_owner_runs_on_another_p() -> None:
    assert spins(gomaxprocs=2) == [1, 2, 3, 4]


@pytest.mark.parametrize("settings", [{"gomaxprocs": 1}, {"gomaxprocs": 2, "cores": 1}])
def test_nobody_spins_with_one_p_or_one_core(settings: dict[str, int]) -> None:
    assert spins(**settings) == []


def test_a_lock_that_becomes_free_during_a_spin_is_taken_without_sleeping() -> None:
    def holder(mu: Mutex) -> Any:
        yield mu.Lock()
        yield work(us=401)
        yield mu.Unlock()
        yield work(us=50)

    def main() -> Any:
        mu = Mutex()
        yield go(holder, mu)
        while not mu.state:
            yield work(ns=100)
        yield work(us=400)
        yield mu.Lock()
        yield log(mu.state)

    rec = run(main, gomaxprocs=2)
    assert "sync.Mutex.Lock" not in parks(rec) and log_order(rec) == [1]
    assert 1 <= len(kinds(rec, v.E_LOCK_SPIN)) <= 4


def test_trylock_takes_a_free_lock_only() -> None:
    def main() -> Any:
        mu = Mutex()
        yield log(int((yield mu.TryLock())))
        yield log(int((yield mu.TryLock())))
        yield mu.Unlock()
        yield log(int((yield mu.TryLock())))

    assert log_order(run(main)) == [1, 0, 1]


@pytest.mark.parametrize("gomaxprocs", [1, 2, 4])
@pytest.mark.parametrize("make", [Mutex, RWMutex])
def test_a_lock_lets_in_one_at_a_time_and_everybody_in_the_end(make: Callable[[], Any], gomaxprocs: int) -> None:
    def worker(mu: Any, wg: WaitGroup, inside: list[int], i: int) -> Any:
        for _ in range(20):
            yield mu.Lock()
            inside[0] += 1
            assert inside[0] == 1
            yield work(us=3 * i)
            inside[0] -= 1
            yield mu.Unlock()
        yield log(i)
        yield wg.Done()

    def main() -> Any:
        mu, wg, inside = make(), WaitGroup(), [0]
        yield wg.Add(8)
        for i in range(8):
            yield go(worker, mu, wg, inside, i)
        yield wg.Wait()

    rec = run(main, gomaxprocs=gomaxprocs)
    assert sorted(log_order(rec)) == [*range(8)] and rec.ended == "exit" and validate(rec) == []


def test_a_lock_that_is_never_given_back_is_a_deadlock() -> None:
    def main() -> Any:
        mu = Mutex()
        yield mu.Lock()
        yield mu.Lock()

    rec = run(main, gomaxprocs=2)
    assert (rec.ended, parks(rec)) == ("deadlock", ["sync.Mutex.Lock"])


def test_check_finds_a_mutex_that_has_lost_count_of_its_waiters() -> None:
    def waiter(mu: Mutex) -> Any:
        yield mu.Lock()

    def main() -> Any:
        mu = Mutex()
        yield mu.Lock()
        yield go(waiter, mu)
        yield gosched()
        mu.state &= mutex.mutexLocked
        yield work(us=1)

    def observe(rt: Machine, rows: Any) -> None:
        rt.check()

    with pytest.raises(Exception, match="a Mutex counts 0 waiters and has 1"):
        simulate(Config(gomaxprocs=1), Program(main), observe=observe)


# --- RWMutex -----------------------------------------------------------------------------------------------------


def test_readers_share_and_a_writer_waits_for_all_of_them() -> None:
    def reader(rw: RWMutex, i: int) -> Any:
        yield rw.RLock()
        yield log(i)
        yield gosched()
        yield gosched()
        yield log(10 + i)
        yield rw.RUnlock()

    def main() -> Any:
        rw = RWMutex()
        yield go(reader, rw, 1)
        yield go(reader, rw, 2)
        yield gosched()
        yield rw.Lock()
        yield log(99)
        yield rw.Unlock()

    rec = run(main, gomaxprocs=1)
    assert log_order(rec) == [2, 1, 12, 11, 99] and parks(rec) == ["sync.RWMutex.Lock"]


def test_a_writer_that_waits_keeps_new_readers_out() -> None:
    def writer(rw: RWMutex) -> Any:
        yield rw.Lock()
        yield log(1)
        yield rw.Unlock()

    def reader(rw: RWMutex) -> Any:
        yield rw.RLock()
        yield log(2)
        yield rw.RUnlock()

    def main() -> Any:
        rw = RWMutex()
        yield rw.RLock()
        yield go(writer, rw)
        yield gosched()
        yield go(reader, rw)
        yield gosched()
        yield log(int((yield rw.TryRLock())))
        yield rw.RUnlock()
        yield gosched()
        yield gosched()
        yield log(int((yield rw.TryLock())))

    rec = run(main, gomaxprocs=1)
    assert log_order(rec) == [0, 1, 2, 1] and parks(rec) == ["sync.RWMutex.Lock", "sync.RWMutex.RLock"]


def test_an_rwmutex_is_tried_without_waiting() -> None:
    def main() -> Any:
        rw = RWMutex()
        yield log(int((yield rw.TryRLock())))
        yield log(int((yield rw.TryLock())))  # a reader is inside; the Mutex of the writers is given back
        yield rw.RUnlock()
        yield log(int((yield rw.TryLock())))
        yield log(int((yield rw.TryRLock())))
        yield log(int((yield rw.TryLock())))

    assert log_order(run(main)) == [1, 0, 1, 0, 0]


# --- Cond --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Mutex, RWMutex, lambda: RWMutex().RLocker()])
@pytest.mark.parametrize("gomaxprocs", [1, 3])
def test_signal_wakes_them_one_by_one_in_the_order_in_which_they_came(make: Any, gomaxprocs: int) -> None:
    def waiter(cond: Cond, i: int, wg: WaitGroup) -> Any:
        yield cond.L.Lock()
        yield cond.Wait()
        yield log(i)
        yield cond.L.Unlock()
        yield wg.Done()

    def main() -> Any:
        cond, wg = Cond(make()), WaitGroup()
        yield wg.Add(4)
        for i in range(4):
            yield go(waiter, cond, i, wg)
            yield sleep(ms=1)
        yield cond.Signal()
        for _ in range(3):
            yield sleep(ms=1)
            yield cond.Signal()
        yield wg.Wait()
        yield cond.Signal()
        yield cond.Broadcast()
        yield log(len(cond.list))

    assert log_order(run(main, gomaxprocs=gomaxprocs)) == [0, 1, 2, 3, 0]


@pytest.mark.parametrize("gomaxprocs", [1, 4])
def test_a_bounded_queue_of_mutex_and_conds_loses_nothing(gomaxprocs: int) -> None:
    def producer(i: int, mu: Mutex, conds: list[Cond], queue: list[int]) -> Any:
        for k in range(10):
            yield mu.Lock()
            while len(queue) == 2:
                yield conds[0].Wait()
            queue.append(10 * i + k)
            yield conds[1].Signal()
            yield mu.Unlock()

    def main() -> Any:
        mu, queue = Mutex(), []  # type: ignore[var-annotated]
        conds = [Cond(mu), Cond(mu)]
        for i in range(3):
            yield go(producer, i, mu, conds, queue)
        for _ in range(30):
            yield mu.Lock()
            while not queue:
                yield conds[1].Wait()
            yield log(queue.pop(0))
            yield conds[0].Broadcast()
            yield mu.Unlock()
            yield work(us=7)

    rec = run(main, gomaxprocs=gomaxprocs)
    assert sorted(log_order(rec)) == [*range(30)] and rec.ended == "exit" and validate(rec) == []


def test_a_signal_while_the_lock_is_handed_over_inside_wait_is_not_lost() -> None:
    """Wait has drawn its ticket but not gone to sleep, as its Unlock hands the Mutex over: it must not sleep then."""

    def signaller(cond: Cond) -> Any:
        yield cond.L.Lock()
        yield log(1)
        yield cond.Signal()
        yield cond.L.Unlock()

    def main() -> Any:
        mu = Mutex()
        cond = Cond(mu)
        yield mu.Lock()
        yield go(signaller, cond)
        yield gosched()
        yield work(us=1001)
        yield mu.Unlock()
        yield mu.Lock()
        yield gosched()  # the signaller sets starving mode
        yield cond.Wait()
        yield log(2)
        yield log(mu.state)

    rec = run(main, gomaxprocs=1)
    assert log_order(rec) == [1, 2, 1] and "sync.Cond.Wait" not in parks(rec)


@pytest.mark.parametrize("locker", [None, 5, "mu", WaitGroup(), Mutex])
def test_a_cond_needs_a_locker(locker: Any) -> None:
    with pytest.raises(ConfigError, match=r"^Cond\(L\)"):
        Cond(locker)


# --- semaphores --------------------------------------------------------------------------------------------------


def test_a_semaphore_admits_as_many_as_its_count() -> None:
    def worker(s: Sema, wg: WaitGroup, inside: list[int]) -> Any:
        yield s.Acquire()
        inside[0] += 1
        inside[1] = max(inside)
        yield work(us=50)
        inside[0] -= 1
        yield s.Release()
        yield wg.Done()

    def main() -> Any:
        s, wg, inside = Sema(3), WaitGroup(), [0, 0]
        yield wg.Add(12)
        for _ in range(12):
            yield go(worker, s, wg, inside)
        yield wg.Wait()
        yield log(inside[1])
        yield log(s.count)

    assert log_order(run(main, gomaxprocs=6)) == [3, 3]


@pytest.mark.parametrize(("handoff", "order"), [(False, [0, 1]), (True, [1, 0])])
def test_a_release_with_handoff_lets_the_waiter_run_at_once(handoff: bool, order: list[int]) -> None:
    def waiter(s: Sema) -> Any:
        yield s.Acquire()
        yield log(1)

    def main() -> Any:
        s = Sema()
        yield go(waiter, s)
        yield gosched()
        yield s.Release(handoff=handoff)
        yield log(0)
        yield gosched()

    rec = run(main, gomaxprocs=1)
    assert log_order(rec) == order and parks(rec) == ["semacquire"]


def test_a_newcomer_may_take_what_a_woken_waiter_was_woken_for() -> None:
    def waiter(s: Sema) -> Any:
        yield s.Acquire()
        yield log(1)

    def main() -> Any:
        s = Sema()
        yield go(waiter, s)
        yield gosched()
        yield s.Release()
        yield s.Acquire()
        yield gosched()
        yield log(0)
        yield s.Release()
        yield gosched()

    rec = run(main, gomaxprocs=1)
    assert log_order(rec) == [0, 1] and parks(rec) == ["semacquire"] * 2


# --- misuse ------------------------------------------------------------------------------------------------------


def reused_wait_group() -> Any:
    def waiter(wg: WaitGroup) -> Any:
        yield wg.Wait()

    wg = WaitGroup()
    yield wg.Add(1)
    yield go(waiter, wg)
    yield gosched()
    yield wg.Done()
    yield wg.Add(1)
    yield gosched()


def misuse(make: Callable[[], Any], method: str) -> Callable[[], Any]:
    def main() -> Any:
        yield getattr(make(), method)()

    return main


@pytest.mark.parametrize(
    ("main", "message"),
    [
        (misuse(Mutex, "Unlock"), "fatal error: sync: unlock of unlocked mutex"),
        (misuse(RWMutex, "Unlock"), "fatal error: sync: Unlock of unlocked RWMutex"),
        (misuse(RWMutex, "RUnlock"), "fatal error: sync: RUnlock of unlocked RWMutex"),
        (misuse(lambda: Cond(Mutex()), "Wait"), "fatal error: sync: unlock of unlocked mutex"),
        (reused_wait_group, "panic: sync: WaitGroup is reused before previous Wait has returned"),
    ],
)
def test_misuse_ends_the_program_with_go_s_words(main: Callable[[], Any], message: str) -> None:
    assert run(main, gomaxprocs=1).ended == message


@pytest.mark.parametrize("make", [Mutex, RWMutex, Sema])
def test_a_lock_belongs_to_one_run(make: Callable[[], Any]) -> None:
    shared = make()

    def main() -> Any:
        yield shared.TryLock() if make is not Sema else shared.Release()

    simulate(Config(), Program(main))
    with pytest.raises(ConfigError, match="another run"):
        simulate(Config(), Program(main))


@pytest.mark.parametrize("count", [-1, 2**32, None, True, 0.5])
def test_a_semaphore_counts_in_whole_numbers(count: Any) -> None:
    with pytest.raises(ConfigError, match=r"^Sema\(count\)"):
        Sema(count)
