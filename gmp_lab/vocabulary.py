"""The event vocabulary: every kind of event, what it means for the state, and its argument.

Written as a contract between the mirror, which emits, and everything that reads: each line says what a reader must
change when it meets the event.  "ring" is the P's local queue without runnext; "hand" is a G that an M has taken
from somewhere and not yet executed; head is the end that is taken from first.
"""

from __future__ import annotations

from typing import Final

# --- goroutines ---------------------------------------------------------------------------------------------
E_GO_CREATE: Final = (
    0  # g is new and runnable, made by goroutine arg (-1: the runtime), and queued as E_READY says;
)
#                         with p -1 it is new and waiting (goroutines that the runtime has parked before main)
E_READY: Final = (
    1  # waiting -> runnable, by goroutine arg (-1: the runtime).  With a p: runqput(next=true), g becomes p's
)
#                     runnext and the G kicked out of it goes to the ring's tail, or, if the ring is full, to the
#                     global queue by the E_OVERFLOW that follows.  With p -1: g goes to the global tail.
#                     A Go version without runnext puts g at the ring's tail, one without local queues at the global
E_QUEUE_TAIL: Final = (
    2  # runqput(next=false): g goes to the tail of p's ring (E_OVERFLOW follows if it is full)
)
E_OVERFLOW: Final = 3  # runqputslow: the first arg Gs of p's ring, then g, go to the global tail
E_EXECUTE: Final = 6  # runnable -> running on p and m; arg = source | 16 if the time slice is inherited
E_PARK: Final = 7  # running -> waiting; arg = wait reason; m has no G now
E_EXIT: Final = 8  # running -> dead; m has no G now; arg EXIT_GOEXIT: by runtime.Goexit, else -1
E_YIELD: Final = 9  # running -> runnable; arg = why (YIELD_*), which also says where g goes; m has no G now
E_GLOB_GET: Final = 10  # arg Gs leave the global head: the first, g, to the hand of m, the rest to p's ring
E_STEAL: Final = (
    11  # m (with p) takes from a victim; arg = steal_arg(...); the last taken, g, to the hand of m
)

# --- system calls -------------------------------------------------------------------------------------------
E_SYSCALL: Final = 16  # running -> syscall; arg = SYSCALL_*; p stays with m (1.26+) or is _Psyscall (<= 1.25)
E_SYSEXIT: Final = 17  # syscall -> running (runnable if arg is EXIT_NO_P); arg = EXIT_*; p as after the exit
E_RETAKE: Final = (
    18  # p is taken from m, whose G is g and in a system call; arg = taker's m (-1: exitsyscall)
)
E_HANDOFF: Final = 19  # handoffp(p) begins, called by m

# --- Ps and Ms ----------------------------------------------------------------------------------------------
E_PIDLE_PUT: Final = 24  # p is pushed on the idle list
E_PIDLE_GET: Final = 25  # p leaves the idle list (arg 1: it was not on top)
E_ACQUIRE_P: Final = 26  # p is wired to m and _Prunning
E_RELEASE_P: Final = 27  # p is unwired from m and _Pidle (not yet on the list)
E_M_NEW: Final = 28  # m is a new thread; arg = M_NORMAL, M_SYSMON
E_M_START: Final = (
    29  # startm: m (taken off the idle list if it was there) will run with p; arg 1: it starts as a
)
#                          spinning M and is counted as one from now on; arg 2: m was asked for by name, as the last
#                          that had p, and need not be the one that parked last
E_M_WAKE: Final = 30  # m runs (the futex wake or the clone is over)
E_M_PARK: Final = 31  # stopm: m is pushed on the list of idle Ms
E_SPIN: Final = 32  # m begins (arg 1; then sched.needspinning = 0) or ends (arg 0) to spin
E_NEED_SPIN: Final = 33  # sched.needspinning = arg
E_STEAL_SLEEP: Final = 34  # m sleeps before it steals the runnext of P arg
E_STOP_LOCKED: Final = 35  # stoplockedm: m waits for its locked goroutine g, without a P
E_START_LOCKED: Final = (
    36  # startlockedm: g (source in arg, as in E_EXECUTE) is handed to its own thread m with p
)
E_POLL_BLOCK: Final = 37  # m blocks in netpoll, without a P, until arg us from now (-1: without end; at most
#                           2**31 - 1 is told)
E_POLL_WAKE: Final = 38  # m comes back from netpoll; arg = number of timers that were due

# --- sysmon, preemption, the operating system -----------------------------------------------------------------
E_SYSMON: Final = 40  # sysmon's sleep is now arg us
E_SYSMON_DEEP: Final = 41  # sysmon goes to (arg 1) or wakes from (arg 0) its deep sleep
E_PREEMPT: Final = 42  # preemptone: g on p and m is asked to stop; arg = PREEMPT_*
E_SIGNAL: Final = (
    43  # SIGURG is handled on m, running g (on Windows: m was suspended); arg = 1 if it stopped there, 0 if it was
)
#                     not at a safe point
E_CPU_ON: Final = 44  # m gets core arg (only with a limited number of cores)
E_CPU_OFF: Final = 45  # m loses core arg to another thread
E_SCHEDTRACE: Final = 46  # sysmon prints a schedtrace line
E_TIMER: Final = 47  # the timer of g, kept by P arg, runs on p and m
E_LOG: Final = 48  # the body of g wrote the number arg
E_DEADLOCK: Final = 49  # checkdead: all goroutines are asleep (arg -1), or there are none any more (arg 1)
E_LOCK_THREAD: Final = 50  # g is now (arg 1) or no longer (arg 0) locked to m
E_LOCK_SPIN: Final = 52  # g, running, spins for a Mutex for the arg-th time in a row (1..4); nothing changes
E_STARVING: Final = 53  # g puts the Mutex that it waits for into starving mode (arg 1; g parks now), or, as its new
#                         owner, back into normal mode (arg 0)

# --- stacks (only of goroutines that yield calls) -----------------------------------------------------------------
E_STACK_GROW: Final = 60  # g's stack is copied to a larger one; arg = stack_arg(new size, bytes in use and copied)
E_STACK_SHRINK: Final = 61  # g's stack is copied to one of half its size; arg as in E_STACK_GROW
E_STACK_SEGMENT: Final = 62  # up to 1.2: a segment of arg bytes is linked to g's stack; -arg: the newest one is freed
E_STACK_NEW: Final = 63  # g, just made, has a stack of arg bytes and not of the version's least size

# --- the network ------------------------------------------------------------------------------------------------
E_NET_READY: Final = 91  # waiting -> runnable: the poller found g's descriptor ready; arg = NET_*, where g goes
E_NET_ARRIVE: Final = 92  # data came from outside for connection arg; changes nothing by itself

E_TIMER_HEAP: Final = 93  # p's heap has arg (1, -1) timers more, those of Sleep left out
E_TIMER_RUN: Final = 94  # a timer of package time runs on p and m (on none up to 1.13); arg = TIMER_*; the send or
#                          the new goroutine is told next; g is who asked its channel, if somebody did

# --- stopping the world; the collector (64-90) ------------------------------------------------------------------
E_STW_STOP: Final = 64  # g on m begins to stop the world for reason arg (STW_REASONS); its own p is _Pgcstop now,
#                         still with m; sched.gcwaiting is set
E_GCSTOP: Final = 65  # p is _Pgcstop: taken off its M (arg GCSTOP_SYSCALL: m, whose g is in a system call, loses it;
#                       m -1: it was _Psyscall), else free already: just released by m or off the idle list
E_STW_STOPPED: Final = 66  # all Ps are _Pgcstop: g on m goes on alone
E_STW_START: Final = 67  # gcwaiting is over, arg = number of Ps from now on; every _Pgcstop P is free (the ids below
#                          arg; new ones are empty), p is m's and running; who gets them is told next
E_P_DESTROY: Final = 68  # p is no more (GOMAXPROCS became smaller): its runnext, then its ring, in their order, go to
#                          the head of the global queue; arg = length of the ring + DESTROY_NEXT if there is a runnext
E_GC_PHASE: Final = 69  # g on p and m, which has stopped the world, sets the phase to arg (GC_OFF, GC_MARK, GC_TERM)
E_GC_CYCLE: Final = 70  # g on m starts a cycle, for reason arg (GC_TRIGGERS)
E_GC_WORKER: Final = 71  # the worker g begins to mark on p and m in mode arg (GC_MODES); 0: it stops marking
E_GC_ASSIST: Final = 72  # g on p and m begins (arg 1) to mark because it allocates, or stops (arg 0)
E_GC_READY: Final = 73  # waiting -> runnable, by the collector or sysmon; arg = NET_*, where g goes: as a worker to
#                         the hand of m, which will execute it with p (SRC_GC); to the tail of p's ring (E_OVERFLOW
#                         follows if it is full); or to the global tail
E_GC_HEAP: Final = 74  # the heap in use has arg KiB (told every 256 KiB, and when the phase changes)
E_GC_GOAL: Final = 75  # the goal of this cycle, or of the next if none is on, is arg KiB (2**31 - 1: none)
E_GC_TRACE: Final = 76  # g on m prints the gctrace line of cycle arg
E_SAFE_POINTS: Final = 77  # forEachP: g on p and m asks every P to run a function; arg = POINT_*
E_SAFE_POINT: Final = 78  # it is run for p, by m (-1: by who asked)
E_QUEUE_DRAIN: Final = 79  # the worker g on p and m moves p's runnext, then its ring, to the global tail: arg Gs
E_GC_HELD: Final = 80  # g, taken from somewhere to be executed (source in arg, as in E_EXECUTE) by m with p, is held
#                        back, on no queue, while the world is as good as stopped (gcstoptheworld)
E_GC_RELEASED: Final = 81  # g, held back until now, goes to the global tail

# --- CPU time of the group (only with a quota) --------------------------------------------------------------------
E_THROTTLE: Final = 101  # core arg is throttled: nobody runs there until E_UNTHROTTLE; m (-1: none), which has just
#                          left it or was to get it, waits there and can go nowhere else
E_UNTHROTTLE: Final = 102  # core arg can be used again; m, which waited there, waits for a core as others do
E_REFILL: Final = 103  # a period begins and the group's pool is full again; arg = us that were left in it
E_QUOTA: Final = 104  # arg us in each period from now on (0: no limit): a full pool, and no debts

# --- what-if: a price for the scheduler's lock (Costs.sched_lock) ---------------------------------------------------
E_SCHED_LOCK: Final = 105  # m, about to run g on p, first waits arg ns for sched.lock, which others hold

# --- only in real traces (Recording.complete is False): no queue, no list of idle Ps or Ms, no tick is known ------
E_TRACE_SYNC: Final = 111  # part (generation) arg of the trace begins, or, as the last event, the trace ends
E_MET_G: Final = 112  # g, met for the first time, has status arg (MET_*), on p and m if it has them; later: it still
#                       has it, and is on the thread that is told now (m -1: on one that is not told); or: it is made
#                       (MET_SYSCALL) or ends (MET_DEAD) inside a system call, by cgo
E_MET_P: Final = 113  # p, met for the first time, is idle (arg 0) or m's and running (arg 1); later: it still is
E_MET_M: Final = 114  # m is met for the first time, and may be older; arg = the system's number of it (-1: large)
E_PROCS: Final = 115  # GOMAXPROCS is arg (from now on)
E_SWEEP: Final = 116  # m with p begins to sweep spans (arg -1), or ends, having swept arg KiB
E_NOTE: Final = 117  # the trace holds text arg of Recording.notes, told by g on p and m (-1: nobody); changes nothing

KIND_NAMES: Final[dict[int, str]] = {
    value: name[2:].lower()
    for value, name in sorted((n, k) for k, n in globals().items() if k.startswith("E_"))
}

# --- arguments ------------------------------------------------------------------------------------------------
SRC_RUNNEXT: Final = 0  # the P's own runnext: leaves it at this event
SRC_LOCAL: Final = 1  # the head of the P's ring: leaves it at this event
SRC_GLOBAL61: Final = 2  # the global head, taken alone at a 61st tick: leaves it at this event
SRC_GLOBAL: Final = 3  # from the hand, after E_GLOB_GET
SRC_STEAL: Final = 4  # from the hand, after E_STEAL
SRC_POLL: Final = 5  # from the hand: readied by the poller
SRC_SYSEXIT: Final = 6  # from the hand: exitsyscall found a P late
SRC_LOCKED: Final = 7  # from the hand: its own thread was given the P
SRC_PARK: Final = 8  # from the hand: parking was called off
SRC_GC: Final = 9  # from the hand: a mark worker that its P has chosen
SRC_UNKNOWN: Final = 10  # from a queue or a hand that a trace does not tell
SRC_NAMES: Final = ("runnext", "local", "global (61st tick)", "global", "stolen", "netpoll", "syscall exit",
                    "locked thread", "park called off", "mark worker", "not told")  # fmt: skip
INHERIT: Final = 16  # added to the source: the goroutine runs in its predecessor's time slice

YIELD_GOSCHED: Final = 0  # runtime.Gosched: to the global tail
YIELD_PREEMPTED: Final = 1  # preempted: to the global tail
YIELD_GOYIELD: Final = 2  # goyield: to the ring's tail
YIELD_STW: Final = 3  # preempted while the world is being stopped: to the runnext of its own p (1.26 and later)
YIELD_UNKNOWN: Final = 4  # for a reason, and to a queue, that a trace does not tell
YIELD_NAMES: Final = (
    "runtime.Gosched", "preempted", "goyield", "preempted for a stop of the world", "unspecified",
)  # fmt: skip

SYSCALL_BLOCKING: Final = 0
SYSCALL_CPU: Final = 1
SYSCALL_BLOCK: Final = 2  # entersyscallblock: the P was given up before

EXIT_FAST: Final = 0  # the P was still there
EXIT_OLD_P: Final = 1  # the old P was taken back
EXIT_IDLE_P: Final = 2  # another, idle P was taken
EXIT_LATE_P: Final = 3  # an idle P was found under the lock (g to the hand)
EXIT_NO_P: Final = 4  # none: g is runnable and goes to the global tail
EXIT_NAMES: Final = (
    "kept its P",
    "took its old P back",
    "took an idle P",
    "found an idle P late",
    "found no P",
)

TIMER_SEND: Final = 0  # it sends on its channel
TIMER_DROP: Final = 1  # its channel is full: the tick is dropped
TIMER_FUNC: Final = 2  # it starts the goroutine of AfterFunc

PREEMPT_SLICE: Final = 0  # its slice is 10 ms old
PREEMPT_STW: Final = 1  # the world is to be stopped
PREEMPT_SCAN: Final = 2  # its stack is to be scanned
PREEMPT_SAFE_POINT: Final = 3  # its P is to run a function (forEachP)
PREEMPT_GC: Final = 4  # its P is to look whether it should mark

GC_OFF: Final = 0
GC_MARK: Final = 1
GC_TERM: Final = 2
GC_PHASES: Final = ("off", "mark", "mark termination")
GC_TRIGGERS: Final = ("heap", "time", "forced")  # of E_GC_CYCLE
GC_MODES: Final = ("not a worker", "dedicated", "fractional", "idle")
POINT_MARK_DONE: Final = 0  # nothing seems to be left to mark: hand in what Ps keep to themselves
POINT_FLUSH: Final = 1  # the cycle is over: forget what Ps have cached
POINT_NAMES: Final = ("mark termination", "flush of the caches")

GCSTOP_SELF: Final = 0  # m gave it up in gcstopm
GCSTOP_IDLE: Final = 1  # it was idle
GCSTOP_SYSCALL: Final = 2  # its M is in a system call
GCSTOP_HANDOFF: Final = 3  # it was being handed over

# runtime/proc.go stwReason, by number
STW_REASONS: Final = (
    "unknown", "GC mark termination", "GC sweep termination", "write heap dump", "goroutine profile",
    "goroutine profile cleanup", "all goroutines stack trace", "read mem stats", "AllThreadsSyscall", "GOMAXPROCS",
    "start trace", "stop trace",
)  # fmt: skip
DESTROY_NEXT: Final = 1024
STW_MARK_TERM: Final = 1
STW_SWEEP_TERM: Final = 2
STW_READ_MEM_STATS: Final = 7
STW_GOMAXPROCS: Final = 9
NET_HAND: Final = 0  # to the hand of m, which will execute it (SRC_POLL)
NET_RING: Final = 1  # to the tail of p's ring
NET_GLOBAL: Final = 2  # to the tail of the global queue
NET_NAMES: Final = ("hand", "ring", "global")
EXIT_GOEXIT: Final = 1  # of E_EXIT

MET_RUNNABLE: Final = 1
MET_RUNNING: Final = 2
MET_SYSCALL: Final = 3
MET_WAITING: Final = 4
MET_DEAD: Final = 6
MET_NAMES: Final[dict[int, str]] = {1: "runnable", 2: "running", 3: "in a system call", 4: "waiting", 6: "dead"}

M_NORMAL: Final = 0
M_SYSMON: Final = 1

# runtime/traceruntime.go traceBlockReasonStrings: coarser words, which only a trace has
TRACE_REASONS: Final = (
    "unspecified", "forever", "sync", "system goroutine wait", "wait for debug call", "GC weak to strong wait",
    "synctest",
)  # fmt: skip
WAIT_REASONS: Final = (
    "chan receive", "chan send", "chan receive (nil chan)", "chan send (nil chan)", "select", "sleep",
    "sync.WaitGroup.Wait", "semacquire", "IO wait", "force gc (idle)", "GC sweep wait", "GC scavenge wait",
    "GOMAXPROCS updater (idle)", "finalizer wait", "sync.Mutex.Lock", "sync.Cond.Wait", "select (no cases)",
    "sync.RWMutex.RLock", "sync.RWMutex.Lock", "cleanup wait", "GC worker (idle)", "GC worker (active)",
    "GC assist wait", "GC assist marking", "GC mark termination", "stopping the world", "flushing proc caches",
    "garbage collection", "garbage collection scan", "wait for GC cycle", "preempted", *TRACE_REASONS,
)  # fmt: skip
WAIT_NO: Final[dict[str, int]] = {name: i for i, name in enumerate(WAIT_REASONS)}


def steal_arg(victim: int, n: int, runnext: bool) -> int:
    """Pack the argument of E_STEAL: victim P, number of Gs taken, whether it was the runnext."""
    return victim | n << 10 | int(runnext) << 20


def steal_unpack(arg: int) -> tuple[int, int, bool]:
    """Victim P, number of Gs taken, whether it was the runnext."""
    return arg & 0x3FF, arg >> 10 & 0x3FF, bool(arg >> 20)


def stack_arg(size: int, used: int) -> int:
    """Pack the argument of E_STACK_GROW and E_STACK_SHRINK: a power of two below 2**30, bytes in use (times of 8)."""
    return used >> 3 | (size.bit_length() - 1) << 26


def stack_unpack(arg: int) -> tuple[int, int]:
    """New size of the stack and bytes in use, of E_STACK_GROW and E_STACK_SHRINK."""
    return 1 << (arg >> 26 & 31), (arg & (1 << 26) - 1) << 3
