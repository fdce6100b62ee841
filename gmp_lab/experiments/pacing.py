"""churn.go again, read off the lines that GODEBUG=gctrace=1 prints: where cycles begin and end, how long it stops.

Sizes in these lines are whole MB, so the live heap must be some tens of MB for the ratios to mean something.
"""

from __future__ import annotations

from typing import Final

from gmp_lab.cycles import gctrace_text
from gmp_lab.experiments.model import Point, Values
from gmp_lab.gctrace import parse_gctrace
from gmp_lab.golang import GoRun
from gmp_lab.heap import alloc, gc
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Chan, Program, chan, go, recv, send

MIB: Final = 1 << 20
GROUP: Final = 64  # allocations that one operation stands for


def paced(run: GoRun) -> Values:
    """Of the real run."""
    return _values(run.stderr)


def pace(point: Point) -> Values:
    """Of the simulated one."""
    live, mib = point.arguments["live"], point.arguments["mib"]

    def churner(done: Chan) -> Body:
        for _ in range(mib * MIB // (512 * GROUP)):
            yield alloc(bytes=512, n=GROUP, scan=0)
        yield send(done, True)

    def main() -> Body:
        for _ in range(live * 64):
            yield alloc(bytes=64, n=MIB // 64 // 64, scan=8, keep=True)
        yield gc()
        yield gc()
        done = chan()
        yield go(churner, done)
        yield recv(done)
        yield gc()

    return _values(gctrace_text(simulate(point.config(max_events=200_000_000), Program(main))))


def _values(text: str) -> Values:
    """The cycles between the second call of runtime.GC() and the third, the first three of them left out.

    In these the pacer does not know the program yet.
    """
    lines = parse_gctrace(text)
    begin = [n for n, line in enumerate(lines) if line.forced][1]
    settled = [line for line in lines[begin + 4 :] if not line.forced]
    stopped = [float(line.clock[0]) + float(line.clock[2]) for line in settled]
    whole = [sum(map(float, line.clock)) for line in settled]
    return {
        "begins_over_goal": tuple(line.heap[0] / line.goal for line in settled),
        "ends_over_goal": tuple(line.heap[1] / line.goal for line in settled),
        "stopped_over_cycle": (sum(stopped) / sum(whole),),
    }
