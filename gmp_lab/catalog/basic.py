"""The basic workloads: a steady mix, a fan-out, ping-pong, hogs beside victims, a pipeline."""

from __future__ import annotations

from typing import Any

from gmp_lab.catalog.numbers import MAX_GOROUTINES, number, us
from gmp_lab.errors import ConfigError, check_bool, check_int
from gmp_lab.stream import Stream
from gmp_lab.workload import (
    LOOP_KINDS,
    Body,
    Chan,
    Program,
    WaitGroup,
    chan,
    close,
    go,
    gosched,
    recv,
    send,
    sleep,
    syscall,
    work,
)

# --- the steady mix: bursts of computing, system calls, meetings ---------------------------------------------


def steady_mix(
    goroutines: int = 16,
    burst_us: float = 50,
    syscall_percent: float = 20,
    syscall_us: float = 200,
    bursts: int = 20,
    seed: int = 1,
    fixed: bool = False,
) -> Program:
    """Goroutines that compute in bursts; each burst ends in a blocking system call or in meeting a partner.

    goroutines       1..1e6; partners are neighbours in order of creation (an odd one out yields instead)
    burst_us         mean length of a burst, exponential (or every one the same, if fixed), 0..1e7 us
    syscall_percent  share of the bursts that end in a system call, 0..100 %
    syscall_us       mean length of a call, distributed like the bursts, 0..1e7 us
    bursts           of each goroutine, 1..1e6
    """
    check_int("goroutines", goroutines, 1, MAX_GOROUTINES)
    check_int("bursts", bursts, 1, 1_000_000)
    check_int("seed", seed, 0, 2**63 - 1)
    check_bool("fixed", fixed)
    percent = number("syscall_percent", syscall_percent, 0, 100, "%")
    params = {
        "goroutines": goroutines, "burst_us": burst_us, "syscall_percent": syscall_percent,
        "syscall_us": syscall_us, "bursts": bursts, "seed": seed, "fixed": fixed,
    }  # fmt: skip
    mix = (us("burst_us", burst_us), percent, us("syscall_us", syscall_us), bursts, seed, fixed)
    return Program(_mix_main, goroutines, mix, name="steady_mix", params=params)


def _mix_main(goroutines: int, mix: tuple[Any, ...]) -> Body:
    wg = WaitGroup()
    yield wg.Add(goroutines)
    for i in range(goroutines):
        if i % 2 == 0:
            meet = chan() if i + 1 < goroutines else None
        yield go(_mix_worker, i, meet, wg, mix)
    yield wg.Wait()


def _mix_worker(i: int, meet: Chan | None, wg: WaitGroup, mix: tuple[Any, ...]) -> Body:
    burst, percent, call, bursts, seed, fixed = mix
    own = Stream(seed, i)
    pair = Stream(seed, -1 - i // 2)  # both partners decide alike when to meet: no one waits in vain
    if meet is None:
        partner = gosched()
    else:
        partner = send(meet) if i % 2 == 0 else recv(meet)
    share = round(percent * 100)  # of 10,000
    for _ in range(bursts):
        yield work(ns=burst if fixed else own.exponential(burst))
        if pair.below(10_000) < share:
            yield syscall(ns=call if fixed else own.exponential(call))
        else:
            yield partner
    yield wg.Done()


# --- fan-out, ping-pong, hogs and victims, pipeline ------------------------------------------------------------


def fan_out(tasks: int = 100, task_us: float = 50, spread_percent: int = 0, seed: int = 1) -> Program:
    """main starts ``tasks`` goroutines of ``task_us`` (give or take ``spread_percent``) and waits for all."""
    check_int("tasks", tasks, 1, MAX_GOROUTINES)
    check_int("spread_percent", spread_percent, 0, 100, "%")
    check_int("seed", seed, 0, 2**63 - 1)
    params = {"tasks": tasks, "task_us": task_us, "spread_percent": spread_percent, "seed": seed}
    args = (tasks, us("task_us", task_us), spread_percent, seed)
    return Program(_fan_out_main, *args, name="fan_out", params=params)


def _fan_out_main(tasks: int, task_ns: int, spread: int, seed: int) -> Body:
    wg = WaitGroup()
    yield wg.Add(tasks)
    draw = Stream(seed)
    for _ in range(tasks):
        width = task_ns * spread // 100
        yield go(_task, task_ns - width + draw.below(2 * width + 1), wg)
    yield wg.Wait()


def _task(ns: int, wg: WaitGroup) -> Body:
    yield work(ns=ns)
    yield wg.Done()


def ping_pong(pairs: int = 1, rounds: int = 100, work_us: float = 0) -> Program:
    """Pairs that pass a token to and fro over unbuffered channels, with work_us of computing at each turn."""
    check_int("pairs", pairs, 1, 10_000)
    check_int("rounds", rounds, 1, 10_000_000)
    params = {"pairs": pairs, "rounds": rounds, "work_us": work_us}
    return Program(_ping_pong_main, pairs, rounds, us("work_us", work_us), name="ping_pong", params=params)


def _ping_pong_main(pairs: int, rounds: int, ns: int) -> Body:
    wg = WaitGroup()
    yield wg.Add(2 * pairs)
    for _ in range(pairs):
        there, back = chan(), chan()
        yield go(_player, there, back, rounds, ns, True, wg)
        yield go(_player, back, there, rounds, ns, False, wg)
    yield wg.Wait()


def _player(out: Chan, into: Chan, rounds: int, ns: int, serves: bool, wg: WaitGroup) -> Body:
    for _ in range(rounds):
        if not serves:
            yield recv(into)
        yield work(ns=ns)
        yield send(out)
        if serves:
            yield recv(into)
    yield wg.Done()


def hogs_and_victims(
    hogs: int = 1, victims: int = 1, victim_us: float = 100, period_us: float = 5_000, turns: int = 50,
    loop: str = "free",
) -> Program:  # fmt: skip
    """Endless loops beside goroutines that sleep period_us, compute victim_us, and do so ``turns`` times.

    ``loop`` is what the hogs are made of: "free", "leaf", "call" or "unsafe" (see ``work``).  The program ends when
    the victims are done.
    """
    check_int("hogs", hogs, 0, 10_000)
    check_int("victims", victims, 1, 100_000)
    check_int("turns", turns, 1, 1_000_000)
    if loop not in LOOP_KINDS:
        raise ConfigError("loop", loop, "one of " + ", ".join(map(repr, LOOP_KINDS)))
    params = {
        "hogs": hogs, "victims": victims, "victim_us": victim_us, "period_us": period_us, "turns": turns,
        "loop": loop,
    }  # fmt: skip
    args = (hogs, victims, us("victim_us", victim_us), us("period_us", period_us), turns, loop)
    return Program(_hogs_main, *args, name="hogs_and_victims", params=params)


def _hogs_main(hogs: int, victims: int, victim_ns: int, period_ns: int, turns: int, loop: str) -> Body:
    wg = WaitGroup()
    yield wg.Add(victims)
    for _ in range(hogs):
        yield go(_hog, loop)
    for _ in range(victims):
        yield go(_victim, victim_ns, period_ns, turns, wg)
    yield wg.Wait()


def _hog(loop: str) -> Body:
    yield work(loop=loop, forever=True)


def _victim(ns: int, period_ns: int, turns: int, wg: WaitGroup) -> Body:
    for _ in range(turns):
        yield sleep(ns=period_ns)
        yield work(ns=ns)
    yield wg.Done()


def pipeline(stages: int = 3, items: int = 50, work_us: float = 20, buffer: int = 0) -> Program:
    """Items that pass through stages, each a goroutine that computes work_us; ``buffer`` is the channels' size."""
    check_int("stages", stages, 1, 10_000)
    check_int("items", items, 1, 1_000_000)
    check_int("buffer", buffer, 0, 1_000_000)
    params = {"stages": stages, "items": items, "work_us": work_us, "buffer": buffer}
    return Program(_pipeline_main, stages, items, us("work_us", work_us), buffer, name="pipeline", params=params)


def _pipeline_main(stages: int, items: int, ns: int, buffer: int) -> Body:
    first = into = chan(buffer)
    for _ in range(stages):
        out = chan(buffer)
        yield go(_stage, into, out, ns)
        into = out
    yield go(_source, first, items)
    while (yield recv(into)) is not None:
        pass


def _stage(into: Chan, out: Chan, ns: int) -> Body:
    while (item := (yield recv(into))) is not None:
        yield work(ns=ns)
        yield send(out, item)
    yield close(out)


def _source(out: Chan, items: int) -> Body:
    for item in range(items):
        yield send(out, item)
    yield close(out)
