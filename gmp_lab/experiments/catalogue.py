"""The catalogue itself: every experiment of the course on the real runtime, with what it must show on any machine."""

from __future__ import annotations

from typing import Final

from gmp_lab.dump import parse_dump
from gmp_lab.experiments import (
    bodies,
    bodies_stack,
    bodies_time,
    debugged,
    incalls,
    osthreads,
    pacing,
    preempting,
    watched,
)  # fmt: skip
from gmp_lab.experiments.model import Band, Experiment, Point, Values
from gmp_lab.gocell.asm import listing
from gmp_lab.gocell.cell import whole_program
from gmp_lab.golang import GoRun, Toolchain

BLOCK: Final = ("block_linux.go", "block_windows.go", "block_other.go")
OFF: Final = {"GODEBUG": "asyncpreemptoff=1"}


def _order(run: GoRun) -> Values:
    return {"order": tuple(map(float, run.stdout.split()))}


def _overflow(run: GoRun) -> Values:
    return bodies.overflow_words(run.stderr)


def _waits(run: GoRun) -> Values:
    gs = [g for g in parse_dump(run.stdout) if not g.function.startswith("runtime.")]
    return {g.function.removeprefix("main."): (g.reason or g.status,) for g in gs}


def _checks(source: str, toolchain: Toolchain) -> Values:
    """For each loop: 1 if it calls a function whose prologue looks whether it is to stop, else 0."""
    code = listing(whole_program(source), toolchain)
    checked = {f"main.{function.name}" for function in code.functions if function.checked}
    called = {name: {call for loop in code[name].loops for call in loop.calls} for name in ("free", "leafs", "calls")}
    return {name: (float(bool(calls & checked)),) for name, calls in called.items()}


def _fewer(most: float) -> Band:
    return Band("new_threads", 0, most, f"at most {most:g} threads are made")


_WAITERS = (
    "main", "receiver", "sender", "nilReceiver", "selector", "sleeper", "locker", "reader", "writer", "waiter",
    "listener",
)  # fmt: skip

ALL: Final = (
    Experiment(
        "order", "In which order do goroutines run that one loop has started?", "02-3-run-queues", "order.go",
        tuple(Point(1, {"n": n, "k": 5}, {"GOGC": "off"}, exact=("order",)) for n in (300, 10, 257, 600)),
        bodies.order, ("1-03", "1-07", "2.3-01", "2.3-14"), _order,
    ),
    Experiment(
        "steal", "What does a thief take, and in which order does it run that?", "03-2-work-stealing", "steal.go",
        tuple(Point(2, {"n": n}, {"GOGC": "off"}, exact=("order",)) for n in (17, 5, 9, 33)),
        bodies.steal, ("2.3-13", "3.2-02", "3.2-03", "3.2-05", "3.2-06", "3.2-07"), _order,
    ),
    Experiment(
        "mix", "What does schedtrace show of goroutines that compute, call and meet?", "01-gmp-model", "mix.go",
        tuple(
            Point(procs, {"goroutines": 64, "burst_ns": 100_000, "calls_in_10000": 2000, "call_ns": 200_000,
                          "bursts": bursts, "seed": 1, "fixed": 0}, {"GODEBUG": "schedtrace=10"}, bands=(
                Band("busy_of_ps", 0.8, 1, "nearly all Ps are busy as long as there is work"),
                Band("elapsed_over_ideal", 1, 5, "it takes at most a few times as long as its bursts on all Ps"),
            ))
            for procs, bursts in ((1, 20), (2, 40))
        ),
        watched.mix, ("1-02", "1-06"), watched.mixed, files=BLOCK,
    ),
    Experiment(
        "stack_move", "Does a local variable keep its address when the stack of its goroutine grows?",
        "02-1-goroutine-and-stack", "stack_move.go",
        (Point(1, {"depth": 0, "deeper": 10, "deepest": 100}, exact=("moved",)),),
        bodies.stack_move, ("2.1-03", "2.1-07", "2.1-18"),
    ),
    Experiment(
        "stack_gc", "What do collections do to the stacks of goroutines that have once gone deep?",
        "02-1-goroutine-and-stack", "stack_gc.go",
        tuple(
            Point(1, {"n": 500, "calls": calls}, {"GOGC": "off"}, exact=("kib_each", "starting_size"))
            for calls in (1, 8, 30)
        ),
        bodies_stack.stack_gc, ("2.1-04", "2.1-08"),
    ),
    Experiment(
        "overflow", "What does Go say when a stack has reached its limit?", "02-1-goroutine-and-stack", "overflow.go",
        (Point(1, {"limit": 1 << 20}, exact=("says",)), Point(1, {"limit": 1 << 24}, exact=("says",))),
        bodies.overflow, (), _overflow, ends=2,
    ),
    Experiment(
        "waits", "How does a goroutine dump name what goroutines wait for?", "02-1-goroutine-and-stack", "waits.go",
        (Point(2, exact=_WAITERS),), bodies.waits, ("2.1-11", "2.5-08", "2.5-09", "2.5-10"), _waits,
    ),
    Experiment(
        "threads", "What makes threads: goroutines, or system calls that block?", "02-2-os-threads", "threads.go",
        (
            Point(2, {"k": 10, "n": 0}, bands=(Band("new_threads", 8, 13, "about one thread for each call"),)),
            Point(2, {"k": 50, "n": 0}, bands=(Band("new_threads", 48, 53, "about one thread for each call"),)),
            Point(2, {"k": 0, "n": 1000}, bands=(_fewer(4),)),
        ),
        bodies.threads, ("1-01", "2.2-09", "2.2-11"), files=BLOCK,
    ),
    Experiment(
        "cloned", "How many threads does the operating system see being made?", "02-2-os-threads", "threads.go",
        (
            Point(2, {"k": 10, "n": 0}, bands=(Band("cloned", 10, 18, "one thread for each call, and a few"),)),
            Point(2, {"k": 50, "n": 0}, bands=(Band("cloned", 50, 58, "one thread for each call, and a few"),)),
            Point(2, {"k": 0, "n": 1000}, bands=(Band("cloned", 1, 8, "a few threads, however many goroutines"),)),
        ),
        watched.made, ("1-01", "2.2-09", "2.2-11"), watched.cloned, files=BLOCK, under=watched.COUNTED,
    ),
    Experiment(
        "sockets", "Does waiting for the network need threads?", "02-5-syscall-handoff", "sockets.go",
        (Point(2, {"n": 100}, bands=(_fewer(5),), exact=("woken",)),),
        bodies.sockets, ("1-10", "2.5-01", "2.5-02"),
    ),
    Experiment(
        "handoff", "How long does the next goroutine wait when the running one enters a blocking system call?",
        "02-5-syscall-handoff", "handoff.go",
        (
            Point(1, {"us": 50_000, "times": 8}, bands=(
                Band("wait_over_call", 0.0003, 0.4, "the P is taken long before a call of 50 ms is over"),)),
            Point(1, {"us": 5, "times": 8}, bands=(
                Band("wait_over_call", 0.5, 1e6, "in a short call the P stays where it is"),)),
        ),
        bodies.handoff, ("1-09", "1-26", "2.5-01", "2.5-03", "2.5-11"), files=BLOCK,
    ),
    Experiment(
        "shares", "How are the tasks that one goroutine makes spread over the Ps?", "03-2-work-stealing", "shares.go",
        (
            Point(2, {"tasks": 10_000, "us": 20}, bands=(
                Band("elapsed_over_serial", 0.4, 0.8, "two Ps need about half the time of one"),)),
            Point(4, {"tasks": 10_000, "us": 20}),
        ),
        bodies.shares, ("3.2-01", "3.2-11"), files=("empty.s",),
    ),
    Experiment(
        "scaling", "How much faster are four goroutines that compute on two Ps than on one?", "03-1-from-gm-to-gmp",
        "scaling.go",
        tuple(
            Point(None, {"ms": 60}, go=go, bands=(Band("speedup", 1.3, 2.2, "two Ps are nearly twice as fast"),))
            for go in ("1.27", "1.25", "1.23", "1.19")
        ),
        bodies_time.scaling, ("3.1-03",),
    ),
    Experiment(
        "stays", "Does a goroutine that waits for its partner go on on the P where it stopped?",
        "03-1-from-gm-to-gmp", "stays.go",
        tuple(
            Point(procs, {"pairs": 32, "meetings": 500, "ns": 5000}, {"GOGC": "off"}, bands=(
                Band("moved_percent", 0, 5, "nearly all go on where they stopped"),))
            for procs in (4, 2)
        ),
        bodies_time.stays, ("3.1-03", "3.2-04"), files=("empty.s",),
    ),
    Experiment(
        "turns", "How long does a goroutine that computes keep the only P while others wait?",
        "04-1-preemption-triggers", "turns.go",
        (Point(1, {"n": 3, "ms": 600}, bands=(Band("turn_10ms", 1, 2.6, "a turn lasts 10 to 26 ms"),)),),
        bodies_time.turns, ("1-16", "4.1-16"),
    ),
    Experiment(
        "tight_loop", "Can a loop without calls be preempted?", "04-3-tight-loops", "tight_loop.go",
        (
            Point(1, {"ms": 300}, bands=(Band("wait_over_loop", 0, 0.3, "the loop is stopped on its way"),)),
            Point(1, {"ms": 300}, OFF, bands=(Band("wait_over_loop", 0.9, 1.2, "the loop runs to its end"),)),
        ),
        bodies_time.tight_loop, ("1-14", "1-15", "1-27", "4.1-17", "4.3-02", "4.3-04", "4.3-10", "4.3-11"),
    ),
    Experiment(
        "listing", "Does the compiler put anything into a loop without calls that could stop it?", "04-3-tight-loops",
        "listing.go", (Point(1, env=OFF, exact=("free", "leafs", "calls")),), bodies_time.stoppable,
        ("1-24", "1-27", "4.3-04", "4.3-05", "4.3-06", "4.3-12", "4.3-13"), examine=_checks,
    ),
    Experiment(
        "signals", "Who sends SIGURG, and how often?", "04-2-signal-preemption", "signals.go",
        (
            Point(2, {"ms": 400}, bands=(Band("signals_10ms", 0.3, 1.6, "about one signal for each slice"),)),
            Point(2, {"ms": 400}, OFF, bands=(Band("signals_10ms", 0, 0, "no signal without async preemption"),)),
        ),
        bodies_time.signals, ("1-17", "4.2-01", "4.2-02", "4.2-06", "4.2-11"),
    ),
    Experiment(
        "sent", "Which thread sends SIGURG to which, and does each signal arrive?", "04-2-signal-preemption",
        "signals.go",
        (
            Point(2, {"ms": 400}, bands=(
                Band("sent_for_a_turn", 0.3, 1.6, "about one signal for each slice"),
                Band("came_of_sent", 0.9, 1, "what is sent arrives"))),
            Point(2, {"ms": 400}, OFF, bands=(Band("sent_for_a_turn", 0, 0, "nothing is sent"),)),
        ),
        watched.signalled, ("1-17", "4.2-01", "4.2-02", "4.2-06", "4.2-11"), watched.sent, under=watched.SIGNALLED,
    ),
    Experiment(
        "caught", "Which functions of the runtime stop a loop without calls?", "04-2-signal-preemption",
        "tight_loop.go", (Point(1, {"ms": 300}, exact=("preemptM_called_by", "stopped")),), watched.predicted,
        ("4.2-01", "4.2-02", "4.2-05"), watched.caught, under=watched.CAUGHT,
    ),
    Experiment(
        "stop_world", "How long does a stop of the world wait for a loop without calls?", "04-3-tight-loops",
        "stop_world.go",
        (
            Point(2, {"ms": 100, "times": 5}, bands=(
                Band("wait_over_rest", 0, 0.3, "the world stops long before the loop ends"),)),
            Point(2, {"ms": 100, "times": 5}, OFF, bands=(
                Band("wait_over_rest", 0.9, 1.1, "the world stops when the loop ends"),)),
        ),
        bodies_time.stop_world, ("3.3-02", "3.3-03", "4.3-02"),
    ),
    Experiment(
        "churn", "What does a program that allocates pay for the collector?", "03-3-gc-assist", "churn.go",
        tuple(
            Point(1, {"live": 16, "mib": 320}, {"GOGC": str(gogc)}, bands=(
                Band("goal_over_live", 0.97 * (1 + gogc / 100), 1.03 * (1 + gogc / 100),
                     f"the goal is {1 + gogc / 100:g} times what is reachable"),
                Band("assist_over_gc", assist, 1, f"who allocates does at least {assist:.0%} of the marking"),
            ))
            for gogc, assist in ((100, 0.35), (50, 0.35), (200, 0.2))
        ),
        bodies_time.churn, ("3.3-12", "3.3-13", "3.3-14", "3.3-16"),
    ),
    Experiment(
        "pace", "At which size of the heap does a cycle begin and end, and how long does the world stop in it?",
        "03-3-gc-assist", "churn.go",
        tuple(
            Point(procs, {"live": 32, "mib": 640}, {"GODEBUG": "gctrace=1"}, bands=(
                Band("begins_over_goal", 0.75, 0.95, "a cycle begins before the heap has reached the goal"),
                Band("ends_over_goal", 0.85, 1.1, "at its end the heap is about as large as the goal"),
                Band("stopped_over_cycle", 0, 0.1, "the world stands still for a small part of a cycle"),
            ))
            for procs in (1, 2)
        ),
        pacing.pace, ("3.3-02", "3.3-11", "3.3-14", "3.3-16"), pacing.paced,
    ),
    Experiment(
        "service", "How late do the requests of a service begin beside goroutines that only compute?", "04-4-latency",
        "service.go",
        (
            Point(1, {"hogs": 1, "ms": 2000}, bands=(
                Band("p50_10ms", 0.6, 1.6, "half of the requests wait for about half a slice or longer"),)),
            Point(1, {"hogs": 0, "ms": 2000}, bands=(Band("p50_10ms", 0, 0.2, "nobody waits long"),)),
            Point(1, {"hogs": 4, "ms": 2000}, bands=(Band("p50_10ms", 1.5, 5, "one waits for several slices"),)),
            Point(2, {"hogs": 1, "ms": 2000}, bands=(Band("p50_10ms", 0, 0.5, "a free P helps"),)),
        ),
        bodies_time.service, ("4.4-02", "4.4-04"),
    ),
    Experiment(
        "maxprocs", "What is GOMAXPROCS if nobody sets it?", "05-production", "maxprocs.go",
        (Point(None, bands=(Band("gomaxprocs", 1, 1 << 16, "at least one P"),)),),
        bodies_time.maxprocs, ("1-05", "4.4-07"),
    ),
)  # fmt: skip

_MORE: Final = (*preempting.ALL, *debugged.ALL, *osthreads.ALL, *incalls.ALL)
#: by name
CATALOGUE: Final[dict[str, Experiment]] = {e.name: e for e in (*ALL, *_MORE)}
