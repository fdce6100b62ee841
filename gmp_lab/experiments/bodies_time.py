"""The catalogue's programs about time slices, stops, the collector and latency as goroutine bodies."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from gmp_lab import vocabulary as v
from gmp_lab.experiments.model import Point, Values
from gmp_lab.golang.experiments import cpus
from gmp_lab.heap import alloc, gc, read_mem_stats
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.stream import Stream
from gmp_lab.workload import Body, Chan, Op, Program, WaitGroup, chan, go, gomaxprocs, now, recv, send, sleep, work

MIB = 1 << 20
MS = 1_000_000
TICK = 10 * MS
GROUP = 16  # allocations that one operation stands for
SEEDS = (1, 2, 3, 4, 5)  # a statistic is taken over so many runs


def hog() -> Body:
    """Compute for ever."""
    yield work(forever=True)


def turns(point: Point) -> Values:
    """turns.go."""

    def main() -> Body:
        for _ in range(point.arguments["n"]):
            yield go(hog)
        yield sleep(ms=point.arguments["ms"])

    rec = simulate(point.config(), Program(main))
    since: list[tuple[int, int]] = []
    for e in rec:
        if e.kind == v.E_EXECUTE and rec.g_name(e.g) == "hog" and (not since or since[-1][1] != e.g):
            since.append((e.t, e.g))
    return {"turn_10ms": tuple((b - a) / TICK for (a, _), (b, _) in pairwise(since))}


def _note(began: Chan) -> Body:
    t: Any = yield now()
    yield send(began, t)


def tight_loop(point: Point) -> Values:
    """tight_loop.go."""
    shares: list[float] = []
    tight_loop_run(point, shares)
    return {"wait_over_loop": tuple(shares)}


def tight_loop_run(point: Point, shares: list[float]) -> Recording:
    """Its run; shares gets what the program prints."""

    def main() -> Body:
        began = chan(1)
        yield work(ms=20)
        start = yield now()
        yield go(_note, began)
        yield work(ms=point.arguments["ms"])
        end = yield now()
        first = yield recv(began)
        shares.append((first - start) / (end - start))

    return simulate(point.config(), Program(main))


def stop_world(point: Point) -> Values:
    """stop_world.go."""
    waits: list[float] = []

    def loop(began: Chan, ended: Chan) -> Body:
        t: Any = yield now()
        yield send(began, t)
        yield work(ms=point.arguments["ms"])
        t = yield now()
        yield send(ended, t)

    def main() -> Body:
        for _ in range(point.arguments["times"]):
            began, ended = chan(1), chan(1)
            yield go(loop, began, ended)
            yield recv(began)
            yield work(ms=10)
            asked = yield now()
            yield read_mem_stats()
            stopped = yield now()
            waits.append((stopped - asked) / ((yield recv(ended)) - asked))

    simulate(point.config(), Program(main))
    return {"wait_over_rest": tuple(waits)}


def signals(point: Point) -> Values:
    """signals.go."""
    number = sum(e.kind == v.E_SIGNAL for e in signals_run(point))
    return {"signals_10ms": (number / point.arguments["ms"] * 10,)}


def signals_run(point: Point) -> Recording:
    """Its run."""
    ms = point.arguments["ms"]

    def timed() -> Body:
        start = yield now()
        while (yield now()) - start < ms * MS:
            yield work(us=50)

    def main() -> Body:
        yield go(timed)
        yield sleep(ms=2 * ms + 100)

    return simulate(point.config(), Program(main))


def scaling(point: Point) -> Values:
    """scaling.go."""
    took: list[int] = []

    def spin(wg: WaitGroup) -> Body:
        yield work(ms=point.arguments["ms"])
        yield wg.Done()

    def main() -> Body:
        for procs in (1, 2):
            yield gomaxprocs(procs)
            wg = WaitGroup()
            yield wg.Add(4)
            start = yield now()
            for _ in range(4):
                yield go(spin, wg)
            yield wg.Wait()
            took.append((yield now()) - start)

    simulate(point.config(cores=2), Program(main))
    return {"speedup": (took[0] / took[1],)}


def stays(point: Point) -> Values:
    """stays.go."""
    pairs, meetings, ns = point.arguments["pairs"], point.arguments["meetings"], point.arguments["ns"]

    def partner(meet: Op, wg: WaitGroup) -> Body:
        for _ in range(meetings):
            yield work(ns=ns)
            yield meet
        yield wg.Done()

    def main() -> Body:
        wg = WaitGroup()
        yield wg.Add(2 * pairs)
        for _ in range(pairs):
            c = chan()
            yield go(partner, send(c, True), wg)
            yield go(partner, recv(c), wg)
        yield wg.Wait()

    last: dict[int, int] = {}
    moved = 0
    for e in simulate(point.config(), Program(main)):
        if e.kind == v.E_EXECUTE:
            moved += last.get(e.g, e.p) != e.p
            last[e.g] = e.p
    return {"moved_percent": (100 * moved / (2 * pairs * meetings),)}


def maxprocs(point: Point) -> Values:
    """maxprocs.go."""
    config = point.config(gomaxprocs=None, cores=cpus())
    return {"cpus": (float(cpus()),), "gomaxprocs": (float(config.gomaxprocs),)}


def churn(point: Point) -> Values:
    """churn.go."""
    live, mib = point.arguments["live"], point.arguments["mib"]
    seen: list[Any] = []

    def churner(done: Chan) -> Body:
        for _ in range(mib * MIB // (512 * GROUP)):
            yield alloc(bytes=512, n=GROUP, scan=0)
        yield send(done, True)

    def main() -> Body:
        for _ in range(live * 64):
            yield alloc(bytes=64, n=MIB // 64 // 64, scan=8, keep=True)
        yield gc()
        yield gc()
        seen.extend([(yield read_mem_stats()), (yield now())])
        done = chan()
        yield go(churner, done)
        yield recv(done)
        seen.append((yield read_mem_stats()))
        yield gc()
        seen.extend([(yield read_mem_stats()), (yield now())])

    simulate(point.config(max_events=200_000_000), Program(main), record=False)
    before, begun, churned, after, ended = seen
    collector = after.gc_cpu_ns - before.gc_cpu_ns
    user = ended - begun - collector  # one P, and it is never idle
    return {
        "cycles": (float(churned.num_gc - before.num_gc),), "goal_over_live": (before.next_gc / before.heap_live,),
        "assist_over_gc": ((after.assist_ns - before.assist_ns) / collector,),
        "gc_over_busy": (collector / (collector + user),),
    }  # fmt: skip


def service(point: Point) -> Values:
    """service.go; quantiles over several runs, as a run has few requests."""
    late = sorted(x for seed in SEEDS for x in _late(point, seed))
    out: Values = {"requests": (float(len(late) // len(SEEDS)),)}
    return out | {f"p{q}_10ms": (late[len(late) * q // 100],) for q in (50, 90, 99)}


def _late(point: Point, seed: int) -> list[float]:
    late: list[float] = []

    def request(due: int) -> Body:
        began = yield now()
        late.append((began - due) / TICK)
        yield work(us=200)

    def main() -> Body:
        for _ in range(point.arguments["hogs"]):
            yield go(hog)
        draw = Stream(seed, 1)
        due: int = yield now()
        end = due + point.arguments["ms"] * MS
        due += draw.exponential(5 * MS)
        while due < end:
            yield sleep(ns=max(0, due - (yield now())))
            t = yield now()
            while due <= t and due < end:
                yield go(request, due)
                due += draw.exponential(5 * MS)
        yield sleep(ms=200)

    simulate(point.config(seed=seed, cores=2), Program(main), record=False)
    return late


def stoppable(point: Point) -> Values:
    """listing.go: which of the three loops is stopped for another goroutine if nobody may send a signal."""
    values: Values = {}
    for name, kind in (("free", "free"), ("leafs", "leaf"), ("calls", "call")):
        shares: list[float] = []

        def main(loop: str = kind, shares: list[float] = shares) -> Body:
            began = chan(1)
            start = yield now()
            yield go(_note, began)
            yield work(ms=100, loop=loop)
            end = yield now()
            first = yield recv(began)
            shares.append((first - start) / (end - start))

        simulate(point.config(), Program(main))
        values[name] = (float(shares[0] < 0.9),)
    return values
