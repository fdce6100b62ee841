"""Where the functions that sentences name begin in Go's source, for a link to read on.

Lines are those of Go 1.27.3; a test looks them up.  Functions of older versions only have a link to the file.
"""

from __future__ import annotations

from typing import Final

TAG: Final = "go1.27.3"
OLDER: Final = "go1.25.5"  # for functions that 1.27 has no more
_HOME: Final = "https://github.com/golang/go/blob"

LINES: Final[dict[str, dict[str, int]]] = {
    "internal/sync/mutex.go": {
        "lockSlow": 95,
    },
    "runtime/lock_spinbit.go": {
        "lock2": 164,
    },
    "runtime/mgc.go": {
        "gcBgMarkWorker": 1766, "gcMarkTermination": 1360, "gcStart": 733, "setGCPhase": 257,
    },
    "runtime/mgcmark.go": {
        "gcAssistAlloc1": 711, "gcFlushBgCredit": 836,
    },
    "runtime/mgcpacer.go": {
        "findRunnableGCWorker": 859, "gcControllerCommit": 1516, "update": 952,
    },
    "runtime/netpoll_epoll.go": {
        "netpoll": 113,
    },
    "runtime/proc.go": {
        "LockOSThread": 5674, "UnlockOSThread": 5727, "acquirep": 6310, "becomeSpinning": 1086, "checkdead":
        6418, "destroy": 5998, "entersyscallblock": 4830, "execute": 3346, "exitsyscall": 4922,
        "exitsyscallNoP": 5106, "exitsyscallTryGetP": 5072, "forEachP": 2129, "gcstopP": 6851, "gcstopm": 3311,
        "gfget": 5558, "globrunqgetbatch": 7344, "goexit0": 4506, "gopreempt_m": 4376, "goschedImpl": 4322,
        "goyield_m": 4471, "handoffp": 3146, "injectglist": 4060, "main": 153, "mstart1": 1917, "newm": 2875,
        "newproc": 5334, "park_m": 4268, "pidleget": 7453, "pidlegetSpinning": 7481, "pidleput": 7424,
        "preemptone": 6917, "ready": 1133, "reentersyscall": 4642, "releasep": 6375, "resetspinning": 4036,
        "retake": 6681, "runSafePointFn": 2250, "runqgrab": 7713, "runqput": 7529, "runqputslow": 7575,
        "runqsteal": 7781, "schedEnableUser": 7214, "schedEnabled": 7237, "schedinit": 844, "schedtrace": 6950,
        "startTheWorldWithSema": 1773, "startlockedm": 3293, "startm": 3050, "stopTheWorldWithSema": 1641,
        "stoplockedm": 3265, "stopm": 3007, "sysmon": 6537,
    },
    "runtime/signal_unix.go": {
        "doSigPreempt": 342,
    },
    "runtime/stack.go": {
        "newstack": 1055, "shrinkstack": 1286, "stackfree": 463,
    },
    "runtime/time.go": {
        "goroutineReady": 446, "maybeAdd": 684, "unlockAndRun": 1092,
    },
}


def source_link(function: str, source: str) -> str:
    """The address at which a function of a file (below src) can be read, with its line where it is known."""
    line = LINES.get(source, {}).get(function)
    return f"{_HOME}/{TAG}/src/{source}#L{line}" if line else f"{_HOME}/{OLDER}/src/{source}"
