"""A mirror with a mistake built in: the validator must tell, from the Recording alone, which rule it breaks.

The mistakes are those that a simplified scheduler would make; each replaces one function wherever the mirror uses it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gmp_lab import Config, Mutex, Program, Throw, WaitGroup, go, simulate, syscall, work
from gmp_lab import vocabulary as v
from gmp_lab.catalog import fan_out, hogs_and_victims, steady_mix
from gmp_lab.runtime import goroutine, idle, mutex, retake, runq, schedule, threads
from gmp_lab.runtime import syscall as syscalls
from gmp_lab.validate import validate


def take_half_rounded_down(rt: Any, mp: Any, p2: Any, last_pass: bool, real: Any = runq.runqgrab) -> Any:
    n = len(p2.runq) // 2
    return ([p2.runq.popleft() for _ in range(n)], False) if n else real(rt, mp, p2, last_pass)


def take_half_from_the_tail(rt: Any, mp: Any, p2: Any, last_pass: bool, real: Any = runq.runqgrab) -> Any:
    n = len(p2.runq) - len(p2.runq) // 2
    return ([p2.runq.pop() for _ in range(n)], False) if n else real(rt, mp, p2, last_pass)


def take_the_ring_first(mp: Any, pp: Any, real: Any = runq.runqget) -> Any:
    if pp.runq:
        mp.source = v.SRC_LOCAL
        return pp.runq.popleft(), False
    return real(mp, pp)


def take_the_oldest_idle_p(rt: Any, real: Any = idle.pidleget) -> Any:
    rt.sched.pidle.reverse()
    pp = real(rt)
    rt.sched.pidle.reverse()
    return pp


def wake_the_thread_that_sleeps_longest(rt: Any, real: Any = idle.mget) -> Any:
    rt.sched.midle.reverse()
    mp = real(rt)
    rt.sched.midle.reverse()
    return mp


def take_one_of_the_global_queue(rt: Any, mp: Any, pp: Any) -> Any:
    gp = rt.sched.runq.popleft()
    mp.source = v.SRC_GLOBAL
    rt.emit((rt.engine.now, v.E_GLOB_GET, gp.goid, pp.id, mp.id, 1))
    return gp


def count_every_switch_as_a_tick(rt: Any, mp: Any, gp: Any, inherit: bool, real: Any = schedule.execute) -> None:
    real(rt, mp, gp, inherit)
    mp.p.schedtick += inherit


def wake_one_thread_for_each(rt: Any, real: Any = threads.startm) -> None:
    pp = idle.pidleget(rt)
    if pp is not None:
        rt.sched.nmspinning += 1
        real(rt, pp, True)


def take_every_p_from_its_call(rt: Any, pp: Any, sysretake: bool, now: int) -> None:
    retake.takeP(rt, pp, rt.sysmontick.m)
    threads.handoffp(rt, pp, rt.sysmontick.m)


def move_a_quarter(rt: Any, pp: Any, gp: Any) -> None:
    batch = [*(pp.runq.popleft() for _ in range(64)), gp]
    rt.sched.runq.extend(batch)
    rt.emit((rt.engine.now, v.E_OVERFLOW, gp.goid, pp.id, -1, 64))


def starve_at_once(rt: Any, mp: Any, gp: Any, s: Any, real: Any = mutex.lockWoken) -> Any:
    s.starving = True
    return real(rt, mp, gp, s)


#: the mistake; the module and name of the function that makes it; what stands in its place; the rule it breaks
MISTAKES: list[tuple[str, Any, str, Callable[..., Any], str]] = [
    ("half is rounded down", runq, "runqgrab", take_half_rounded_down, "steal-half"),
    ("the newest are stolen", runq, "runqgrab", take_half_from_the_tail, "steal-last"),
    ("no sleep before a runnext is stolen", runq, "_aboutToRun", lambda rt, p2: False, "steal-sleep"),
    ("runnext is nothing special", runq, "runqget", take_the_ring_first, "runnext-first"),
    ("the overflow is smaller", runq, "runqputslow", move_a_quarter, "overflow"),
    ("the global queue is a stack", runq, "globrunqput", lambda rt, gp: rt.sched.runq.appendleft(gp), "source"),
    ("one at a time from the global queue", runq, "globrunqgetbatch", take_one_of_the_global_queue, "batch"),
    ("every switch is a tick", schedule, "execute", count_every_switch_as_a_tick, "tick-61"),
    ("idle Ps queue up", threads, "pidleget", take_the_oldest_idle_p, "idle"),
    ("parked threads queue up", threads, "mget", wake_the_thread_that_sleeps_longest, "midle"),
    ("nobody is woken", threads, "wakep", lambda rt: None, "conserve"),
    ("a thread is woken for each", threads, "wakep", wake_one_thread_for_each, "one-wake"),
    ("who finds work wakes nobody", threads, "resetspinning", threads.stopSpinning, "conserve"),
    ("sysmon takes every P from its call", retake, "retakeSyscall", take_every_p_from_its_call, "retake-early"),
    ("an idle P is not looked for", syscalls, "exitsyscallTryGetP", lambda *_: (None, v.EXIT_NO_P), "syscall"),
    ("spinning without end", mutex, "canSpin", lambda rt, mp, i: rt.gomaxprocs > 1, "lock-spin"),
    ("every waiter is starving", mutex, "lockWoken", starve_at_once, "starving"),
    ("yielding is local", goroutine, "goschedImpl", lambda rt, mp, gp, _: goroutine.goyield(rt, mp, gp), "signal"),
]


def callers() -> Iterator[tuple[Config, Program]]:
    def caller(wg: WaitGroup) -> Any:
        for _ in range(6):
            yield syscall(us=400)
            yield work(us=5)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(3)
        for _ in range(3):
            yield go(caller, wg)
        yield wg.Wait()

    yield Config(gomaxprocs=2), Program(main)
    yield Config(gomaxprocs=4), Program(main)


def a_convoy() -> Program:
    def locker(mu: Mutex, wg: WaitGroup) -> Any:
        for _ in range(20):
            yield mu.Lock()
            yield work(us=100)
            yield mu.Unlock()
        yield wg.Done()

    def main() -> Any:
        mu, wg = Mutex(), WaitGroup()
        yield wg.Add(3)
        for _ in range(3):
            yield go(locker, mu, wg)
        yield wg.Wait()

    return Program(main)


def runs() -> list[tuple[Config, Program]]:
    limits: dict[str, Any] = {"until_ns": 60_000_000}
    return [
        (Config(gomaxprocs=4, **limits), steady_mix(goroutines=12, bursts=10)),
        (Config(gomaxprocs=3, **limits), steady_mix(goroutines=9, bursts=20, syscall_percent=60)),
        (Config(gomaxprocs=4, **limits), fan_out(tasks=60, task_us=100)),
        (Config(gomaxprocs=2, **limits), fan_out(tasks=700, task_us=1)),
        (Config(gomaxprocs=1, startup="real", **limits), fan_out(tasks=700, task_us=1)),
        (Config(gomaxprocs=2, **limits), hogs_and_victims(hogs=3, victims=2, turns=4)),
        *callers(),
        (Config(gomaxprocs=3, **limits), a_convoy()),
    ]


def broken_rules() -> set[str]:
    """The rules that these runs break; a run in which the mirror itself notices the mistake tells nothing here."""
    broken: set[str] = set()
    for config, program in runs():
        with contextlib.suppress(Throw):
            broken |= {violation.rule for violation in validate(simulate(config, program))}
    return broken


def replace(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, wrong: Callable[..., Any]) -> None:
    """Put wrong in the place of module.name, wherever the mirror has imported it."""
    real = getattr(module, name)
    for user in [m for full, m in sys.modules.items() if full.startswith("gmp_lab.runtime")]:
        if getattr(user, name, None) is real:
            monkeypatch.setattr(user, name, wrong)


def test_the_mirror_without_a_mistake_breaks_no_rule() -> None:
    assert broken_rules() == set()


@pytest.mark.parametrize(("mistake", "module", "name", "wrong", "rule"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_a_mistake_in_the_mirror_is_told_by_its_rule(  # noqa: PLR0917
    mistake: str, module: Any, name: str, wrong: Callable[..., Any], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch, module, name, wrong)
    assert rule in broken_rules()
