"""G, M, P and sched: the runtime's nouns, with the meaning of each status.

Names and numbers are those of runtime/runtime2.go.  A status is defined by what it says about its owner: is the G
on a queue, has it an M, may somebody else take its P.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from gmp_lab.workload import Body, Op

# G statuses (runtime2.go, the const block that begins with _Gidle)
_Gidle = 0  # allocated, not initialised
_Grunnable = 1  # on exactly one run queue (runnext, ring or global), or in the hand of an M that just took it
_Grunning = 2  # has an M, and an M that has a P; on no queue
_Gsyscall = 3  # in a system call: has an M; the P may still be wired to that M but is not the G's any more
_Gwaiting = 4  # parked: on no run queue; somebody holds it (a channel, a WaitGroup, a timer)
_Gdead = 6  # exited

# P statuses (runtime2.go, the const block that begins with _Pidle)
_Pidle = 0  # on the idle list, or in transition; runs nothing
_Prunning = 1  # wired to an M that runs Go code, the scheduler, or (1.26 and later) a system call
_Psyscall = 2  # up to 1.25: its M is in a system call; anyone may take it by changing the status
_Pgcstop = 3  # stopped with the world; with the stopper's M, or with none
_Pdead = 4  # no longer there: GOMAXPROCS became smaller


class G:
    """A goroutine. The last block of fields replaces its stack and registers: a generator and what it waits for.

    Go: runtime/runtime2.go g (1.27.3)
    Differs: the last block of fields.
    """

    __slots__ = (
        "atomicstatus", "body", "goid", "left", "lockedm", "lockedExt", "loop", "m", "name", "op", "preempt",
        "stack", "sudog", "value", "waitreason",
    )  # fmt: skip

    def __init__(self, goid: int, body: Body | None, name: str) -> None:
        self.goid = goid
        self.name = name
        self.atomicstatus = _Gidle
        self.m: M | None = None
        self.lockedm: M | None = None
        self.lockedExt = 0  # depth of LockOSThread
        self.preempt = False  # asked to stop (Go: preempt, and stackguard0 = stackPreempt)
        self.waitreason = -1
        self.stack: Stack | None = None  # None: it has made no calls yet, so that its stack is as it was at first
        self.sudog: Any = None  # the value that it is sending while it waits on a channel
        # the program: a generator, the operation in hand, what it is sent next
        self.body = body
        self.op: Op | None = None
        self.value: Any = None
        self.left = 0  # ns of computing before op (or the next operation) is due
        self.loop = 3  # where it can be preempted while it computes (workload.LOOP_*)

    def __repr__(self) -> str:
        return f"G{self.goid}"


class M:
    """A thread. Go has no status for an M; neither has the mirror.

    Go: runtime/runtime2.go m (1.27.3)
    Differs: the last block of fields; no stack of its own (g0) and no signal stack.
    """

    __slots__ = (
        "cpu", "curg", "id", "lockedg", "nextp", "oldp", "onlist", "p", "pollspin", "seg", "seg_end", "signalPending",
        "sigwait", "source", "spinning", "stealing", "stealpos", "switched", "syscalltick",
        "vruntime",
    )  # fmt: skip

    def __init__(self, id: int) -> None:
        self.id = id
        self.p: P | None = None
        self.nextp: P | None = None
        self.oldp: P | None = None
        self.curg: G | None = None
        self.lockedg: G | None = None
        self.spinning = False
        self.onlist = False  # on sched.midle
        self.syscalltick = 0
        self.signalPending = False
        # the model's own: what the thread is doing in time
        self.source = 0  # where the G in hand came from (vocabulary.SRC_*)
        self.stealing: G | None = None  # the runnext it will take when it wakes from its sleep in runqgrab
        self.stealpos: tuple[int, ...] = ()  # and the Ps that stealWork has still to visit then
        self.switched = 0  # when its goroutine was put on it
        self.seg = 0  # number of the current stretch of computing; a changed number cancels its end
        self.seg_end = -1  # when it ends (-1: the thread is not computing)
        self.pollspin = False  # was spinning before it blocked in netpoll
        self.cpu = -1  # its core, if cores are limited
        self.vruntime = 0  # ns that it has run, for the fairness of the cores
        self.sigwait = False  # a signal waits until the thread gets a core

    def __repr__(self) -> str:
        return f"M{self.id}"


class Sudog:
    """A G in a wait list, where the G alone does not say enough: in a select, a receive of two results, a semaphore.

    ``queue`` is the list it stands in (None: it has been taken off); ``success``: woken by a value, not by close.

    Go: runtime/runtime2.go sudog (1.27.3)
    Differs: stands in a list and holds no links of its own.
    """

    __slots__ = ("elem", "g", "queue", "select", "success", "ticket")

    def __init__(self, g: G, elem: Any = None) -> None:
        self.g = g
        self.elem = elem  # the value that it is sending
        self.queue: deque[Any] | None = None
        self.select: Select | None = None  # Go: isSelect, and g.selectDone
        self.success = False
        self.ticket = 0  # 1: the semaphore was handed to it


class Select:
    """A select that waits: its Sudogs, one for each case with a channel, and the one that was chosen (g.param).

    Ours: local variables of selectgo that must outlive its sleep.
    """

    __slots__ = ("fired", "sudogs")

    def __init__(self) -> None:
        self.sudogs: list[tuple[int, Sudog]] = []  # (index of the case, its Sudog), in lock order
        self.fired: Sudog | None = None


class Sysmontick:
    """What sysmon noted about a P (runtime2.go sysmontick).

    Go: runtime/proc.go sysmontick (1.27.3)
    Differs: nothing.
    """

    __slots__ = ("schedtick", "schedwhen", "syscalltick", "syscallwhen")

    def __init__(self) -> None:
        self.schedtick = 0
        self.schedwhen = 0
        self.syscalltick = 0
        self.syscallwhen = 0


class P:
    """A processor: the right to run Go code, with its queue.  ``runq`` is a deque that never exceeds 256.

    Go: runtime/runtime2.go p (1.27.3)
    Differs: no caches; a list is as long as what is in it.
    """

    __slots__ = (
        "gcAssistTime", "gcFractionalMarkTime", "gcMarkWorkerMode", "gcMarkWorkerStartTime", "gcStopTime", "id",
        "idle", "m", "nextGCMarkWorker", "oldm", "preempt", "runSafePointFn", "runnext", "runq", "schedtick",
        "status", "syscalltick", "sysmontick", "timers", "zombies",
    )  # fmt: skip

    def __init__(self, id: int) -> None:
        self.id = id
        self.status = _Pidle
        self.m: M | None = None
        self.oldm: M | None = None  # the M that had it when the world was stopped
        self.runnext: G | None = None
        self.runq: deque[G] = deque()
        self.schedtick = 0
        self.syscalltick = 0
        self.preempt = False
        self.sysmontick = Sysmontick()
        self.gcStopTime = 0  # when it was stopped
        self.runSafePointFn = False  # it is to run sched.safePointFn
        self.gcMarkWorkerMode = 0  # of the worker that runs on it, or will
        self.nextGCMarkWorker: G | None = None  # the worker that it will run next
        self.gcMarkWorkerStartTime = 0
        self.gcFractionalMarkTime = 0  # ns in fractional workers in this cycle
        self.gcAssistTime = 0  # ns of assists that the controller has not been told of
        self.timers: list[tuple[int, int, Any]] = []  # heap of (when, serial number, sleeping G or Timer)
        self.zombies = 0  # stopped timers in it
        self.idle = False  # on sched.pidle (Go: its bit in idlepMask)

    def __repr__(self) -> str:
        return f"P{self.id}"


class Sema:
    """One of the runtime's own semaphores of value 1 (worldsema, gcsema): taken or not; who waits, oldest first.

    Ours: in Go they are numbers, with their waiters in the trees of sema.go.
    """

    __slots__ = ("taken", "waiters")

    def __init__(self) -> None:
        self.taken = False
        self.waiters: deque[G] = deque()


class Sched:
    """What belongs to no P (runtime2.go schedt). Lists have their next element last, as stacks.

    Go: runtime/runtime2.go schedt (1.27.3)
    Differs: no lock; poller and epoll are package variables in Go.
    """

    __slots__ = (
        "arrivals", "conns", "customGOMAXPROCS", "disableUser", "disabled", "epoll", "gcBlackenEnabled", "gcsema",
        "gcwaiting", "lastpoll", "lockfree", "midle", "mnext", "needspinning", "netpollWaiters", "newprocs",
        "nmidlelocked", "nmspinning",
        "nmsys", "pdead", "pidle", "pollUntil", "pollWakeSig", "poller", "runq", "safePointFn", "safePointM",
        "safePointSleeps", "safePointWait", "sleepers", "special", "stop", "stopwait", "sysmonwait", "worldsema",
    )  # fmt: skip

    def __init__(self) -> None:
        self.runq: deque[G] = deque()
        self.midle: list[M] = []
        self.pidle: list[P] = []
        self.nmspinning = 0
        self.needspinning = 0
        self.mnext = 0
        self.nmidlelocked = 0
        self.nmsys = 0
        self.gcwaiting = False  # the world is being stopped, or is stopped
        self.stopwait = 0  # Ps that are not stopped yet
        self.stop: Any = None  # the stop that is under way (stw.WorldStop)
        self.customGOMAXPROCS = True  # somebody has set GOMAXPROCS: it does not follow the quota
        self.newprocs = 0  # GOMAXPROCS from the next start of the world on (0: as before)
        self.pdead: list[P] = []  # Ps that may come back, by number
        self.safePointFn: Any = None  # the function of forEachP that is under way
        self.safePointM: M | None = None  # who asked for it
        self.safePointWait = 0  # Ps that have not run it yet
        self.safePointSleeps = False  # whether who asked sleeps until the last has
        self.gcBlackenEnabled = False  # a cycle marks
        self.special = False  # any of gcwaiting, safePointFn, gcBlackenEnabled: look before all queues
        self.disableUser = False  # user goroutines are held back (Go: sched.disable)
        self.disabled: list[G] = []  # those that were
        self.worldsema = Sema()
        self.gcsema = Sema()
        self.sysmonwait = False
        self.lastpoll = 1  # 0 while an M is blocked in netpoll
        self.pollUntil = 0
        self.lockfree = 0  # time from which on nobody holds the lock, if it has a price
        self.poller: M | None = None  # the M that is blocked in netpoll
        self.pollWakeSig = False  # Go: netpollWakeSig; it has been called back already
        self.netpollWaiters = 0  # goroutines parked in the poller
        self.epoll: deque[Any] = deque()  # the kernel's list of descriptors that became ready
        self.conns = 0  # connections so far
        self.sleepers = 0  # timers, where no P keeps them (up to 1.13)
        self.arrivals = 0  # data that will still come from outside

    def attend(self) -> None:
        """Set ``special`` anew, after a change of what it is made of.

        Ours: Go looks at each of them.
        """
        self.special = self.gcwaiting or self.safePointFn is not None or self.gcBlackenEnabled


class Stack:
    """A goroutine's stack: addresses lo <= sp <= hi (Go: g.stack, g.sched.sp); it grows downwards.

    ``frames`` holds what was called and has not returned, innermost last: frame size, number of calls, and 1 if these
    functions begin with a check, else 0;
    ``below`` holds, up to 1.2, the older segments with their sp and frames.

    Go: runtime/runtime2.go stack (1.27.3)
    Differs: holds as well what g keeps about its stack (sp, stackguard0, ...).
    """

    __slots__ = ("asyncSafePoint", "below", "frames", "hi", "lo", "preemptShrink", "sp", "stackguard0")

    def __init__(self, lo: int, hi: int) -> None:
        self.lo = lo
        self.hi = hi
        self.sp = hi
        self.stackguard0 = 0
        self.frames: list[list[int]] = []
        self.below: list[tuple[int, int, int, list[list[int]]]] = []
        self.preemptShrink = False  # to be shrunk at the next synchronous safe point
        self.asyncSafePoint = False  # stopped by a signal, between any two instructions

    def nosplit(self) -> int:
        """Bytes, with return addresses, of the innermost functions that began without a check."""
        used = 0
        for frame, calls, checked in reversed(self.frames):
            if checked:
                break
            used += calls * (frame + 8)
        return used


class Stacks:
    """What belongs to all stacks: the memory they are cut from, the lists of dead Gs' stacks, sizes and limits.

    Made when the first goroutine makes a call: a program that makes none pays nothing.  ``gFree`` holds for each P
    the dead Gs it keeps, the latest last, as their stack or None (freed); ``gFreeStack`` and ``gFreeNoStack`` are
    those of sched.

    Ours: package variables of stack.go, and lists that Go keeps in each P and in sched.
    """

    __slots__ = (
        "free", "gFree", "gFreeNoStack", "gFreeStack", "maxstacksize", "next", "scannedStackSize", "scannedStacks",
        "startingStackSize",
    )  # fmt: skip

    def __init__(self, starting: int, limit: int, first: int) -> None:
        self.startingStackSize = starting
        self.maxstacksize = limit
        self.next = first  # the lowest address that was never used
        self.free: dict[int, list[int]] = {}  # lower ends of free stacks, by size
        self.gFree: dict[int, list[Stack | None]] = {}
        self.gFreeStack: list[Stack] = []
        self.gFreeNoStack = 0
        self.scannedStackSize = 0
        self.scannedStacks = 0
