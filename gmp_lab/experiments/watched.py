"""Programs of the catalogue that are watched from outside (strace, gdb, schedtrace): what is read, and the twins."""

from __future__ import annotations

import re
from statistics import mean
from typing import Final

from gmp_lab import vocabulary as v
from gmp_lab.catalog import steady_mix
from gmp_lab.errors import ConfigError
from gmp_lab.experiments import bodies, bodies_time
from gmp_lab.experiments.model import Point, Values
from gmp_lab.gocell.sources import call_path
from gmp_lab.golang import GoRun, GoRunError
from gmp_lab.golang.experiments import whole_lines
from gmp_lab.golang.strace import parse_strace, parse_strace_summary
from gmp_lab.schedtrace import parse_schedtrace, schedtrace_lines
from gmp_lab.simulate import simulate

COUNTED: Final = ("strace", "-f", "-c")
SIGNALLED: Final = ("strace", "-f", "-e", "trace=tgkill")
TURNS: Final = 40  # of 10 ms each: as long lasts the loop of signals.go here
_BREAKS: Final = (
    "break runtime.preemptM", "run", "bt", "delete", "break runtime.asyncPreempt2", "continue", "bt", "kill",
)  # fmt: skip
CAUGHT: Final = (
    "gdb", "-q", "-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex", "handle SIGURG nostop noprint pass",
    *(word for command in _BREAKS for word in ("-ex", command)), "--args",
)  # fmt: skip
_FRAME: Final = re.compile(r"#\d+ +(?:0x[0-9a-f]+ in )?(?P<name>[\w.]+) \(", re.ASCII)


def cloned(run: GoRun) -> Values:
    """The threads that strace -c counted; clone3 is what a program with cgo calls."""
    rows = parse_strace_summary(run.stderr)
    return {"cloned": (float(sum(r.calls - r.errors for r in rows if r.name in {"clone", "clone3"})),)}


def made(point: Point) -> Values:
    """threads.go: the threads of the whole run, without the first."""
    rec = bodies.threads_run(point)
    return {"cloned": (float(sum(e.kind == v.E_M_NEW for e in rec)),)}


def sent(run: GoRun) -> Values:
    """Who sent SIGURG, to whom, and whether each signal came."""
    calls = parse_strace(run.stderr)
    kills = [call for call in calls if call.name == "tgkill"]
    came = sum(call.name == "SIGURG" for call in calls)
    return _signals(len(kills), len({call.pid for call in kills}), came)


def _signals(kills: int, senders: int, came: int) -> Values:
    share = (came / kills,) if kills else ()
    return {"sent_for_a_turn": (kills / TURNS,), "senders": (float(senders),), "came_of_sent": share}


def signalled(point: Point) -> Values:
    """signals.go: all signals are sysmon's, as nothing else asks for a preemption in this program."""
    rec = bodies_time.signals_run(point)
    kills = sum(e.kind == v.E_SIGNAL for e in rec)
    return _signals(kills, int(kills > 0), kills)


def caught(run: GoRun) -> Values:
    """gdb's two backtraces: who called preemptM, and which goroutine was in asyncPreempt2."""
    stacks: list[list[str]] = []
    for line in run.stdout.splitlines():
        found = _FRAME.match(line)
        if found and line.startswith("#0 "):
            stacks.append([])
        if found and stacks:
            stacks[-1].append(found["name"].removeprefix("runtime."))
    if len(stacks) != 2 or "sysmon" not in stacks[0]:
        raise GoRunError(f"gdb could not watch the program: {run.stderr.strip()[-200:]}")
    callers = stacks[0][: stacks[0].index("sysmon") + 1]
    return {"preemptM_called_by": tuple(callers[1:]), "stopped": (stacks[1][-1],)}


def predicted(point: Point) -> Values:
    """tight_loop.go: the way from sysmon to preemptM in the mirror, and whom the first signal stopped."""
    rec = bodies_time.tight_loop_run(point, [])
    first = next(e for e in rec if e.kind == v.E_SIGNAL)
    path = call_path("sysmon", "preemptM")
    return {"preemptM_called_by": tuple(reversed(path[:-1])), "stopped": (f"main.{rec.g_name(first.g)}",)}


def mixed(run: GoRun) -> Values:
    """schedtrace of mix.go: how many Ps were busy, and how long it took against its bursts on all Ps."""
    elapsed, bursts, _ = map(int, run.stdout.split())
    lines = parse_schedtrace(whole_lines(run.stderr))
    return _mix([(x.gomaxprocs, x.idleprocs, x.threads) for x in lines], elapsed, bursts)


def mix(point: Point) -> Values:
    """catalog.steady_mix with the same bursts and calls."""
    a = point.arguments
    program = steady_mix(
        goroutines=a["goroutines"], burst_us=a["burst_ns"] / 1e3, syscall_percent=a["calls_in_10000"] / 100,
        syscall_us=a["call_ns"] / 1e3, bursts=a["bursts"], seed=a["seed"], fixed=bool(a["fixed"]),
    )  # fmt: skip
    rec = simulate(point.config(cores=2), program)
    lines = schedtrace_lines(rec)
    bursts = a["goroutines"] * a["bursts"] * a["burst_ns"]
    return _mix([(x.gomaxprocs, x.idleprocs, x.threads) for x in lines], rec.end_ns, bursts)


def _mix(lines: list[tuple[int, int, int]], elapsed: int, bursts: int) -> Values:
    if len(lines) < 3:
        raise ConfigError("schedtrace", f"{len(lines)} lines", "at least 3 lines")
    inside = lines[1:-1] or lines
    return {
        "busy_of_ps": (mean(1 - idle / procs for procs, idle, _ in inside),),
        "threads_over_ps": (max(threads / procs for procs, _, threads in inside),),
        "elapsed_over_ideal": (elapsed / (bursts / lines[0][0]),),
    }  # fmt: skip
