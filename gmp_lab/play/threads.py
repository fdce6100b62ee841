"""Decisions about threads and Ps: whom to wake, what becomes of a P, whose slice is over, what the poller's finds do.

As in ``queues``: the Recording says what is right, and nothing is asked that the stage and the text do not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from gmp_lab import params
from gmp_lab import vocabulary as v
from gmp_lab.play.options import Moment, Option, Question
from gmp_lab.replay import state_after

_SLICE_NS: Final = params.forcePreemptNS
_SURE_NS: Final = _SLICE_NS * 99 // 100  # below it a slice is not over, however it is rounded in a text
_FEW: Final = 6  # events that may stand between a decision and what tells it


def _later(m: Moment) -> Iterator[tuple[int, int, int]]:
    """This and the next few events of the same instant: (kind, p, arg)."""
    rec = m.rec
    for k in range(m.event, min(m.event + _FEW, len(rec))):
        if rec.t[k] != m.e.t:
            return
        yield rec.kind[k], rec.p[k], rec.arg[k]


# --- who is woken ---------------------------------------------------------------------------------------------------


def _why_wake(m: Moment) -> str:
    """What has just happened that calls wakep, in words; "" if nothing."""
    rec, at = m.rec, m.shown
    if at >= 0 and rec.kind[at] == v.E_SPIN and not rec.arg[at]:
        p = m.s.ms[rec.m[at]].p
        return f"M{rec.m[at]} has found a goroutine for P{p}, and spins no longer" if p >= 0 else ""
    if at > 0 and rec.kind[at] == v.E_OVERFLOW:
        at -= 1
    if at < 0 or rec.kind[at] not in (v.E_READY, v.E_GO_CREATE) or rec.p[at] < 0 or rec.arg[at] <= 0:
        return ""
    done = "has been started" if rec.kind[at] == v.E_GO_CREATE else "has become runnable"
    return f"{m.g(rec.g[at])} {done} and stands in a queue of P{rec.p[at]}"


def _woken(m: Moment) -> int | None:
    """The idle P that a spinning thread is started for now; None if nobody is woken."""
    starts = (arg for kind, p, arg in _later(m) if kind == v.E_M_START and p == m.e.p)
    return m.e.p if m.e.kind == v.E_PIDLE_GET and next(starts, 0) == 1 else None


def wake(m: Moment) -> Question | None:
    """Any event after somebody was readied, or a thief has found something: is a thread woken, and for which P?"""
    why = _why_wake(m)
    if not why:
        return None
    idle, spinning, woken = m.s.pidle, m.s.nmspinning, _woken(m)
    text = f"{why}. Idle Ps: {len(idle)}; spinning threads: {spinning}. Who is woken?"
    wrong = list(_other_wakes(m))
    if woken is None:
        beside = "a new thread is made, to run beside the others"
        wrong.append(Option("wake", _one(m, idle[-1]) if idle else beside, 0, "wake"))
        return m.ask("wake", text, ("nobody", "nobody", "wake"), wrong)
    wrong.append(Option("nobody", "nobody", 0, "wake"))
    if len(idle) > 1:
        wrong.append(Option(f"wake P{idle[0]}", _one(m, idle[0]), 0.5, "wake top"))
    return m.ask("wake", text, (f"wake P{woken}", _one(m, woken), "wake"), wrong)


def _one(m: Moment, p: int) -> str:
    thread = f"M{m.s.midle[-1]} is woken" if m.s.midle else "a new thread is made"
    where = " at the top of the list" if m.s.pidle[-1] == p else " at the bottom of the list"
    return f"{thread}, spinning, for P{p}{where if len(m.s.pidle) > 1 else ''}"


def _other_wakes(m: Moment) -> Iterator[Option]:
    if len(m.s.pidle) > 1:
        yield Option("all", f"a thread for each of the {len(m.s.pidle)} idle Ps", 0, "wake")
    elif len(m.s.midle) > 1:
        yield Option("all", f"all {len(m.s.midle)} idle threads; the first of them gets it", 0, "wake")
    least = min(m.s.ps, key=lambda p: (len(p.runq) + (p.runnext > 0), p.id)).id
    yield Option("move", f"nobody; the goroutine is moved to P{least}, whose queue is shortest", 0, "wake")
    runs = next((p for p in m.s.ps if p.m >= 0 and m.s.ms[p.m].doing == "running"), None)
    if runs is not None:
        words = f"nobody; {m.g(m.s.ms[runs.m].curg)} on P{runs.id} is asked to stop, to make room"
        yield Option("preempt", words, 0, "wake")


# --- what becomes of a P --------------------------------------------------------------------------------------------


def handoff(m: Moment) -> Question | None:
    """E_HANDOFF: a thread for it, or the idle list; the stage is the one before it lost its thread."""
    p = m.s.ps[m.e.p]
    fates = {v.E_M_START: "thread", v.E_PIDLE_PUT: "idle"}
    right = next((fates[kind] for kind, pid, _ in _later(m) if kind in fates and pid == p.id), "")
    if not right:
        return None
    words = {
        "thread": "another thread is woken or made, and gets it",
        "idle": "it goes to the list of idle Ps as it is",
        "stays": "it waits for the thread that it had, which comes back to it",
        "moved": "its goroutines go to the global queue, and it goes to the list of idle Ps",
    }
    poll = "somebody waits" if any(thread.doing == "polling" for thread in m.s.ms) else "nobody waits"
    text = (
        f"P{p.id} loses its thread and is handed off. Its runnext is {'taken' if p.runnext else 'empty'}, its ring "
        f"holds {len(p.runq)}, the global queue {len(m.s.runq)}; idle Ps: {len(m.s.pidle)} of {len(m.s.ps)}; "
        f"spinning threads: {m.s.nmspinning}; {poll} in netpoll. What becomes of P{p.id}?"
    )
    wrong = [Option(name, said, 0, "handoff") for name, said in words.items() if name != right]
    return _back(m, (v.E_RETAKE, v.E_RELEASE_P)).ask("handoff", text, (right, words[right], "handoff"), wrong)


def exit_call(m: Moment) -> Question | None:
    """E_SYSEXIT: with which P, if any; the stage is the one before a P was taken for it."""
    before = _back(m, (v.E_RETAKE, v.E_ACQUIRE_P, v.E_PIDLE_GET))
    old = m.past.old_p.get(m.e.g, -1)
    if old < 0:
        return None
    s, p = before.s, before.s.ps[old]
    kept = s.ms[m.e.m].p == old or p.status == 2
    called = p.m >= 0 and s.ms[p.m].doing == "syscall"
    fate = "is free, as it left it" if p.status == 2 else "is still with it" if kept else "is no longer with it"
    if not kept:
        lost = "is idle" if old in s.pidle else "waits for a thread that is being woken"
        runs = f"is M{p.m}'s, which is in a system call, too" if called else f"is M{p.m}'s" if p.m >= 0 else lost
        fate += f": it {runs}"
    idle = ", ".join(f"P{pid}" for pid in reversed(s.pidle)) or "none"
    text = (
        f"{m.g(m.e.g)} comes back from its system call on M{m.e.m}. P{old}, which it had, {fate}. "
        f"Idle Ps, top first: {idle}. What does it do?"
    )
    name, words, rule = _exit_right(m, old)
    wrong = [option for option in _exits(before, old, name, rule) if option.id != name]
    return before.ask("exit", text, (name, words, rule), wrong)


def _back(m: Moment, kinds: tuple[int, ...]) -> Moment:
    """The moment before events of these kinds that have already told a part of the decision, about the same P."""
    rec, at = m.rec, m.shown
    while at >= 0 and rec.t[at] == m.e.t and rec.p[at] == m.e.p >= 0 and rec.kind[at] in kinds:
        at -= 1
    return m if at == m.shown else Moment(rec, m.event, m.e, state_after(rec, at + 1), at, m.past)


def _exit_words(old: int) -> dict[str, str]:
    return {
        "keep": f"it goes on with P{old}",
        "back": f"it takes P{old} out of that system call and goes on",
        "global": "it goes to the tail of the global queue, and its thread parks",
        "ring": f"it goes to the tail of P{old}'s ring, and its thread parks",
        "waits": f"its thread waits until P{old} is free",
    }


def _exit_right(m: Moment, old: int) -> tuple[str, str, str]:
    words = _exit_words(old)
    if m.e.arg == v.EXIT_FAST:
        return "keep", words["keep"], "exit keep"
    if m.e.arg == v.EXIT_NO_P:
        return "global", words["global"], "exit none"
    if any(kind == v.E_RETAKE for kind in m.rec.kind[max(0, m.event - 2) : m.event]) and m.e.arg == v.EXIT_OLD_P:
        return "back", words["back"], "exit P"
    return f"take P{m.e.p}", f"it takes P{m.e.p} off the idle list and goes on", "exit P"


def _exits(m: Moment, old: int, right: str, rule: str) -> Iterator[Option]:
    for name, words in _exit_words(old).items():
        if name != "back":
            yield Option(name, words, 0.5 if name == "ring" and rule == "exit none" else 0, rule)
    for p in m.s.pidle:
        half = 0.5 if rule == "exit P" else 0  # another P than the right one
        words = f"it takes P{p} off the idle list and goes on"
        yield Option(f"take P{p}", words, half, "wake top" if right.startswith("take") else rule)
    if not m.s.pidle:
        runs = m.s.ps[old].m >= 0
        words = f"it asks who runs on P{old} to stop, and takes P{old}" if runs else f"it waits for P{old} and spins"
        yield Option("push", words, 0, rule)


# --- whose slice is over --------------------------------------------------------------------------------------------


def preempt(m: Moment) -> Question | None:
    """E_PREEMPT because of a slice: on which P; asked only where no other slice is near its end."""
    if m.e.arg != v.PREEMPT_SLICE:
        return None
    running = [p for p in m.s.ps if p.m >= 0 and m.s.ms[p.m].doing == "running" and p.id in m.past.slice_ns]
    age = {p.id: m.e.t - m.past.slice_ns[p.id] for p in running}
    if age.get(m.e.p, 0) < _SLICE_NS or sum(ns >= _SURE_NS for ns in age.values()) > 1:
        return None
    words = {p.id: f"{m.g(m.s.ms[p.m].curg)} on P{p.id}" for p in running}
    facts = "; ".join(
        f"{words[p.id]} runs for {(m.e.t - m.past.run_ns[p.id]) / 1e6:.2f} ms, and schedtick has been {p.schedtick} "
        f"for {age[p.id] / 1e6:.2f} ms" for p in running
    )  # fmt: skip
    queued = len(m.s.runq) + sum(len(p.runq) + (p.runnext > 0) for p in m.s.ps)
    text = f"sysmon looks at the Ps. {facts}. Goroutines in queues: {queued}. Who is asked to stop?"
    wrong = [Option(f"P{p.id}", words[p.id], 0, "slice") for p in running]
    wrong += [
        Option("nobody", "nobody: a goroutine keeps its P until it waits or ends", 0, "slice"),
        Option("taken", f"nobody; P{m.e.p} is taken from its thread, which loses it at once", 0, "slice"),
    ]
    return m.ask("preempt", text, (f"P{m.e.p}", words[m.e.p], "slice"), wrong)


# --- what the poller has found --------------------------------------------------------------------------------------


def net(m: Moment) -> Question | None:
    """The first E_NET_READY of a batch: where all but the one that runs at once go."""
    rec, e = m.rec, m.e
    found = {v.NET_HAND: 0, v.NET_RING: 0, v.NET_GLOBAL: 0}
    for k in range(m.event, len(rec)):
        mine = rec.kind[k] == v.E_NET_READY and rec.m[k] == e.m
        if rec.t[k] != e.t or (not mine and rec.kind[k] not in _STARTS):
            break
        if mine:
            found[rec.arg[k]] += 1
            if rec.arg[k] == v.NET_HAND:
                break
    others = found[v.NET_RING] + found[v.NET_GLOBAL]
    if others < 2 or _in_batch(m):
        return None
    p = m.s.ms[e.m].p if e.m >= 0 else -1
    if (p >= 0) != (found[v.NET_HAND] == 1):
        return None
    return _net_asked(m, p, others, found[v.NET_GLOBAL])


_STARTS: Final = (v.E_PIDLE_GET, v.E_M_NEW, v.E_M_START, v.E_NEED_SPIN)


def _in_batch(m: Moment) -> bool:
    """Whether an earlier event belongs to the same find."""
    rec, at = m.rec, m.shown
    while at >= 0 and rec.t[at] == m.e.t and rec.kind[at] in _STARTS:
        at -= 1
    return at >= 0 and rec.t[at] == m.e.t and rec.kind[at] == v.E_NET_READY and rec.m[at] == m.e.m


def _net_asked(m: Moment, p: int, others: int, to_global: int) -> Question | None:
    idle = len(m.s.pidle)
    who = f"M{m.e.m} with P{p}" if p >= 0 else f"M{m.e.m} without a P" if m.e.m >= 0 else "sysmon, which has no P,"
    whole = others + 1 if p >= 0 else others
    keeps = " It will run one of them itself." if p >= 0 else ""
    text = (
        f"{who} asks the poller and finds {whole} goroutines whose data is there.{keeps} Idle Ps: {idle}. "
        f"Where do {f'the other {others}' if p >= 0 else f'the {others}'} go?"
    )
    ring = f"P{p}'s ring" if p >= 0 else "the ring of P0"

    def words(n: int) -> str:
        if n in (0, others):
            return f"all to {'the global queue' if n else ring}"
        return f"{n} to the global queue, {others - n} to {ring}"

    wrong = [Option(f"global {n}", words(n), 0, "net") for n in {0, others, idle, 1, others // 2} if 0 <= n <= others]
    wrong.append(Option("wait", "nowhere: they wait for the next look at the poller", 0, "net"))
    right = (f"global {to_global}", words(to_global), "net")
    return m.ask("net", text, right, [one for one in wrong if one.id != right[0]])


#: kind of event: what can be asked about it; wake can be asked at any
THREADS: Final[dict[int, tuple[Callable[[Moment], Question | None], ...]]] = {
    v.E_HANDOFF: (handoff,), v.E_SYSEXIT: (exit_call,), v.E_PREEMPT: (preempt,), v.E_NET_READY: (net,),
}  # fmt: skip
