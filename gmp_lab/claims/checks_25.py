"""Checks of section 2.5: blocking system calls, who keeps the P, and what a dump shows."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.claims import runs_basic as basic
from gmp_lab.claims.check import Outcome, all_of, check, expect, shared
from gmp_lab.claims.runs import counted, experiment, run, seen
from gmp_lab.claims.source import in_order, source_has, source_lacks
from gmp_lab.claims.words import none_of
from gmp_lab.dump import goroutine_dump
from gmp_lab.net import arrives, conn, read
from gmp_lab.recording import Recording
from gmp_lab.replay import P_WORDS
from gmp_lab.workload import Body, WaitGroup, go, sleep, syscall, work

PROC: Final = "runtime/proc.go"
RUNTIME2: Final = "runtime/runtime2.go"
HEADER: Final = "runtime/traceback.go"
DEVICE: Final = Path("/dev/random")

# --- who keeps the P ------------------------------------------------------------------------------------------------


def _p_in_a_call(go_version: str) -> tuple[str, bool]:
    """The status of the P right after a goroutine has entered a call, and whether its thread still has it."""
    rec = run(basic.beside_a_call, 5 * basic.MS, gomaxprocs=1, go=go_version)
    entry = seen(rec, v.E_SYSCALL)[0]
    state = next(s for e, s in basic.states(rec) if e == entry)
    return P_WORDS[state.ps[entry.p].status], state.ms[entry.m].p == entry.p


@check("2.5-01", "2.5-07", kind="simulation")
def entering_a_call_leaves_the_p_where_it_is() -> Outcome:
    """The P in a call by version, and when sysmon takes it: with work waiting, and with an idle P beside."""
    old, new = _p_in_a_call("1.25"), _p_in_a_call("1.27")
    waits = basic.call(20_000)
    alone = _retaken_alone(20)
    return all_of(
        expect(
            old[0] == "syscall" and new == ("running", True) and 20 <= waits.retaken < 1000 and alone > 9_000,
            f"in the call: 1.25 P {old[0]}, 1.27 P {new[0]} and still its thread's; sysmon takes it after "
            f"{waits.retaken:.0f} us if a goroutine waits, after {alone / 1000:.1f} ms if none does",
        ),
        source_lacks("pp.m = 0", PROC, "reentersyscall"), source_has(RUNTIME2, "_Psyscall_unused"),
        source_lacks("_Psyscall"), source_has(PROC, "entersyscallblock", "handoffp(releasep())"),
        source_has(PROC, "reentersyscall", "pp.m = 0", go="1.25"),
    )  # fmt: skip


def _calls_alone(ms: float) -> Body:
    yield syscall(ms=ms)


@shared
def _retaken_alone(ms: float) -> float:
    """After how many us the P is taken from a call if there are an idle P and no work."""
    rec = run(_calls_alone, ms, gomaxprocs=2)
    return (seen(rec, v.E_RETAKE)[0].t - seen(rec, v.E_SYSCALL)[0].t) / basic.US


@check("2.5-01", "2.5-03", "2.5-11", kind="experiment")
def on_real_go_the_p_is_taken_from_a_long_call_only() -> Outcome:
    """A goroutine waits for the only P while another is in a call of 50 ms, and of 5 us."""
    long, short = experiment("handoff"), experiment("handoff", 1)
    waited = sorted(long.numbers("wait_over_call"))[len(long.numbers("wait_over_call")) // 2]
    return all_of(long.outcome, short.outcome, expect(waited < 0.4, f"it waits for {waited:.2%} of the long call"))


@check("2.5-02", kind="experiment")
def accept_waits_in_the_poller() -> Outcome:
    """Threads for 100 goroutines that wait for sockets; Accept in package internal/poll."""
    seen_by = experiment("sockets")
    made = max(seen_by.numbers("new_threads"))
    return all_of(
        seen_by.outcome, expect(made < 10, f"100 waiting goroutines made {made:g} threads"),
        in_order("internal/poll/fd_unix.go", "FD.Accept", "accept(fd.Sysfd)", "syscall.EAGAIN", "fd.pd.waitRead"),
    )  # fmt: skip


@check("2.5-03", kind="simulation")
def another_thread_goes_on_with_the_p() -> Outcome:
    """Who runs on the P while its first thread is in a call?"""
    rec = run(basic.beside_a_call, 5 * basic.MS, gomaxprocs=1)
    entry, taken = seen(rec, v.E_SYSCALL)[0], seen(rec, v.E_RETAKE)[0]
    other = next(e for e in seen(rec, v.E_EXECUTE) if e.t > taken.t)
    return all_of(
        expect(
            other.p == entry.p and other.m != entry.m,
            f"P {other.p} of thread {entry.m} runs G {other.g} on thread {other.m}, "
            f"{(other.t - entry.t) / 1000:.0f} us later",
        ),
        source_has(PROC, "handoffp", "startm(pp, false, false)"),
    )


@check("2.5-04", kind="experiment")
def dev_random_does_not_wait() -> Outcome:
    """1000 reads of one byte, each of which would be refused if it had to wait; made here and now."""
    if not DEVICE.exists() or not hasattr(os, "O_NONBLOCK"):
        return Outcome(None, "this system has no /dev/random")
    waited = 0
    with open(os.open(DEVICE, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
        for _ in range(1000):
            waited += file.read(1) is None
    return expect(waited == 0, f"1000 reads of one byte: {waited} would have had to wait")


def _reads_again_and_again(us: float, times: int) -> Body:
    """A goroutine that reads, beside one that computes and could use the P."""
    wg = WaitGroup()

    def other() -> Body:
        yield work(us=10)
        yield wg.Done()

    yield wg.Add(1)
    yield go(other)
    for _ in range(times):
        yield syscall(us=us)
    yield wg.Wait()


@check("2.5-05", kind="simulation")
def a_read_of_a_microsecond_keeps_its_p() -> Outcome:
    """1000 calls of 1 us, and one of 5 ms (an empty pipe): how often is the P taken?"""
    short = run(_reads_again_and_again, 0.4, 1000, gomaxprocs=2)
    taken, kept = counted(short, v.E_RETAKE), counted(short, v.E_SYSEXIT, arg=v.EXIT_FAST)
    pipe = basic.call(5_000)
    return expect(
        taken == 0 and kept == 1000 and pipe.retaken > 0,
        f"1000 short reads: P taken {taken} times, kept {kept} times; from a read of 5 ms it is taken after "
        f"{pipe.retaken:.0f} us",
    )


@check("2.5-06", "2.5-12", kind="source")
def syscall_is_entersyscall_the_call_and_exitsyscall() -> Outcome:
    """syscall.Syscall of Linux."""
    file = "syscall/syscall_linux.go"
    return all_of(
        in_order(file, "Syscall", "runtime_entersyscall()", "RawSyscall6(trap", "runtime_exitsyscall()"),
        source_has("syscall/zsyscall_linux_amd64.go", "read", "Syscall(SYS_READ"),
        source_lacks("schedule", file, "Syscall"),
    )  # fmt: skip


@check("2.5-11", kind="simulation")
def the_p_becomes_idle_only_if_it_is_taken_and_nothing_waits() -> Outcome:
    """How often a P is put on the idle list during calls: short ones, and a long one with nothing else to do."""
    short = run(_reads_again_and_again, 0.4, 1000, gomaxprocs=1)
    idle = [e for e in seen(short, v.E_PIDLE_PUT) if e.t > seen(short, v.E_SYSCALL)[0].t]
    ends = seen(short, v.E_SYSEXIT)[-1].t
    during = sum(e.t <= ends for e in idle)
    long = run(_calls_alone, 20, gomaxprocs=2)
    taken = seen(long, v.E_RETAKE)[0]
    then = [e for e in seen(long, v.E_PIDLE_PUT, p=taken.p) if e.t >= taken.t]
    return all_of(
        expect(
            during == 0 and len(then) > 0 and counted(short, v.E_SYSEXIT) == 1000,
            f"1000 short calls: {during} times idle; a long one: idle when sysmon has taken it, after "
            f"{(taken.t - seen(long, v.E_SYSCALL)[0].t) / basic.MS:.1f} ms",
        ),
        none_of("pidleput", "handoffp", where=PROC, symbol="reentersyscall"),
        source_has(PROC, "handoffp", "pidleput(pp, 0)"),
    )


@shared
def _exits() -> dict[str, int]:
    """How system calls came back in a run with more callers than Ps, and in one with idle Ps."""
    rec = basic.mix()
    found = basic.words(rec, v.E_SYSEXIT, v.EXIT_NAMES)
    return found | {"calls": counted(rec, v.E_SYSCALL)}


@check("2.5-12", "2.5-13", kind="simulation")
def a_call_comes_back_with_its_p_the_old_one_or_an_idle_one() -> Outcome:
    """All exits of a mix on two Ps, in words."""
    found = dict(_exits())
    calls = found.pop("calls")
    busy = _taken_while_busy(basic.mix())
    said = ", ".join(f"{n} {name}" for name, n in found.items())
    return all_of(
        expect(
            sum(found.values()) == calls and found["kept its P"] > 0 and found["took its old P back"] > 0
            and found["took an idle P"] > 0 and busy == 0,
            f"of {calls} calls {said}; a P that another thread was using was taken {busy} times",
        ),
        in_order(PROC, "exitsyscallTryGetP", "setBlockOnExitSyscall(oldp)", "pidleget(0)"),
        none_of("runqsteal", "stealWork", where=PROC, symbol="exitsyscallTryGetP"),
    )  # fmt: skip


def _taken_while_busy(rec: Recording) -> int:
    """Exits of system calls with a P on which, by the events, another goroutine was running."""
    running: dict[int, int] = {}
    found = 0
    for e in rec:
        if e.kind == v.E_SYSEXIT and e.p >= 0 and e.arg != v.EXIT_NO_P:
            found += running.get(e.p, e.g) != e.g
            running[e.p] = e.g
        elif e.kind == v.E_EXECUTE:
            running[e.p] = e.g
        elif e.kind in (v.E_PARK, v.E_EXIT, v.E_YIELD, v.E_SYSCALL):
            running = {p: g for p, g in running.items() if g != e.g}
    return found


@check("2.5-14", kind="simulation")
def without_a_p_the_goroutine_queues_and_the_thread_parks() -> Outcome:
    """A call comes back while a loop has the only P."""
    rec = run(_comes_back_to_a_loop, gomaxprocs=1, until_ns=100 * basic.MS)
    back = seen(rec, v.E_SYSEXIT)[0]
    state = next(s for e, s in basic.states(rec) if e == back)
    queued = list(state.runq)
    again = next(e for e in seen(rec, v.E_EXECUTE, g=back.g) if e.t > back.t)
    parked = any(e.t == back.t for e in seen(rec, v.E_M_PARK, m=back.m))
    late = (again.t - back.t) / basic.MS
    return all_of(
        expect(
            back.arg == v.EXIT_NO_P and back.g in queued and parked and late > 1,
            f"no P: G {back.g} goes to the global queue, thread {back.m} parks; it runs {late:.1f} ms later",
        ),
        in_order(PROC, "exitsyscallNoP", "casgstatus(gp, _Grunning, _Grunnable)", "globrunqput(gp)", "stopm()"),
    )


def _comes_back_to_a_loop() -> Body:
    yield go(basic.spin, 50)
    yield syscall(ms=2)


# --- the dump -------------------------------------------------------------------------------------------------------


@shared
def _dump() -> str:
    """The dump of a goroutine in a call, one that waits for the network, and main, in the model."""

    def calls() -> Body:
        yield syscall(ms=50)

    def reads() -> Body:
        c = conn()
        yield arrives(c, 1, ms=50)
        yield read(c)

    def main() -> Body:
        yield go(calls)
        yield go(reads)
        yield sleep(ms=60)

    return goroutine_dump(run(main, gomaxprocs=2), 20 * basic.MS)


@check("2.5-08", "2.5-09", "2.5-10", kind="simulation")
def a_dump_names_goroutines_and_their_status_alone() -> Outcome:
    """The headers of a dump; the article's words in it."""
    text = _dump()
    heads = re.findall(r"^goroutine \d+ \[.*\]:$", text, re.MULTILINE)
    wrong = [word for word in ("GOMAXPROCS", "Msyscall", "M0", "Gsyscall", "G1") if word in text]
    return all_of(
        expect(
            len(heads) == 3 and not wrong and any("[syscall]" in head for head in heads)
            and any("[IO wait]" in head for head in heads), "; ".join(heads),
        ),
        in_order(HEADER, "goroutineheader", 'print("goroutine ", gp.goid)', 'print(" m=", gp.m.id, " mp=", gp.m)',
                 'print(" [", status)', '" minutes"'),
        none_of("GOMAXPROCS", "gomaxprocs", "Msyscall", "Gsyscall", where=HEADER, symbol="goroutineheader"),
    )  # fmt: skip


@check("2.5-08", "2.5-09", "2.5-10", kind="experiment")
def real_go_names_what_they_wait_for() -> Outcome:
    """The dump of a program whose goroutines wait in eleven ways."""
    seen_by = experiment("waits")
    return all_of(
        seen_by.outcome, expect(seen_by.real["receiver"] == ("chan receive",), "the receiver: [chan receive]")
    )
