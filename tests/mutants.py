"""Deliberate mistakes: the mirror with one rule changed, to see that a test would notice.

A mistake is a change of the text of one function of ``gmp_lab.runtime``, or of a field of a Go version's row.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from gmp_lab import params, runtime


class Mutant(NamedTuple):
    """In this function the text ``old``, which stands there once, becomes ``new``."""

    module: str
    function: str
    old: str
    new: str


MUTANTS = {
    "a readied goroutine goes to the tail": Mutant(
        "goroutine", "ready", "runqput(rt, pp, gp, True)", "runqput(rt, pp, gp, False)"),
    "a new goroutine goes to the tail": Mutant(
        "goroutine", "newproc", "runqput(rt, pp, gp, True)", "runqput(rt, pp, gp, False)"),
    "Gosched goes to the local queue": Mutant(
        "goroutine", "goschedImpl", "globrunqput(rt, gp)", "runqput(rt, mp.p, gp, False)"),
    "every 60th tick": Mutant("schedule", "findRunnable", "pp.schedtick % rt.globaltick", "pp.schedtick % 60"),
    "runnext begins a slice": Mutant("runq", "runqget", "return next, True", "return next, False"),
    "the global queue is taken one by one": Mutant(
        "runq", "globrunqgetbatch", "len(runq) // rt.gomaxprocs + 1", "1"),
    "a full ring gives all it has": Mutant("runq", "runqputslow", "len(pp.runq) // 2", "len(pp.runq)"),
    "close wakes first come, first served": Mutant("chan", "closechan", "glist.pop()", "glist.pop(0)"),
    "a waiting sender's value overtakes the buffer": Mutant(
        "chan", "chanrecv", "gp.value = c.buf.popleft()\n            c.buf.append(elem)", "gp.value = elem"),
    "WaitGroup wakes last come, first served": Mutant(
        "chan", "waitGroupAdd", "wg.waiters.popleft()", "wg.waiters.pop()"),
    "locks wake last come, first served": Mutant("sema", "semrelease1", "sema.waitq.popleft()", "sema.waitq.pop()"),
    "Unlock steps aside": Mutant("mutex", "unlockSlow", "gp, m.sema, False)", "gp, m.sema, True)"),
    "TryLock gets in while somebody waits": Mutant("rwmutex", "tryRLock", "rw.readerCount < 0", "False"),
    "Signal wakes the last": Mutant("cond", "notifyListNotifyOne", "ticket == t", "i == len(c.list) - 1"),
    "Broadcast wakes last come, first served": Mutant(
        "cond", "notifyListNotifyAll", "in sleepers", "in reversed(sleepers)"),
    "a locked goroutine inherits the slice": Mutant(
        "schedule", "schedule", "mp.lockedg, False)", "mp.lockedg, True)"),
}  # fmt: skip
ROWS: dict[str, dict[str, Any]] = {
    "start-up has used a tick less": {"startup_schedtick": params.version("1.27").startup_schedtick - 1},
    "start-up has used a tick more": {"startup_schedtick": params.version("1.27").startup_schedtick + 1},
    "start-up leaves nobody in the queue": {
        "startup": tuple(replace(g, queue="waiting") for g in params.version("1.27").startup)},
}  # fmt: skip


def make(patch: pytest.MonkeyPatch, name: str) -> None:
    """Make the mistake, wherever the function has been imported."""
    if name in ROWS:
        rules = params.rules
        patch.setattr(params, "rules", lambda go, os: replace(rules(go, os), **ROWS[name]))
        return
    change(patch, MUTANTS[name])


def change(patch: pytest.MonkeyPatch, mutant: Mutant) -> None:
    """Change the text of one function, wherever it has been imported."""
    home = importlib.import_module(f"gmp_lab.runtime.{mutant.module}")
    right = getattr(home, mutant.function)
    text = inspect.getsource(right)
    assert text.count(mutant.old) == 1, f"{mutant.module}.{mutant.function} has changed: {mutant.old!r}"
    made: dict[str, Any] = {}
    exec(compile(text.replace(mutant.old, mutant.new), home.__name__, "exec", dont_inherit=True), vars(home), made)
    for info in pkgutil.iter_modules(runtime.__path__):
        module = importlib.import_module(f"gmp_lab.runtime.{info.name}")
        for known, thing in list(vars(module).items()):
            if thing is right:
                patch.setattr(module, known, made[mutant.function])
