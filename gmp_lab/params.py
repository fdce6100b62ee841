"""The runtime's constants, and what differs between Go versions, as data.

The mirror never asks "which version is this": it asks a row of this table for the one fact it needs.  Each field
names the symbol or function of the Go source in which the fact can be read, and each row says how it is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

from gmp_lab.errors import ConfigError, check_choice, check_int

# --- constants that are the same in every row below; Go's names, Go's values --------------------------------

forcePreemptNS = 10 * 1000 * 1000  # runtime/proc.go forcePreemptNS: the age at which sysmon asks a G to stop
runqsize = 256  # runtime/runtime2.go p.runq: slots of a P's local ring
schedtickGlobal = 61  # runtime/proc.go findRunnable: every 61st tick looks at the global queue first
globrunqBatch = 128  # runtime/proc.go findRunnable: largest batch taken from the global queue
stealTries = 4  # runtime/proc.go stealWork: passes over all Ps
sysmonMinDelay = 20 * 1000  # runtime/proc.go sysmon: shortest sleep, 20 us
sysmonMaxDelay = 10 * 1000 * 1000  # runtime/proc.go sysmon: longest sleep, 10 ms
sysmonIdleRounds = 50  # runtime/proc.go sysmon: idle rounds before the sleep doubles
sysmonMaxSleep = 60 * 1000 * 1000 * 1000  # runtime/proc.go sysmon: forcegcperiod / 2
stealSleepUs = 3  # runtime/proc.go runqgrab: usleep before a runnext is stolen
stwRetryNS = 100 * 1000  # runtime/proc.go stopTheWorldWithSema: pause before preemptall is called again
netpollEvents = 128  # runtime/netpoll_epoll.go netpoll: descriptors taken at a time
updateMaxProcsNS = 1_000_000_000  # runtime/proc.go sysmon: looks so often whether GOMAXPROCS should be another
sysmonPollNS = 10 * 1000 * 1000  # runtime/proc.go sysmon: polls the network if nobody did for so long
active_spin = 4  # runtime/lock_spinbit.go active_spin: turns of spinning for a Mutex before sleeping
starvationThresholdNs = 1000 * 1000  # internal/sync/mutex.go starvationThresholdNs: waiting longer is starving
rwmutexMaxReaders = 1 << 30  # sync/rwmutex.go rwmutexMaxReaders
StackSmall = 128  # internal/abi/stack.go StackSmall: a frame of up to so many bytes needs no room above the guard
stackEntry = 32  # runtime/proc.go newproc1: bytes at the upper end of a new stack, above goexit's return address
stackCacheSize = 32 << 10  # runtime/malloc.go _StackCacheSize: smaller stacks are cut out of spans of this size
stackExtra = 2048  # up to 1.2, runtime/stack.h StackExtra: room in a new segment beyond the frame (from memory)
maxstacksize = 1000 * 1000 * 1000  # runtime/proc.go main: limit of a goroutine's stack
arenaStart = 0xC000000000  # runtime/malloc.go mallocinit: where the heap, and so the first stack, usually lies
gFreeMost, gFreeKept = 64, 32  # runtime/proc.go gfput, gfget: dead Gs that a P keeps, and how many it moves at a time
#: bytes of the runtime's own frames on the stack of a waiting goroutine, by wait reason: from the prologues of
#: chanrecv1, chanrecv, gopark and so on, as Go 1.27.3 compiles them for amd64
parkFrames = {
    "chan receive": 192, "chan send": 192, "select": 352, "sleep": 120, "sync.WaitGroup.Wait": 232,
    "sync.Mutex.Lock": 272,
}  # fmt: skip
# Linux, not Go: kernel/sched/fair.c sched_cfs_bandwidth_slice, min_cfs_rq_runtime, cfs_bandwidth_slack_period,
# min_bandwidth_expiration; CONFIG_HZ = 250
bandwidthSlice = 5 * 1000 * 1000  # ns that a core draws from its group's pool at a time
bandwidthKept = 1000 * 1000  # ns that a core may keep of it when it has no thread to run
bandwidthSlack = 5 * 1000 * 1000  # ns until what was given back is shared out
bandwidthTooLate = 2 * 1000 * 1000  # ns before the next period in which it is not worth the while
bandwidthTick = 4 * 1000 * 1000  # ns between two looks at what a thread has used
maxmcount = 10000  # runtime/proc.go schedinit: more threads than this end the program
bareSchedtick = (
    1  # P0's schedtick at main.main in a bare start: at 0 the first Gosched would meet the 61 rule
)


@dataclass(frozen=True, slots=True)
class StartupG:
    """A goroutine that the runtime itself has started before main.main; ``queue`` says where it is."""

    name: str
    queue: str  # "runnext", "runq" (the ring) or "waiting"
    reason: str  # the wait reason under which it parks, or is parked


@dataclass(frozen=True, slots=True)
class Version:
    """What one Go version does differently from its neighbours."""

    name: str
    known: str  # how the row is known
    syscall_keeps_p: bool  # reentersyscall: the P stays _Prunning and wired (1.26+), or becomes _Psyscall
    idle_p_highest_first: bool  # procresize: which P is on top of the idle list at the start
    schedtrace: str  # format of the schedtrace line: "1.25" (with schedticks) or "1.23"
    startup: tuple[StartupG, ...]  # goroutines at main.main, main itself (always the first) left out
    startup_schedtick: int  # P0's schedtick when main.main begins
    startup_threads: int  # idle Ms when main.main begins: one for each P, at most this many (counted in /proc)
    # who runs next
    local_queues: bool = True  # each P has a queue; False: one queue for all, and no P (1.0; here a P is one of mcpu)
    ring: int = runqsize  # runqput: longest local queue (GROWS: it grows instead of overflowing)
    runnext: bool = True  # p.runnext: a readied G runs next, in its waker's slice (1.5)
    global_tick: int = schedtickGlobal  # schedule: every so many ticks the global queue is looked at first
    steal_picks: int = 0  # findrunnable: victims drawn at random, this many for each P; 0: stealOrder, in passes
    steal_sleep_us: int = stealSleepUs  # runqgrab: usleep before a runnext is stolen; 100 in 1.5
    needspinning: bool = True  # pidlegetSpinning leaves word (1.20 or so)
    wakep_after_yield: bool = True  # goschedImpl calls wakep (1.20 or so)
    # who keeps the P, and who is stopped
    syscall_hands_over: bool = False  # entersyscall gives the processor up at once (1.0)
    preempt_prologue: bool = True  # a function's prologue looks at the flag (1.2)
    preempt_signal: bool = True  # SIGURG (1.14)
    # the rest
    timer_heaps: bool = True  # each P keeps timers, and the scheduler runs them (1.14); before: goroutine timerproc
    sync_timer_chans: bool = True  # a timer's channel holds no old value after Stop, costs nothing if unheard (1.23)
    default_procs: str = "quota"  # GOMAXPROCS if nobody sets it: "one", "cpus" (1.5), "quota" (cgroup-aware, 1.25)
    scheddetail: str = "1.26"  # schedtrace(detailed): format of the report, of gmp_lab.scheddetail.FORMATS
    dump: str = "1.25"  # waitReasonStrings, printcreatedby: words of a goroutine dump, of gmp_lab.dump.FORMATS
    stw_runnext: bool = True  # goschedImpl: a G preempted for a stop of the world goes to runnext (1.26+)
    stw_old_m: bool = True  # procresize: a P goes back to its last M, and idle Ps get mark workers at once (1.26+)
    gctrace: str = "1.27"  # gcMarkTermination: fields of the gctrace line, of gmp_lab.gctrace.FORMATS
    green_tea: bool = True  # enlistWorker: also wakes idle Ps for new mark work, as Green Tea marking needs (1.26+)
    metrics_count_system: bool = True  # gcount: /sched/goroutines counts the runtime's own goroutines (1.26+)
    # stacks (runtime/stack.go; up to 1.3 runtime/stack.h)
    stack_min: int = 2048  # stackMin: bytes that a new goroutine gets
    stack_guard: int = 928  # stackGuard: a prologue fails if SP would come nearer than this to the lower end
    stack_kind: str = "contiguous"  # "contiguous": copied to a larger one (1.3); "segmented": one more is linked
    stack_system: int = 0  # stackSystem: bytes of stack_guard that the operating system may need (System adds them)
    adaptive: bool = True  # gcComputeStartingStackSize: reused goroutines start with what was used on average (1.19)


_parked = (
    StartupG("runtime.forcegchelper", "waiting", "force gc (idle)"),
    StartupG("runtime.bgsweep", "waiting", "GC sweep wait"),
    StartupG("runtime.bgscavenge", "waiting", "GC scavenge wait"),
)
_updater = StartupG("runtime.updateMaxProcsGoroutine", "runq", "GOMAXPROCS updater (idle)")
_finq = StartupG("runtime.runfinq", "runq", "finalizer wait")
_unique = StartupG("runtime.unique_runtime_registerUniqueMapCleanup", "runnext", "chan receive")
_finalizers = StartupG("runtime.runFinalizers", "runnext", "finalizer wait")

GROWS = 1 << 40  # a local queue without an end

_1_27 = Version(
    name="1.27",
    known="source read (1.27.3); start-up tick and idle order measured",
    syscall_keeps_p=True,
    idle_p_highest_first=True,
    schedtrace="1.25",
    startup=(*_parked, _updater, _finalizers),
    startup_schedtick=4,
    startup_threads=3,
)
_1_25 = replace(
    _1_27,
    name="1.25",
    known="source read (1.25.5); start-up tick and idle order measured",
    syscall_keeps_p=False,
    idle_p_highest_first=False,
    scheddetail="1.23",
    stw_runnext=False,
    green_tea=False,
    gctrace="1.23",
    stw_old_m=False,
    metrics_count_system=False,
)
_1_23 = replace(
    _1_25,
    name="1.23",
    known="source read (1.23.9); start-up tick measured, with a program that imports net",
    schedtrace="1.23",
    startup=(*_parked, _finq, _unique),
    default_procs="cpus",
    dump="1.23",
)
_1_19 = replace(
    _1_23,
    name="1.19",
    known="source read (1.19.8); start-up tick measured",
    schedtrace="1.19",
    sync_timer_chans=False,
    startup=(*_parked, replace(_finq, queue="runnext")),
    needspinning=False,
    wakep_after_yield=False,
    scheddetail="1.19",
    dump="1.19",
    gctrace="1.19",
)
_1_14 = replace(
    _1_19,
    name="1.14",
    known="release notes; inferred from 1.19 where these say nothing; start-up not known",
    stack_guard=896,
    adaptive=False,
    gctrace="1.6",
)
_1_13 = replace(
    _1_14,
    name="1.13",
    known="release notes of 1.14 (what was new there); inferred from 1.14 and 1.5; start-up not known",
    preempt_signal=False,
    timer_heaps=False,
    stack_guard=880,
)
_1_5 = replace(
    _1_13,
    name="1.5",
    known="source read (1.5); start-up not known",
    steal_picks=4,
    steal_sleep_us=100,
    stack_guard=640,
)
_1_4 = replace(
    _1_5,
    name="1.4",
    known="source read (1.4.3); start-up not known",
    runnext=False,
    steal_picks=2,
    default_procs="one",
    stack_guard=512,
)
_1_2 = replace(
    _1_4,
    name="1.2",
    known="source of shortly after 1.2 read in part; release notes; start-up not known",
    ring=GROWS,
    stack_min=8192,
    stack_guard=256,
    stack_kind="segmented",
)
_1_1 = replace(
    _1_2,
    name="1.1",
    known="release notes; inferred from 1.2 (prologue checks came there); start-up not known",
    preempt_prologue=False,
    stack_min=4096,
)
_1_0 = replace(
    _1_1,
    name="1.0",
    known="source of 2010 read (before 1.0); start-up not known",
    local_queues=False,
    global_tick=1,
    steal_picks=0,
    syscall_hands_over=True,
    startup=(),
)
#: the rows, oldest first
VERSIONS: dict[str, Version] = {
    row.name: row
    for row in (_1_0, _1_1, _1_2, _1_4, _1_5, _1_13, _1_14, _1_19, _1_23, _1_25, _1_27)
}


@dataclass(frozen=True, slots=True)
class System:
    """What the runtime does differently on one operating system."""

    name: str
    known: str  # how the row is known
    preempt: str  # preemptM: "signal" (sent to the thread), "suspend" (stops it, looks, and changes its registers)
    stack_system: int  # runtime/stack.go stackSystem: bytes of every stack that are left to the system
    low_res_timer: bool  # runtime/proc.go osHasLowResTimer: a thief of a runnext yields its core and does not sleep


SYSTEMS: dict[str, System] = {
    "linux": System("linux", "source read (1.27.3); measured", "signal", 0, False),
    "windows": System("windows", "source read (1.27.3); older ones inferred; not measured", "suspend", 4096, True),
}


@cache
def rules(go: str, os: str) -> Version:
    """Return the row of a Go version as it is on an operating system: with its stacks; ConfigError if there is none.

    Source: runtime/stack.go fixedStack and stackGuard.
    """
    row, system = version(go), SYSTEMS[check_choice("os", os, tuple(SYSTEMS))]
    if system.stack_system == 0:
        return row
    least = 1 << (row.stack_min + system.stack_system - 1).bit_length()  # the next power of two
    guard = row.stack_guard + system.stack_system
    return replace(row, stack_min=least, stack_guard=guard, stack_system=system.stack_system)


def default_gomaxprocs(version: Version, cpus: int, quota: float | None = None) -> int:
    """GOMAXPROCS of a process that nobody told one: CPUs of its affinity mask, cgroup limit in CPUs (None: no limit).

    Source: runtime/cgroup_linux.go adjustCgroupGOMAXPROCS (1.25 and later); a limit below two still gives two.
    """
    check_int("cpus", cpus, 1, 1 << 20)
    if quota is not None and not quota > 0:
        raise ConfigError("quota", quota, "a number of CPUs above 0, or None")
    if version.default_procs == "one":
        return 1
    if version.default_procs == "cpus" or quota is None:
        return cpus
    return min(cpus, max(2, math.ceil(quota)))


def version(name: object) -> Version:
    """Return the row of a Go version such as "1.27"; ConfigError if there is none."""
    if not isinstance(name, str) or name not in VERSIONS:
        raise ConfigError("go", name, "one of " + ", ".join(repr(v) for v in VERSIONS))
    return VERSIONS[name]
