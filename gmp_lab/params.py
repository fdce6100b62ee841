"""The runtime's constants, and what differs between Go versions, as data.

The mirror never asks "which version is this": it asks a row of this table for the one fact it needs.  Each field
names the symbol or function of the Go source in which the fact can be read, and each row says how it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from gmp_lab.errors import ConfigError

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
    stw_runnext: bool  # goschedImpl: a G preempted for a stop of the world goes to runnext (1.26+), or globally
    stw_old_m: bool  # procresize: a P goes back to its last M, and idle Ps get mark workers at once (1.26+)
    syscall_keeps_p: bool  # reentersyscall: the P stays _Prunning and wired (1.26+), or becomes _Psyscall
    idle_p_highest_first: bool  # procresize: which P is on top of the idle list at the start
    schedtrace: str  # format of the schedtrace line: "1.25" (with schedticks) or "1.23"
    startup: tuple[StartupG, ...]  # goroutines at main.main, main itself (always the first) left out
    startup_schedtick: int  # P0's schedtick when main.main begins
    startup_threads: int  # idle Ms when main.main begins: one for each P, at most this many (counted in /proc)


_parked = (
    StartupG("runtime.forcegchelper", "waiting", "force gc (idle)"),
    StartupG("runtime.bgsweep", "waiting", "GC sweep wait"),
    StartupG("runtime.bgscavenge", "waiting", "GC scavenge wait"),
)
_updater = StartupG("runtime.updateMaxProcsGoroutine", "runq", "GOMAXPROCS updater (idle)")
_finalizers = StartupG("runtime.runFinalizers", "runnext", "finalizer wait")

VERSIONS: dict[str, Version] = {
    row.name: row
    for row in (
        Version(
            name="1.25",
            known="source read (1.25.5); start-up tick and idle order measured",
            stw_runnext=False,
            stw_old_m=False,
            syscall_keeps_p=False,
            idle_p_highest_first=False,
            schedtrace="1.25",
            startup=(*_parked, _updater, _finalizers),
            startup_schedtick=4,
            startup_threads=3,
        ),
        Version(
            name="1.27",
            known="source read (1.27.3); start-up tick and idle order measured",
            stw_runnext=True,
            stw_old_m=True,
            syscall_keeps_p=True,
            idle_p_highest_first=True,
            schedtrace="1.25",
            startup=(*_parked, _updater, _finalizers),
            startup_schedtick=4,
            startup_threads=3,
        ),
    )
}


def version(name: object) -> Version:
    """Return the row of a Go version such as "1.27"; ConfigError if there is none."""
    if not isinstance(name, str) or name not in VERSIONS:
        raise ConfigError("go", name, "one of " + ", ".join(repr(v) for v in VERSIONS))
    return VERSIONS[name]
