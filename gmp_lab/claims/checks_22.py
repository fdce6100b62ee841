"""Checks of section 2.2: threads, who makes them, and where idle ones wait."""

from __future__ import annotations

from typing import Final

from gmp_lab.claims import runs_threads as threads
from gmp_lab.claims.check import Outcome, all_of, check, expect
from gmp_lab.claims.runs import experiment
from gmp_lab.claims.source import in_order, source_has, source_lacks
from gmp_lab.claims.words import none_of
from gmp_lab.experiments import CATALOGUE

PROC: Final = "runtime/proc.go"
RUNTIME2: Final = "runtime/runtime2.go"
LINUX: Final = "runtime/os_linux.go"
CALLS: Final = "runtime/sys_linux_amd64.s"


@check("2.2-01", kind="source")
def mstart_is_where_a_new_thread_begins() -> Outcome:
    """Who makes the thread, and what it runs first."""
    return all_of(
        source_has(PROC, "newm", "newm1(mp)"), source_has(PROC, "newm1", "newosproc(mp)"),
        source_has(LINUX, "newosproc", "unsafe.Pointer(abi.FuncPCABI0(mstart))"),
        source_has(LINUX, "newosproc", "clone("),
        in_order(PROC, "mstart1", "schedule()"), none_of("mstart", where=PROC, symbol="startm"),
    )  # fmt: skip


@check("2.2-02", kind="source")
def startm_decides_between_an_idle_thread_and_a_new_one() -> Outcome:
    """Which function asks for an idle M, and makes one if there is none?"""
    return all_of(
        in_order(PROC, "startm", "nmp := mget()", "newm(fn, pp, id)", "notewakeup(&nmp.park)"),
        none_of("mget", "newm", "newosproc", where=PROC, symbol="schedule"), source_has(PROC, "wakep", "startm("),
    )  # fmt: skip


@check("2.2-02", kind="simulation")
def an_idle_thread_is_taken_if_there_is_one() -> Outcome:
    """Rounds of ten blocking calls: threads after each round, and idle ones that were started again."""
    after, again = threads.threads_after()
    return expect(
        after[0] > 2 and after[-1] == after[0] and again > 0,
        f"threads after each round: {_list(after)}; an idle one was started {again} times",
    )


@check("2.2-03", kind="source")
def the_function_is_called_find_runnable() -> Outcome:
    """The name, and what it returns; the article's name in any code of the runtime."""
    return all_of(
        source_has(PROC, "findRunnable", "findRunnable() (gp *g, inheritTime, tryWakeP bool)"),
        source_lacks("findrunnable"), source_has(PROC, "findRunnable", go="1.19"),
    )  # fmt: skip


@check("2.2-04", kind="source")
def schedule_does_not_ask_for_nil() -> Outcome:
    """The comment at the call, the words of the test, and a return without a goroutine."""
    return all_of(
        source_has(PROC, "schedule", "findRunnable() // blocks until work is available"),
        source_lacks("gp != nil", PROC, "schedule"), source_lacks("return nil, false, false", PROC, "findRunnable"),
    )  # fmt: skip


@check("2.2-05", kind="simulation")
def the_global_queue_comes_first_at_every_61st_tick_only() -> Outcome:
    """1200 tasks in the local and the global queue of one P: which ticks look at the global queue first?"""
    found = threads.ticks()
    due = found.ticks // 61
    return all_of(
        expect(
            set(found.gaps) == {61} and abs(found.at_61 - due) <= 2 and found.local > 10 * found.at_61,
            f"{found.ticks} ticks: {found.at_61} times global first, always 61 ticks apart; "
            f"{found.local} times the local queue",
        ),
        in_order(PROC, "findRunnable", "pp.schedtick%61 == 0", "runqget(pp)", "globrunqgetbatch"),
    )


@check("2.2-06", kind="source")
def execute_ends_in_gogo() -> Outcome:
    """The end of execute, and what gogo restores."""
    return all_of(
        in_order(PROC, "execute", "casgstatus(gp, _Grunnable, _Grunning)", "gogo(&gp.sched)"),
        in_order("runtime/asm_amd64.s", "gogo", "JMP gogo<>(SB)"),
        source_has("runtime/asm_amd64.s", text="MOVQ gobuf_sp(BX), SP"),
    )


@check("2.2-07", kind="simulation")
def a_goroutine_changes_its_thread_unless_it_is_locked() -> Outcome:
    """One of five goroutines that step aside: on how many threads does it run, free and locked?"""
    (times, free), (_, locked) = threads.threads_of_one(False), threads.threads_of_one(True)
    return all_of(
        expect(free > 1 and locked == 1, f"executed {times} times, on {free} threads; locked to its own on {locked}"),
        source_has(PROC, "dropg", "setMNoWB(&gp.m.curg.m, nil)"), source_has(PROC, "stoplockedm"),
    )  # fmt: skip


@check("2.2-08", kind="source")
def park_m_parks_a_goroutine_and_stopm_a_thread() -> Outcome:
    """What each of the two does."""
    return all_of(
        in_order(PROC, "park_m", "casgstatus(gp, _Grunning, _Gwaiting)", "dropg()", "schedule()"),
        none_of("mput", "mPark", "notesleep", where=PROC, symbol="park_m"),
        in_order(PROC, "stopm", "mput(gp.m)", "mPark()"), source_has(PROC, "mPark", "notesleep(&gp.m.park)"),
        source_has(PROC, "findRunnable", "stopm()"), source_lacks("park_m", PROC, "findRunnable"),
    )  # fmt: skip


@check("2.2-09", kind="simulation")
def idle_threads_are_kept() -> Outcome:
    """Four rounds of ten blocking calls."""
    after, again = threads.threads_after()
    return expect(
        after[-1] == after[0] > 10 and again >= 20,
        f"{after[0]} threads after the first round, {after[-1]} after the last; {again} times an idle one was used",
    )


@check("2.2-09", "2.2-11", kind="experiment")
def threads_do_not_follow_goroutines() -> Outcome:
    """strace counts the threads that are made: for 50 blocking calls, and for 1000 goroutines."""
    calls, goroutines = experiment("cloned", 1), experiment("cloned", 2)
    few, many = goroutines.numbers("cloned")[0], calls.numbers("cloned")[0]
    return all_of(
        calls.outcome, goroutines.outcome,
        expect(few * 100 < 1000 and few < many, f"clone: {few:g} times for 1000 goroutines, {many:g} for 50 calls"),
    )  # fmt: skip


@check("2.2-10", kind="experiment")
def all_threads_have_to_be_followed() -> Outcome:
    """The catalogue counts with strace -f; a thread ends with the call exit, which the article's filter omits."""
    watched, seen_by = CATALOGUE["cloned"].under, experiment("cloned", 1)
    shown = {"clone", "futex", "exit_group"}  # the article's -e trace=
    return all_of(
        seen_by.outcome, expect("-f" in watched and "exit" not in shown, "strace -f; exit is not exit_group"),
        source_has(CALLS, "exitThread", "$SYS_exit, AX"), source_lacks("SYS_exit_group", CALLS, "exitThread"),
        source_has(CALLS, "exit", "$SYS_exit_group, AX"),
    )  # fmt: skip


@check("2.2-12", kind="simulation")
def where_threads_sleep_depends_on_the_program() -> Outcome:
    """How often a thread went to sleep on its futex and in the poller: in a program of timers and in one of calls."""
    (futex, poller), (futex_calls, poller_calls) = (threads.where_threads_wait(kind) for kind in ("timers", "calls"))
    return all_of(
        expect(
            futex_calls > poller_calls and poller >= futex > 0,
            f"timers: {futex} times futex, {poller} times poller; calls: {futex_calls} and {poller_calls}",
        ),
        source_has(PROC, "findRunnable", "netpoll(delay)"), source_has(PROC, "sysmon", "usleep(delay)"),
    )  # fmt: skip


@check("2.2-13", "2.2-14", kind="source")
def an_m_has_no_status() -> Outcome:
    """The article's names, and the fields that tell what an M does."""
    return all_of(
        none_of("_M_RUNNING", "_M_IDLE", "_M_DEAD"), none_of("status", "atomicstatus", where=RUNTIME2, symbol="m"),
        *(source_has(RUNTIME2, f"m.{field}") for field in ("p", "curg", "spinning", "blocked", "park")),
        source_has(RUNTIME2, "schedt.midle"), source_has(RUNTIME2, "p.status"),
    )  # fmt: skip


@check("2.2-15", kind="source")
def mdestroy_is_the_end_of_mexit() -> Outcome:
    """Who calls mdestroy, and who comes to mexit."""
    return all_of(
        source_lacks("_M_DEAD"), in_order(PROC, "mexit", "mdestroy(mp)", "exitThread(&mp.freeWait)"),
        in_order(PROC, "gdestroy", "if locked", "gogo(&mp.g0.sched)"), source_has(PROC, "mstart0", "mexit(osStack)"),
        source_has(CALLS, "exitThread", "$SYS_exit, AX"), source_lacks("SYS_exit_group", CALLS, "exitThread"),
    )  # fmt: skip


@check("2.2-16", kind="simulation")
def a_thread_spins_gives_its_p_up_and_parks() -> Outcome:
    """What one thread does that finds no work, and how it is started again."""
    down, up = threads.idle_thread()
    return all_of(
        expect(
            down[0] == "spin begins" and down[-1] == "m_park" and down.index("release_p") < down.index("pidle_put")
            and up[0].startswith("m_start with P"),
            f"down: {', '.join(down)}; up: {', '.join(up)}",
        ),
        source_has(PROC, "findRunnable", "checkRunqsNoP("), source_has(PROC, "startm", "nmp.nextp.set(pp)"),
        source_lacks("park_m", PROC, "findRunnable"),
    )  # fmt: skip


def _list(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


