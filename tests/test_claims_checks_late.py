"""The checks of sections 3.1 to 5: each claim has one, all hold, and a sample fails if a premise is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gmp_lab import claims, golang, params
from gmp_lab.claims import check, checks_32, runs_queues, source
from gmp_lab.experiments import Experiment, Point, Result
from gmp_lab.golang.gosource import GoSource
from tests import mutants
from tests.mutants import Mutant

SECTIONS = ("3.1", "3.2", "3.3", "4.1", "4.2", "4.3", "4.4", "5")
IDS = [c.id for section in SECTIONS for c in claims.claims(section)]
#: what nothing but a document decides, and what nothing does
OPEN = {"4.4-01", "5-03", "5-04", "5-08"}

Break = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing that other tests have run, and nothing that this one leaves behind."""
    check.forget()
    source.go_source.cache_clear()
    yield
    check.forget()
    source.go_source.cache_clear()


# --- complete, and true ---------------------------------------------------------------------------------------------


def test_these_are_112_claims() -> None:
    assert len(IDS) == 112


@pytest.mark.parametrize("name", IDS)
def test_a_claim_has_a_check_that_says_what_it_does(name: str) -> None:
    found = check.checks(name)
    assert found and all(one.does and one.kind in check.KINDS for one in found)
    assert len({one.name for one in found}) == len(found)


@pytest.mark.go
@pytest.mark.parametrize("name", IDS)
def test_every_check_holds_beside_go_s_source(name: str) -> None:
    golang.require_toolchain("1.27")
    outcome = check.outcome(name)
    assert outcome.holds is (None if name in OPEN else True), outcome.said


@pytest.mark.parametrize("name", IDS)
def test_no_check_fails_without_go(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_GO", "none")
    for one in check.checks(name):
        outcome = one.outcome()
        assert outcome.holds is not False, outcome.said
        assert outcome.holds is None or one.kind in ("simulation", "experiment")


def test_checks_that_decide_say_what_they_have_seen_in_numbers() -> None:
    silent = [
        (name, one.name)
        for name in IDS
        for one in check.checks(name)
        if one.kind in ("simulation", "experiment") and not any(c.isdigit() for c in one.outcome().said)
    ]
    words = {  # the names of functions
        "gdb_stops_at_the_signal_when_told_to", "gdb_sees_sysmon_ask", "from_sysmon_to_gosched_impl",
        "a_backtrace_and_a_trace_tell", "in_the_mirror_too_the_stop_ends_in_gosched_impl",
    }  # fmt: skip
    assert {function for _, function in silent} <= words


def test_an_open_claim_says_why() -> None:
    assert all(len(check.outcome(name).said) > 40 for name in OPEN)


# --- broken on purpose ----------------------------------------------------------------------------------------------


def changed(module: str, function: str, old: str, new: str) -> Break:
    """A function of the mirror with another text."""

    def make(patch: pytest.MonkeyPatch) -> None:
        patch.setitem(mutants.MUTANTS, "late", Mutant(module, function, old, new))
        mutants.make(patch, "late")

    return make


def row(go: str, **fields: Any) -> Break:
    """A Go version with another rule."""

    def make(patch: pytest.MonkeyPatch) -> None:
        rules, version = params.rules, params.version
        patch.setattr(params, "rules", lambda name, os: _other(rules(name, os), go, fields))
        patch.setattr(params, "version", lambda name: _other(version(name), go, fields))

    return make


def _other(found: params.Version, go: str, fields: dict[str, Any]) -> params.Version:
    return replace(found, **fields) if found.name == go else found


def constant(owner: Any, name: str, value: object) -> Break:
    """A constant with another value."""
    return lambda patch: patch.setattr(owner, name, value)


def recorded(experiment: str, key: str, *value: Any) -> Break:
    """An experiment that has shown something else on real Go."""
    right = Experiment.recorded

    def wrong(self: Experiment, point: Point | None = None) -> Result:
        found = right(self, point)
        return Result(found.values | {key: value}, found.origin) if self.name == experiment else found

    return lambda patch: patch.setattr(Experiment, "recorded", wrong)


def text(file: str, old: str, new: str) -> Break:
    """A file of Go's source with another text (of its code, without comments)."""
    right = GoSource._text

    def wrong(self: GoSource, name: str) -> str:
        found = right(self, name)
        assert name != file or old in found
        return found.replace(old, new) if name == file else found

    return lambda patch: patch.setattr(GoSource, "_text", wrong)


def without_1_14(patch: pytest.MonkeyPatch) -> None:
    """The mirror of 1.27 sends no signals."""
    row("1.27", preempt_signal=False)(patch)


def short_slices(patch: pytest.MonkeyPatch) -> None:
    """sysmon comes every ms and lets a goroutine run for one."""
    patch.setattr(params, "forcePreemptNS", 1_000_000)
    patch.setattr(params, "sysmonMaxDelay", 1_000_000)


BROKEN: list[tuple[str, str, Break]] = [
    # stealing
    ("from the tail", "3.2-02", changed("runq", "runqgrab", "pp.runq.popleft() for", "pp.runq.pop() for")),
    ("from the tail", "3.2-06", changed("runq", "runqgrab", "pp.runq.popleft() for", "pp.runq.pop() for")),
    ("the first stolen runs", "3.2-07", changed("runq", "runqsteal", "batch.pop()", "batch.pop(0)")),
    ("half, rounded down", "3.2-03", changed("runq", "runqgrab", "rt.stealable(n)", "max(n // 2, min(n, 1))")),
    ("one at a time", "3.2-04", changed("runq", "runqgrab", "rt.stealable(n)", "min(n, 1)")),
    ("the owner takes the youngest", "3.2-09", changed("runq", "runqget", "pp.runq.popleft()", "pp.runq.pop()")),
    ("an order leaves one P out", "3.2-12", constant(checks_32, "stealOrder", lambda n, i: tuple(range(n - 1)))),
    ("everybody looks for work", "3.2-13", changed(
        "schedule", "findRunnable", "2 * sched.nmspinning < rt.gomaxprocs - len(sched.pidle)", "True")),
    # GM and GMP
    ("a lock without a price", "3.1-03", constant(runs_queues, "LOCK_NS", 0)),
    ("a lock without a price", "3.1-09", constant(runs_queues, "LOCK_NS", 0)),
    ("1.0 has local queues", "3.1-02", row("1.0", local_queues=True)),
    # stops of the world, and the collector
    ("asked once in 10 ms", "3.3-03", constant(params, "stwRetryNS", 10_000_000)),
    ("a stopped goroutine goes to the global queue", "3.3-04", row("1.27", stw_runnext=False)),
    ("nobody assists", "3.3-12", changed("mgcassist", "gcAssistAlloc", "while not", "while False and not")),
    ("nobody assists", "3.3-13", changed("mgcassist", "gcAssistAlloc", "while not", "while False and not")),
    ("nobody assists", "3.3-16", changed("mgcassist", "gcAssistAlloc", "while not", "while False and not")),
    ("nobody waits to assist", "3.3-18", changed(
        "mgcassist", "gcAssistAlloc", 'park("GC assist wait")', 'park("sleep")')),
    ("no signals", "3.3-02", without_1_14),
    # preemption
    ("1.13 sends signals", "4.1-03", row("1.13", preempt_signal=True)),
    ("1.13 sends signals", "4.3-01", row("1.13", preempt_signal=True)),
    ("1.13 sends signals", "4.3-02", row("1.13", preempt_signal=True)),
    ("1.13 sends signals", "4.3-10", row("1.13", preempt_signal=True)),
    ("no signals in 1.27", "4.3-03", without_1_14),
    ("no signals in 1.27", "4.3-11", without_1_14),
    ("no signals in 1.27", "4.2-03", without_1_14),
    ("prologues have no check", "4.1-13", changed(
        "preempt", "preemptone", "if gp.op is None and gp.loop & LOOP_CALLS:", "if False:")),
    ("a slice of 1 ms", "4.1-02", constant(params, "forcePreemptNS", 1_000_000)),
    ("a slice of nothing", "4.1-15", constant(params, "forcePreemptNS", -10_000_000_000)),
    ("sysmon sleeps 1 ms at most", "4.1-16", constant(params, "sysmonMaxDelay", 1_000_000)),
    # services and settings
    ("slices of 1 to 2 ms", "4.4-02", short_slices),
    ("slices of 1 to 2 ms", "4.4-09", short_slices),
    ("1.23 reads the quota", "5-07", row("1.23", default_procs="quota")),
    # experiments
    ("two threads send signals", "4.2-11", recorded("sent", "senders", 2.0)),
    ("a stop with interrupts off", "4.2-09", recorded("debugger", "interrupts_on", "yes", "no", "yes")),
    ("gdb knows pipes", "4.2-08", recorded("debugger", "info_with_grep")),
    ("a call in a loop of sixteen", "4.3-05", recorded("loop_kinds", "sixteen", 1.0)),
    ("a loop that gives way without signals", "4.1-17", recorded("tight_loop", "wait_over_loop", 0.1)),
    # Go's source
    ("half, rounded down", "3.2-05", text("runtime/proc.go", "n = n - n/2", "n = n / 2")),
    ("ids in batches of 32", "3.1-07", text("runtime/proc.go", "_GoidCacheBatch = 16", "_GoidCacheBatch = 32")),
    ("stopwait without the lock", "3.3-05", text(
        "runtime/proc.go", "sched.stopwait = gomaxprocs", "sched.stopwaits = gomaxprocs")),
    ("a function semaWake", "3.3-08", text("runtime/sema.go", "func semacquire(", "func semaWake(")),
    ("Syscall calls schedule", "4.1-06", text(
        "syscall/syscall_linux.go", "runtime_exitsyscall()\n\treturn", "schedule()\n\treturn")),
    ("m has a field preempt", "4.3-08", text("runtime/runtime2.go", "preemptoff      string", "preempt bool")),
    ("morestack_noctxt keeps DX", "4.3-07", text("runtime/asm_amd64.s", "MOVL\t$0, DX", "NOP")),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name", "make"), BROKEN, ids=[f"{name}-{what}" for what, name, _ in BROKEN])
def test_a_broken_premise_makes_the_check_fail(
    what: str, name: str, make: Break, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(monkeypatch)
    assert check.outcome(name).holds is False, f"{what}: {check.outcome(name).said}"
