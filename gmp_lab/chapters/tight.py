"""Chapter 4.3: how late others are beside a tight loop, how long a stop of the world takes, a loop to be mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmp_lab.chapters.tasks import Tried
from gmp_lab.config import Config
from gmp_lab.draw import Table
from gmp_lab.errors import check_int
from gmp_lab.metrics import measured, spans
from gmp_lab.recording import Recording
from gmp_lab.simulate import simulate
from gmp_lab.workload import Body, Program, WaitGroup, go, log, now, sleep, work

MS: Final = 1_000_000
LATE_US: Final = 1000  # what is asked for: nobody is later than that ...
EXTRA_PERCENT: Final = 1.0  # ... and the program takes at most so much longer than its computing
_HOG: Final = 2  # the goroutine that main starts first


def late_ms(rec: Recording) -> float:
    """The longest delay that a goroutine wrote with ``log`` (in us), in ms; 0 if there is none.  For sweeps."""
    return max((us for _, _, us in rec.logs()), default=0) / 1000


def stop_ms(rec: Recording) -> float:
    """The longest stop of the world, in ms.  For sweeps."""
    ((_, us, _),) = measured(rec, ["longest stop of the world"])
    return float(us) / 1000


# --- a loop to be mended ------------------------------------------------------------------------------------------

Hog = Callable[[int], Body]  # the body of a goroutine that computes for so many ms


def beside(hog: Hog, ms: int, turns: int) -> Body:
    """main: a hog of ms, and a victim that sleeps 2 ms and needs 20 us, ``turns`` times."""
    wg = WaitGroup()
    yield wg.Add(1)
    yield go(hog, ms)
    yield go(_victim, wg, turns)
    yield wg.Wait()


def _victim(wg: WaitGroup, turns: int) -> Body:
    for _ in range(turns):
        slept: int = yield now()
        yield sleep(ms=2)
        woke: int = yield now()
        yield log((woke - slept) // 1000 - 2000)
        yield work(us=20)
    yield wg.Done()


def mended(hog: Hog, ms: int = 100, go_version: str = "1.13") -> Tried:
    """Run the student's ``hog(ms)`` on one P of a Go without signals, and say whether others can live with it.

    Asked for: it computes all its ms, the victim is at most LATE_US late, and the work takes at most EXTRA_PERCENT
    more of the P's time than its own ms.  ConfigError for what the body must not yield.
    """
    check_int("ms", ms, 10, 1000, "ms")
    rec = simulate(Config(gomaxprocs=1, go=go_version, until_ns=20 * ms * MS), Program(_with_end, hog, ms))
    late = max((us for _, g, us in rec.logs() if g != _HOG), default=0)
    ran = _ran_ns(rec)
    done = next((t for t, g, _ in rec.logs() if g == _HOG), 0)
    others = sum(end - start for g, start, end in _runs(rec) if g != _HOG and end <= done)
    extra = max(0.0, 100 * (done - others - ms * MS) / (ms * MS)) if done else 0.0
    cheap = done > 0 and extra <= EXTRA_PERCENT
    rows = (
        ("the loop computes (ms)", f"{ran / MS:.1f}", f"{ms}", _yes(ran >= ms * MS)),
        ("a victim is late, at most (us)", f"{late:,}", f"at most {LATE_US:,}", _yes(late <= LATE_US)),
        ("switching costs (%)", f"{extra:.2f}", f"at most {EXTRA_PERCENT:g}", _yes(cheap)),
    )
    holds = all(row[-1] == "yes" for row in rows)
    said = "Nobody has to wait for this loop." if holds else "Not yet: look at the lines that say no."
    table = Table(f"Your loop under Go {go_version}", ("what", "it is", "asked for", "holds"), rows)
    return Tried(table, holds, said)


def _with_end(hog: Hog, ms: int) -> Body:
    def told() -> Body:
        yield from hog(ms)
        yield log(0)

    yield from beside(lambda _ms: told(), ms, ms)


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _runs(rec: Recording) -> list[tuple[int, int, int]]:
    """(goroutine, start, end) of each stay in the state running, ns."""
    stays = spans(rec, of="G")
    rows = zip(stays.row.tolist(), stays.state.tolist(), stays.start_ns.tolist(), stays.end_ns.tolist(), strict=True)
    return [(g, start, end) for g, state, start, end in rows if stays.states[state] == "running"]


def _ran_ns(rec: Recording) -> int:
    return sum(end - start for g, start, end in _runs(rec) if g == _HOG)
