"""What the demonstrations look at: functions of a Recording, most of them of its single events.

Few of them ask ``metrics``, which replays what should have happened: a mirror with a mistake is to be seen as it is.
"""

from __future__ import annotations

from math import ceil
from statistics import median

from gmp_lab import vocabulary as v
from gmp_lab.corrections.programs import NUMBERED
from gmp_lab.metrics import measured
from gmp_lab.recording import Event, Recording


def _of(rec: Recording, *kinds: int) -> list[Event]:
    return [e for e in rec if e.kind in kinds]


def _number(rec: Recording, name: str) -> float:
    return float(measured(rec, [name])[0][1])


# --- queues ---------------------------------------------------------------------------------------------------


def _first_id(rec: Recording) -> int:
    """The id of number 0 of ``queued_up``."""
    return rec.g_names.index(NUMBERED) + 1


def _first_runs(rec: Recording) -> list[Event]:
    """The first execute of each numbered goroutine, in order."""
    first, seen = _first_id(rec), set[int]()
    found = []
    for e in _of(rec, v.E_EXECUTE):
        if e.g >= first and e.g not in seen:
            seen.add(e.g)
            found.append(e)
    return found


def _stolen(rec: Recording) -> list[Event]:
    """The thefts of numbered goroutines from main's P."""
    home = next(e.p for e in rec if e.kind == v.E_EXECUTE)
    mine = [e for e in _of(rec, v.E_STEAL) if e.g >= _first_id(rec)]
    return [e for e in mine if v.steal_unpack(e.arg)[0] == home]


def _thefts(rec: Recording) -> list[tuple[int, bool]]:
    """Of each of them: how many it took, and whether it was a runnext."""
    return [v.steal_unpack(e.arg)[1:] for e in _stolen(rec)]


def first_to_run(rec: Recording) -> int:
    """The number of the goroutine that runs first."""
    return _first_runs(rec)[0].g - _first_id(rec)


def first_two_out(rec: Recording) -> str:
    """The numbers of the first two goroutines that went out of main's ring to be run, by its owner or by thieves."""
    if rec.config.gomaxprocs == 1:
        out = [e.g for e in _first_runs(rec) if e.arg & 15 == v.SRC_LOCAL]
    else:
        out = [e.g for e in _stolen(rec) if not v.steal_unpack(e.arg)[2]]
    first, second = (g - _first_id(rec) for g in out[:2])
    return f"{first}, then {second}"


def first_source(rec: Recording) -> str:
    """Where the first goroutine came from that a P without work found, in words."""
    return v.SRC_NAMES[_first_runs(rec)[0].arg & 15]


def first_theft(rec: Recording) -> int:
    """How many goroutines the first theft from the ring took; 0: nothing was stolen from it."""
    return next((n for n, runnext in _thefts(rec) if not runnext), 0)


def thefts_before_runnext(rec: Recording) -> int:
    """How many thefts came before that of the runnext; -1: it was not stolen."""
    return next((i for i, (_, runnext) in enumerate(_thefts(rec)) if runnext), -1)


def overflowed(rec: Recording) -> int:
    """How many goroutines full rings have sent to the global queue."""
    return sum(e.arg + 1 for e in _of(rec, v.E_OVERFLOW))


def from_global(rec: Recording) -> int:
    """How many numbered goroutines came out of the global queue when they ran first."""
    return sum(e.arg & 15 in (v.SRC_GLOBAL, v.SRC_GLOBAL61) for e in _first_runs(rec))


def global_before_local(rec: Recording) -> int:
    """How many goroutines a P took from the global queue before it had run one of its own ring's last."""
    sources = [e.arg & 15 for e in _first_runs(rec)]
    own = [i for i, source in enumerate(sources) if source == v.SRC_LOCAL]
    batch = sources.index(v.SRC_GLOBAL) if v.SRC_GLOBAL in sources else own[-1]
    return sources[:batch].count(v.SRC_GLOBAL61)


def ps_used(rec: Recording) -> int:
    """On how many Ps goroutines ran."""
    return len({e.p for e in _of(rec, v.E_EXECUTE)})


# --- threads, system calls, stacks ------------------------------------------------------------------------------


def most_threads(rec: Recording) -> int:
    """How many threads there were at most."""
    return int(_number(rec, "threads, at most"))


def threads_of_one(rec: Recording) -> int:
    """On how many threads the first goroutine after main ran."""
    return len({e.m for e in _of(rec, v.E_EXECUTE) if e.g == 2})


def calls_that_lost_their_p(rec: Recording) -> float:
    """The share of the system calls during which the thread lost its P, in %."""
    made = _of(rec, v.E_SYSCALL)
    taken = sum(e.arg >= 0 for e in _of(rec, v.E_RETAKE)) + sum(e.arg == v.SYSCALL_BLOCK for e in made)
    return round(100 * taken / len(made), 1) if made else 0.0


def ps_given_up(rec: Recording) -> int:
    """How often a thread let go of its P."""
    return len(_of(rec, v.E_RELEASE_P))


def segments_linked(rec: Recording) -> int:
    """How many stack segments were linked."""
    return sum(e.arg > 0 for e in _of(rec, v.E_STACK_SEGMENT))


# --- stopping goroutines and the world ------------------------------------------------------------------------------


def longest_wait_ms(rec: Recording) -> float:
    """How late a victim went on at most after it had slept, in ms."""
    return round(_number(rec, "late, longest") / 1000, 1)


def first_log_ms(rec: Recording) -> float:
    """When the first number was written, in ms."""
    return round(next(t for t, _, _ in rec.logs()) / 1e6, 1)


def median_turn_ms(rec: Recording) -> float:
    """How long a turn on a P lasted that ended by preemption, in ms: the median; 0: nobody was preempted."""
    began, turns = {}, []
    for e in _of(rec, v.E_EXECUTE, v.E_YIELD):
        if e.kind == v.E_EXECUTE:
            began[e.g] = e.t
        elif e.arg == v.YIELD_PREEMPTED:
            turns.append(e.t - began[e.g])
    return round(median(turns) / 1e6, 1) if turns else 0.0


def stopped_before_calls(rec: Recording) -> int:
    """How often a goroutine had to give way right before a system call, which was the next thing that it did."""
    stopped, again, found = set[int](), set[int](), 0
    for e in _of(rec, v.E_YIELD, v.E_EXECUTE, v.E_SYSCALL, v.E_EXIT, v.E_PARK):
        found += e.kind == v.E_SYSCALL and e.g in again
        again.discard(e.g)
        if e.kind == v.E_EXECUTE and e.g in stopped:
            again.add(e.g)
        (stopped.add if e.kind == v.E_YIELD and e.arg == v.YIELD_PREEMPTED else stopped.discard)(e.g)
    return found


def signals(rec: Recording) -> int:
    """How often SIGURG was handled."""
    return len(_of(rec, v.E_SIGNAL))


def longest_stop_us(rec: Recording) -> int:
    """How long a stop of the world took at most, from the request until all go on, in us."""
    return round(_number(rec, "longest stop of the world"))


def where_stopped(rec: Recording) -> str:
    """What became of goroutines that ran when the world was stopped, in words: the places where they waited then."""
    found, stopping = set[str](), False
    places = {v.YIELD_STW: "runnable, in runnext", v.YIELD_PREEMPTED: "runnable, in the global queue"}
    for e in _of(rec, v.E_STW_STOP, v.E_STW_STOPPED, v.E_YIELD, v.E_PARK):
        if e.kind in (v.E_STW_STOP, v.E_STW_STOPPED):
            stopping = e.kind == v.E_STW_STOP
        elif stopping and e.kind == v.E_PARK:
            found.add("waiting")
        elif stopping:
            found.add(places.get(e.arg, "runnable"))
    return ", ".join(sorted(found)) or "nobody ran"


def assists(rec: Recording) -> int:
    """How often a goroutine had to mark because it allocated."""
    return sum(e.arg for e in _of(rec, v.E_GC_ASSIST))


# --- measuring itself -----------------------------------------------------------------------------------------


def bucket_error_us(rec: Recording, bucket_us: int = 100) -> int:
    """The largest error, in us, of response times that are read at the upper edges of buckets so wide."""
    return max((ceil(us / bucket_us) * bucket_us - us for _, _, us in rec.logs()), default=0)
