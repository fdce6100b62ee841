"""Rules about system calls: who keeps the P, who may take it and when, and how a goroutine comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.recording import Event
from gmp_lab.validate.books import RUNNABLE, RUNNING, SYSCALL, Books, Place


def enter(b: Books, e: Event) -> None:
    b.move(e.g, (RUNNING,), SYSCALL)
    b.runs(e, "makes a call on")
    b.call_p[e.m], b.call_t[e.m] = e.p, e.t
    b.taken.discard(e.m)
    if e.arg == v.SYSCALL_BLOCK:
        b.exits[e.p] += 1
        b.taken.add(e.m)
        b.expect = (v.E_RELEASE_P, -1, e.p, "syscall", f"G{e.g} makes a call known to block and keeps P{e.p}")
    elif not b.keeps_p:  # the P is _Psyscall: nobody's, but M may have it back
        b.p_m[e.p] = -1
        b.m_p.pop(e.m, None)
        b.in_call[e.p] = e.m


def leave(b: Books, e: Event) -> None:
    if e.arg in (v.EXIT_NO_P, v.EXIT_LATE_P):
        _leave_without(b, e)
        return
    went_in, lost = b.call_p.get(e.m, -1), e.m in b.taken
    b.move(e.g, (SYSCALL,), RUNNING)
    b.runs(e, "comes back on")
    b.need("syscall", e.p >= 0, f"G{e.g} comes back with a P that is not told")
    same = went_in == e.p
    if e.arg == v.EXIT_FAST:
        b.need("syscall", same, f"G{e.g} keeps P{e.p} but went into its call with P{went_in}")
        b.need("syscall", not lost, f"G{e.g} keeps P{e.p}, which was taken from it during the call")
    elif e.arg == v.EXIT_OLD_P:
        b.need("syscall", same and lost, f"G{e.g} takes P{e.p} back, which it has not lost")
    elif e.arg == v.EXIT_IDLE_P:
        b.need("syscall", not same and lost, f"G{e.g} takes an idle P{e.p} and has its own, P{went_in}")
    else:
        b.wrong("syscall", f"G{e.g} comes back in an unknown way, {e.arg}")
    if e.p >= 0:
        b.exits[e.p] += 1
    _over(b, e.m)


def _leave_without(b: Books, e: Event) -> None:
    b.move(e.g, (SYSCALL,), RUNNABLE)
    old = b.call_p.get(e.m, -1)
    b.need("syscall", e.m not in b.m_p, f"G{e.g} comes back without a P although M{e.m} has P{b.m_p.get(e.m)}")
    b.need("owner", b.m_g.get(e.m, 0) == e.g or not b.rec.complete, f"G{e.g} comes back on M{e.m}, which ran another")
    b.need("syscall", e.arg == v.EXIT_LATE_P or not b.pidle, f"G{e.g} finds no P although P{b.pidle[-1:]} is idle")
    holder = b.p_m[old] if old >= 0 else -1
    there = old in b.in_call or b.status.get(b.m_g.get(holder, 0)) == SYSCALL
    b.need("syscall", not there, f"G{e.g} finds no P although its old one, P{old}, is in a system call")
    b.drop(e.m, e.g)
    _over(b, e.m)
    if e.arg == v.EXIT_NO_P:
        b.put_global(e.g)
    else:
        b.queue(e.g, Place("hand", e.m, v.SRC_SYSEXIT))


def _over(b: Books, m: int) -> None:
    b.call_p.pop(m, None)
    b.call_t.pop(m, None)
    b.taken.discard(m)


def retake(b: Books, e: Event) -> None:
    m = b.p_m[e.p] if b.keeps_p else b.in_call.get(e.p, -1)
    g = b.m_g.get(m, 0)
    b.need("retake", b.status.get(g) == SYSCALL, f"P{e.p} is taken, and it is in no system call")
    if b.keeps_p:
        b.need("retake", (e.g, e.m) == (g, m), f"P{e.p} is taken from G{e.g} on M{e.m}, but G{g} on M{m} has it")
    if e.arg >= 0:
        asks = e.arg == b.gc.asker and e.p in b.gc.points  # forEachP
        b.need("retake", asks or e.arg in b.sysmon, f"P{e.p} is taken by M{e.arg}, which is not sysmon")
        if not asks:
            _early(b, e, m)
        b.expect = (v.E_HANDOFF, -1, e.p, "retake", f"sysmon takes P{e.p} and does not hand it over")
    else:
        b.expect = (v.E_ACQUIRE_P, -1, e.p, "retake", f"P{e.p} is taken out of another call and not used")
    if b.keeps_p:
        b.m_p.pop(m, None)
    b.in_call.pop(e.p, None)
    b.p_m[e.p] = -1
    b.exits[e.p] += 1
    b.taken.add(m)
    b.loose.add(e.p)


def _early(b: Books, e: Event, m: int) -> None:
    """Without work for it and with others idle or spinning, a P is left in its call for 10 ms."""
    others = bool(b.spinning or b.pidle)
    if b.busy(e.p) or not others or b.exits[e.p] == 0:  # 0: sysmon takes a P's first call for one it has seen
        return
    age = e.t - max(b.call_t.get(m, 0), 0)
    long_slice = e.t - b.slice_start[e.p] >= params.forcePreemptNS  # then sysmon does not look at the call's age
    due = age >= params.forcePreemptNS or long_slice
    b.need("retake-early", due, f"P{e.p} is taken {age} ns into its call, without work and with others idle")


def handoff(b: Books, e: Event) -> None:
    b.need("owner", b.p_m[e.p] < 0, f"P{e.p} is handed over while M{b.p_m[e.p]} has it")
    b.need("lost-p", e.p in b.loose, f"P{e.p} is handed over and was not free")


RULES: Final[dict[int, Callable[[Books, Event], None]]] = {
    v.E_SYSCALL: enter, v.E_SYSEXIT: leave, v.E_RETAKE: retake, v.E_HANDOFF: handoff,
}  # fmt: skip
