"""More experiments of the ground truth as goroutine bodies: turns of ping-pong pairs, the poller, sharing of work,
sleeps, locked threads, a service.  Each function returns what its Go twin prints, under the same names.

Nothing here knows a result.  Times are in units of 10 ms unless a name says otherwise.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from scenes import MS, TICK, jain, logged, quantile, run

from gmp_lab import Recording, WaitGroup, chan, go, lock_os_thread, log, now, recv, send, sleep, work
from gmp_lab.config import Costs
from gmp_lab.net import Conn, conn, read, write
from gmp_lab.stream import Stream

SCALE = 100  # of the costs of short operations: 12 million switches would take half a minute, ratios stay the same


def quantiles(name: str, values: list[float], *more: str) -> dict[str, float]:
    """p50, p90, p99 and the ends of values, under the names of the ground truth."""
    out = {f"{name}.p{q}": quantile(values, q / 100) for q in (10, 50, 90, 99)}
    return out | {f"{name}.min": min(values), f"{name}.max": max(values)}


# --- e3: ping-pong pairs and hogs on one P ---


def pairs_and_hogs(pairs: int, hogs: int, dur: int, deaf: int = 80, **settings: Any) -> dict[str, float]:
    """Turns and waits of the parties: a pair is one party, so is each hog. deaf: see Costs."""

    def player(mine: Any, other: Any, first: bool) -> Any:
        while True:
            if first:
                yield send(other, 1)
            yield recv(mine)
            if not first:
                yield send(other, 1)

    def hog() -> Any:
        yield work(forever=True)

    def main() -> Any:
        for _ in range(pairs):
            a, b = chan(), chan()
            yield go(player, a, b, True)
            yield go(player, b, a, False)
        for _ in range(hogs):
            yield go(hog)
        yield sleep(ms=dur)

    c = Costs()
    costs = Costs(switch=c.switch * SCALE, deaf=deaf * SCALE, chan_op=c.chan_op * SCALE, signal=c.signal * SCALE)
    rec = run(main, gomaxprocs=1, costs=costs, **settings)
    return _turn_statistics(rec)


def _turn_statistics(rec: Recording) -> dict[str, float]:
    players = [i for i, name in enumerate(rec.g_names, 1) if name == "player"]
    party = {g: ("pair", k // 2) for k, g in enumerate(players)}
    party |= {i: ("hog", i) for i, name in enumerate(rec.g_names, 1) if name == "hog"}
    begins: list[tuple[int, tuple[str, int]]] = []  # when each turn begins, and whose it is
    for e in rec:
        if e.name == "execute" and e.g in party and (not begins or begins[-1][1] != party[e.g]):
            begins.append((e.t, party[e.g]))
    turns = [(who, a, b) for (a, who), (b, _) in pairwise(begins)][1:]
    length: dict[str, list[float]] = {"hog": [], "pair": []}
    wait: dict[str, list[float]] = {"hog": [], "pair": []}
    ended: dict[tuple[str, int], int] = {}
    for who, a, b in turns:
        length[who[0]].append((b - a) / TICK)
        if who in ended:
            wait[who[0]].append((a - ended[who]) / TICK)
        ended[who] = b
    out = {"hog_share": sum(length["hog"]) / (sum(length["hog"]) + sum(length["pair"]))}
    for kind in ("hog", "pair"):
        out |= quantiles(f"{kind}_turn_10ms", length[kind]) | quantiles(f"{kind}_wait_10ms", wait[kind])
    return out


# --- e5: reads that block no thread ---


def blocked_reads(n: int, gomaxprocs: int, **settings: Any) -> dict[str, float]:
    """n goroutines wait for one byte each; threads before and while they wait, and how many are woken."""

    def reader(c: Conn, wg: WaitGroup) -> Any:
        value = yield read(c)
        yield log(value)
        yield wg.Done()

    def main() -> Any:
        yield sleep(ms=20)
        yield log(-1)
        wg = WaitGroup()
        conns = [conn() for _ in range(n)]
        yield wg.Add(n)
        for c in conns:
            yield go(reader, c, wg)
        yield sleep(ms=150)
        yield log(-2)
        for i, c in enumerate(conns):
            yield write(c, i)
        yield wg.Wait()

    rec = run(main, gomaxprocs=gomaxprocs, **settings)
    values = logged(rec)
    made = [0]
    for e in rec:
        if e.name == "m_new":
            made[-1] += 1
        elif e.name == "log" and e.arg < 0:
            made.append(0)
    return {
        "new_threads_blocked": made[1], "early": values.index(-2) - 1, "woken": len(set(values) - {-1, -2}),
    }  # fmt: skip


# --- e6a: one goroutine makes tasks, all Ps run them ---


def shared_tasks(us: int, gomaxprocs: int, tasks: int = 10_000, **settings: Any) -> dict[str, float]:
    """Which P runs which task: the largest share, fairness, and how long runs of neighbouring numbers are."""

    def task(wg: WaitGroup) -> Any:
        yield work(us=us)
        yield wg.Done()

    def main() -> Any:
        wg = WaitGroup()
        yield wg.Add(tasks)
        for _ in range(tasks):
            yield go(task, wg)
        yield wg.Wait()

    rec = run(main, gomaxprocs=gomaxprocs, cores=2, **settings)
    ran: dict[int, int] = {}
    for e in rec:
        if e.name == "exit" and rec.g_names[e.g - 1] == "task":
            ran[e.g] = e.p
    order = [ran[g] for g in sorted(ran)]
    shares = [order.count(p) for p in range(gomaxprocs)]
    began = min(e.t for e in rec if e.name == "go_create" and rec.g_names[e.g - 1] == "task")
    return {
        "max_share": max(shares) / tasks, "jain": jain([float(s) for s in shares]),
        "mean_index_run": tasks / (1 + sum(a != b for a, b in pairwise(order))),
        "elapsed_over_serial": (rec.end_ns - began) / (tasks * us * 1000),
    }  # fmt: skip


# --- e10: overshoot of time.Sleep ---


def overshoots(hogs: int, sleep_ms: int, gomaxprocs: int, times: int = 40, **settings: Any) -> dict[str, float]:
    """By how much a sleep of sleep_ms lasts too long, with hogs on the Ps."""

    def hog() -> Any:
        yield work(forever=True)

    def main() -> Any:
        for _ in range(hogs):
            yield go(hog)
        yield sleep(ms=50)
        for _ in range(times):
            began = yield now()
            yield sleep(ms=sleep_ms)
            woke = yield now()
            yield log((woke - began - sleep_ms * MS) // 1000)

    rec = run(main, gomaxprocs=gomaxprocs, **settings)
    return quantiles("overshoot_10ms", [us / 10_000 for us in logged(rec)])


# --- e14: ping-pong between goroutines that are locked to their threads ---


def locked_ping_pong(locked: int, gomaxprocs: int, rounds: int = 500, **settings: Any) -> tuple[float, float]:
    """Voluntary context switches (a thread goes to sleep) for each round trip, and ns of one, with 0 to 2 locked."""

    def pong(ping: Any, back: Any) -> Any:
        if locked == 2:
            yield lock_os_thread()
        while True:
            yield recv(ping)
            yield send(back, 1)

    def main() -> Any:
        if locked:
            yield lock_os_thread()
        ping, back = chan(), chan()
        yield go(pong, ping, back)
        for i in range(rounds + 1):
            if i == 1:
                yield log(0)
            yield send(ping, 1)
            yield recv(back)
        yield log(1)

    rec = run(main, gomaxprocs=gomaxprocs, **settings)
    first, last = (e for e in rec if e.name == "log")
    asleep = ("m_park", "stop_locked", "poll_block", "steal_sleep")
    switches = sum(e.name in asleep and first.t <= e.t <= last.t for e in rec)
    return switches / rounds, (last.t - first.t) / rounds


# --- e15: an open-loop service beside hogs ---


def service(hogs: int, gomaxprocs: int, rate: int = 200, us: int = 200, **settings: Any) -> dict[str, float]:
    """Start latency of requests of a Poisson stream for 2 s, each a goroutine that burns us of CPU."""

    def request(due: int) -> Any:
        began = yield now()
        yield log((began - due) // 1000)
        yield work(us=us)

    def hog() -> Any:
        yield work(forever=True)

    batches: list[int] = []

    def main() -> Any:
        for _ in range(hogs):
            yield go(hog)
        draw = Stream(settings.get("seed", 1), 15)
        due = yield now()
        end = due + 2000 * MS
        due += draw.exponential(1_000 * MS // rate)
        while due < end:
            t = yield now()
            if due > t:
                yield sleep(ns=due - t)
            t = yield now()
            started = 0
            while due <= t and due < end:
                yield go(request, due)
                started += 1
                due += draw.exponential(1_000 * MS // rate)
            if started:
                batches.append(started)
        yield sleep(ms=200)

    rec = run(main, gomaxprocs=gomaxprocs, cores=2, **settings)
    out = quantiles("start_latency_10ms", [x / 10_000 for x in logged(rec)])
    return out | {"requests_per_batch": sum(batches) / len(batches)}
