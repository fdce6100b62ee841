"""The catalogue's program about stacks and the collector as goroutine bodies: the twin of stack_gc.go."""

from __future__ import annotations

from typing import Final

from gmp_lab.experiments.model import Point, Values
from gmp_lab.heap import gc
from gmp_lab.metrics import stack_sizes
from gmp_lab.simulate import simulate
from gmp_lab.stacks import call, recurse, ret, stack
from gmp_lab.workload import Body, Chan, Program, WaitGroup, chan, go, log, recv, send

DEEPEST: Final = 80
FRAME: Final = 544  # of dive, and of the function that the go statement calls; read off go build -gcflags=-S
WRAPPER: Final = 40
COLLECTIONS: Final = 5


def dive(calls: int, never: Chan, arrived: WaitGroup) -> Body:
    yield call(frame=WRAPPER)
    yield recurse(DEEPEST, frame=FRAME)
    yield ret(DEEPEST - calls)
    yield arrived.Done()
    yield recv(never)


def fresh(sizes: list[float], done: Chan) -> Body:
    bounds = yield stack()
    sizes.append(float(bounds.size))
    yield send(done, 1)


def stack_gc(point: Point) -> Values:
    """stack_gc.go; the starting size, which Go has as a metric, is that of a goroutine in the place of a dead one."""
    n, calls = point.arguments["n"], point.arguments["calls"]
    starts: list[float] = []

    def main() -> Body:
        never, done, arrived = chan(), chan(), WaitGroup()
        yield arrived.Add(n)
        for _ in range(n):
            yield go(dive, calls, never, arrived)
        yield arrived.Wait()
        for _ in range(2 * COLLECTIONS):  # the first collection makes goroutines, too, which take dead ones' places
            yield go(fresh, [], done)
        for _ in range(2 * COLLECTIONS):
            yield recv(done)
        for i in range(COLLECTIONS + 1):
            if i > 0:
                yield gc()
            yield log(i)
            yield go(fresh, starts, done)
            yield recv(done)

    rec = simulate(point.config(), Program(main))
    sizes = [steps for g, steps in stack_sizes(rec).items() if rec.g_name(g) == "dive"]
    each = tuple(float(round(sum(s.at(t) for s in sizes) / n / 1024)) for t, _, _ in rec.logs())
    return {"kib_each": each, "starting_size": tuple(starts)}
