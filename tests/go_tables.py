"""What of ours is Go's and where Go has it: the tables that test_go_source.py checks against the installed source.

GO: constants of ours that are Go's.  OURS: those that are not, with the reason.  STATED: numbers of Go that the
course states without a name of ours.  FACTS: what a row of params.VERSIONS says and the source shows.  MORE:
arguments that Go's function of the same name does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gmp_lab import params

PROC = "runtime/proc.go"
Number = int | float


class Row(NamedTuple):
    """A constant of ours, ``module.name``, and where Go has it.

    ``pattern``: in the declaration of the symbol, the group is an expression; None: the symbol is the constant.
    ``ours`` turns Go's number into what our constant must be, where units differ.
    """

    name: str
    file: str
    symbol: str
    pattern: str | None = None
    ours: Callable[[Number], Number] = lambda value: value


def us(value: Number) -> Number:
    return value * 1000


GO = [
    Row("params.forcePreemptNS", PROC, "forcePreemptNS"),
    Row("params.runqsize", "runtime/runtime2.go", "p.runq", r"\[(\w+)\]guintptr"),
    Row("params.schedtickGlobal", PROC, "findRunnable", r"schedtick%(\w+) == 0"),
    Row("params.globrunqBatch", PROC, "findRunnable", r"globrunqgetbatch\(int32\(len\(pp\.runq\)\) / (\w+)\)",
        lambda part: params.runqsize // int(part)),
    Row("params.stealTries", PROC, "stealWork", r"const stealTries = (.+)"),
    Row("params.sysmonMinDelay", PROC, "sysmon", r"if idle == 0 \{\s+delay = (.+)", us),
    Row("params.sysmonMaxDelay", PROC, "sysmon", r"if delay > (.+) \{", us),
    Row("params.sysmonIdleRounds", PROC, "sysmon", r"idle > (.+) \{"),
    Row("params.sysmonMaxSleep", PROC, "sysmon", r"sleep := (.+)"),
    Row("params.updateMaxProcsNS", PROC, "sysmon", r"lastgomaxprocs\+(.+) <= now"),
    Row("params.sysmonPollNS", PROC, "sysmon", r"lastpoll\+(.+) < now"),
    Row("params.stwRetryNS", PROC, "stopTheWorldWithSema", r"notetsleep\(&sched\.stopnote, (.+)\) \{"),
    Row("params.stealSleepUs", PROC, "runqgrab", r"usleep\((.+)\)"),
    Row("params.netpollEvents", "runtime/netpoll_epoll.go", "netpoll", r"var events \[(.+)\]"),
    Row("params.active_spin", "runtime/lock_spinbit.go", "active_spin"),
    Row("params.starvationThresholdNs", "internal/sync/mutex.go", "starvationThresholdNs"),
    Row("params.rwmutexMaxReaders", "sync/rwmutex.go", "rwmutexMaxReaders"),
    Row("params.StackSmall", "internal/abi/stack.go", "StackSmall"),
    Row("params.stackEntry", PROC, "newproc1", r"totalSize := (.+)"),
    Row("params.stackCacheSize", "runtime/malloc.go", "_StackCacheSize"),
    Row("params.maxstacksize", PROC, "main", r"PtrSize == 8 \{\s+maxstacksize = (.+)"),
    Row("params.arenaStart", "runtime/malloc.go", "mallocinit", r"<<40 \| uintptrMask&\((0x00c0<<32)\)"),
    Row("params.gFreeMost", PROC, "gfput", r"if pp\.gFree\.size >= (.+) \{"),
    Row("params.gFreeKept", PROC, "gfput", r"for pp\.gFree\.size >= (.+) \{"),
    Row("params.gFreeKept", PROC, "gfget", r"for pp\.gFree\.size < (.+) \{"),
    Row("params.maxmcount", PROC, "schedinit", r"sched\.maxmcount = (.+)"),
    Row("params.Version.ring", "runtime/runtime2.go", "p.runq", r"\[(\w+)\]guintptr"),
    Row("params.Version.global_tick", PROC, "findRunnable", r"schedtick%(\w+) == 0"),
    Row("params.Version.steal_sleep_us", PROC, "runqgrab", r"usleep\((.+)\)"),
    Row("params.Version.stack_min", "runtime/stack.go", "stackMin"),
    Row("params.Version.stack_min", "runtime/stack.go", "fixedStack"),
    Row("params.Version.stack_guard", "runtime/stack.go", "stackGuard"),
    Row("params.Version.stack_system", "runtime/stack.go", "stackSystem"),
    *(Row(f"runtime.runtime2.{name}", "runtime/runtime2.go", name)
      for name in ("_Gidle", "_Grunnable", "_Grunning", "_Gsyscall", "_Gwaiting", "_Gdead", "_Pidle", "_Prunning",
                   "_Pgcstop", "_Pdead")),
    Row("runtime.runtime2._Psyscall", "runtime/runtime2.go", "_Psyscall_unused"),
    *(Row(f"runtime.mutex.{name}", "internal/sync/mutex.go", name)
      for name in ("mutexLocked", "mutexWoken", "mutexStarving", "mutexWaiterShift")),
    *(Row(f"runtime.mgcgoal.{name}", "runtime/mgcpacer.go", name)
      for name in ("gcBackgroundUtilization", "gcGoalUtilization", "defaultHeapMinimum",
                   "memoryLimitMinHeapGoalHeadroom", "memoryLimitHeapGoalHeadroomPercent", "triggerRatioDen",
                   "minTriggerRatioNum", "maxTriggerRatioNum")),
    Row("runtime.mgcgoal.sweepMinHeapDistance", "runtime/mgc.go", "sweepMinHeapDistance"),
    *(Row(f"runtime.mgcpacer.{name}", "runtime/mgcpacer.go", name)
      for name in ("gcCreditSlack", "gcAssistTimeSlack", "gcOverAssistWork", "maxStackScanSlack")),
    *(Row(f"runtime.mgcpacer.{name}", "runtime/mgc.go", name)
      for name in ("gcTriggerHeap", "gcTriggerTime", "gcTriggerCycle", "gcMarkWorkerNotWorker",
                   "gcMarkWorkerDedicatedMode", "gcMarkWorkerFractionalMode", "gcMarkWorkerIdleMode")),
    *(Row(f"runtime.mgclimit.{name}", "runtime/mgclimit.go", name)
      for name in ("gcCPULimiterUpdatePeriod", "capacityPerProc", "limiterEventNone", "limiterEventIdleMarkWork",
                   "limiterEventMarkAssist", "limiterEventScavengeAssist", "limiterEventIdle")),
    *(Row(f"runtime.mgcmark.{name}", "runtime/mgcmark.go", name)
      for name in ("gcDrainUntilPreempt", "gcDrainFlushBgCredit", "gcDrainIdle", "gcDrainFractional")),
    Row("runtime.mgcmark.yieldDelay", "runtime/preempt.go", "suspendG", r"const yieldDelay = (.+)"),
    *(Row(f"runtime.mgcstate.{name}", "runtime/mgc.go", name)
      for name in ("_GCoff", "_GCmark", "_GCmarktermination", "gcBackgroundMode", "gcForceMode", "gcForceBlockMode")),
    Row("runtime.mgcstate.drainCheckThreshold", "runtime/mgcmark.go", "drainCheckThreshold"),
    Row("runtime.mgcstate.forcegcperiod", PROC, "forcegcperiod"),
    Row("runtime.mheap.pageSize", "runtime/malloc.go", "pageSize"),
    Row("runtime.mheap.maxSmallSize", "runtime/malloc.go", "maxSmallSize"),
    Row("runtime.mheap.sweepBatchSize", "runtime/mgcsweep.go", "bgsweep", r"const sweepBatchSize = (.+)"),
    Row("metrics.runtime_metrics.MIN_BUCKET_BITS", "runtime/histogram.go", "timeHistMinBucketBits"),
    Row("metrics.runtime_metrics.MAX_BUCKET_BITS", "runtime/histogram.go", "timeHistMaxBucketBits"),
    Row("metrics.runtime_metrics.SUB_BUCKET_BITS", "runtime/histogram.go", "timeHistSubBucketBits"),
]  # fmt: skip

#: numbers in params.py and in the mirror that Go's source does not have, with the reason
OURS = {
    "params.stackExtra": "1.2 only, and from memory",
    "params.parkFrames": "sums of frames as the compiler makes them, which no source shows",
    "params.bareSchedtick": "a bare machine is no real program's start",
    "params.GROWS": "1.1 and 1.2 only: a queue that grows",
    **{f"params.bandwidth{name}": "the operating system's; Linux 6.18" for name in
       ("Slice", "Kept", "Slack", "TooLate", "Tick")},
    "runtime.goarith._2_63": "arithmetic",
    "runtime.goarith._2_64": "arithmetic",
    "runtime.goarith.maxUint64": "arithmetic",
    "runtime.goarith.MaxInt64": "arithmetic",
    "runtime.mgcgoal.maxInt32": "arithmetic",
    "runtime.mgcfeedback.gcGoalUtilization": "1.5 to 1.17 only",
    "runtime.mgcfeedback.triggerGain": "1.5 to 1.17 only",
    "runtime.mgcpacer.ENLIST_NOTHING": "names for what enlistWorker does",
    "runtime.mgcpacer.ENLIST_WAKEP": "names for what enlistWorker does",
    "runtime.mgcpacer.ENLIST_PREEMPT": "names for what enlistWorker does",
    "runtime.osched.QUANTUM_NS": "the operating system's; measured",
    "runtime.osched.BEHIND_NS": "the operating system's; measured",
    "runtime.malloc._TELL": "how often the record is told",
    "runtime.mheap.nonHeap": "measured: what e8 shows of a process with a memory limit",
    "runtime.mheap.globalsScan": "measured: what e8 shows of a process's goal",
    "runtime.stackcalls._CHUNK": "how often the simulation looks up from a recursion",
}

#: fields of Version: what the row for 1.27 says, and what of it can be seen in 1.27's source (False: not there)
FACTS: dict[str, tuple[object, str, str, str, bool]] = {
    "local_queues": (True, "runtime/runtime2.go", "p", r"\brunq\b", True),
    "runnext": (True, "runtime/runtime2.go", "p", r"\brunnext\b", True),
    "steal_picks": (0, PROC, "stealWork", r"stealOrder\.start", True),
    "needspinning": (True, PROC, "pidlegetSpinning", r"needspinning\.Store\(1\)", True),
    "green_tea": (True, "runtime/mgcpacer.go", "gcControllerState.enlistWorker", r"goexperiment\.GreenTeaGC", True),
    "wakep_after_yield": (True, PROC, "goschedImpl", r"\bwakep\(\)", True),
    "syscall_keeps_p": (True, PROC, "reentersyscall", r"_Psyscall|pp\.m = 0", False),
    "syscall_hands_over": (False, PROC, "reentersyscall", r"\bhandoffp\(", False),
    "preempt_prologue": (True, "runtime/stack.go", "newstack", r"stackguard0.*== stackPreempt", True),
    "preempt_signal": (True, "runtime/signal_unix.go", "sigPreempt", r"_SIGURG", True),
    "timer_heaps": (True, "runtime/runtime2.go", "p", r"timers timers", True),
    "default_procs": ("quota", "runtime/cgroup_linux.go", "adjustCgroupGOMAXPROCS", r"max\(limit, 2\)", True),
    "stw_runnext": (True, PROC, "goschedImpl", r"gcwaiting\.Load\(\) \{\s+runqput\(pp, gp, true\)", True),
    "stw_old_m": (True, PROC, "procresize", r"mgetSpecific\(oldm\)", True),
    "sync_timer_chans": (True, "runtime/chan.go", "hchan.timer", r"\*timer", True),
    "metrics_count_system": (True, PROC, "gcount", r"\bincludeSys\b", True),
    "stack_kind": ("contiguous", "runtime/stack.go", "copystack", r"memmove", True),
    "adaptive": (True, "runtime/stack.go", "gcComputeStartingStackSize", r"scannedStackSize", True),
}
#: what 1.27's source says of the rows of SYSTEMS: (system, field, value, file, symbol, text)
SYSTEM_FACTS = [
    ("linux", "preempt", "signal", "runtime/signal_unix.go", "preemptM", "signalM(mp, sigPreempt)"),
    ("windows", "preempt", "suspend", "runtime/os_windows.go", "preemptM", "stdcall(_SuspendThread, thread)"),
    ("windows", "stack_system", 4096, "runtime/stack.go", "stackSystem", "goos.IsWindows*4096"),
    ("windows", "low_res_timer", True, PROC, "osHasLowResTimer", 'GOOS == "windows"'),
    ("windows", "low_res_timer", True, PROC, "runqgrab", "if !osHasLowResTimer {"),
]
VERSION_OURS = {
    "name": "ours", "known": "ours", "startup": "measured", "startup_schedtick": "measured",
    "startup_threads": "measured", "idle_p_highest_first": "an order, measured", "schedtrace": "name of a format",
    "scheddetail": "name of a format", "gctrace": "name of a format", "dump": "name of a format",
}  # fmt: skip

#: numbers of Go that the course states, in units of Go's own: (file, symbol, pattern or None, number)
STATED: list[tuple[str, str, str | None, Number]] = [
    (PROC, "forcegcperiod", None, 120 * 10**9),
    (PROC, "_GoidCacheBatch", None, 16),
    (PROC, "runqgrab", r"n = n - n/(\d)", 2),
    (PROC, "runqputslow", r"n = n / (\d)", 2),
    (PROC, "forEachPInternal", r"notetsleep\(&sched\.safePointNote, (.+)\) \{", 100_000),
    (PROC, "sysmon", r"lastgomaxprocs\+(.+) <= now", 10**9),
    ("runtime/preempt.go", "suspendG", r"const yieldDelay = (.+)", 10_000),
    ("runtime/runtime2.go", "gTrackingPeriod", None, 8),
    ("runtime/sema.go", "semTabSize", None, 251),
    ("runtime/time.go", "timerHeapN", None, 4),
    ("runtime/lock_spinbit.go", "active_spin_cnt", None, 30),
    ("runtime/netpoll_epoll.go", "netpoll", r"delay < (.+) \{\s+waitms = 1\n", 10**6),
    ("runtime/cgroup_linux.go", "adjustCgroupGOMAXPROCS", r"max\(limit, (\d)\)", 2),
    ("internal/abi/stack.go", "StackNosplitBase", None, 800),
    ("internal/abi/stack.go", "StackBig", None, 4096),
    ("runtime/stack.go", "stackNosplit", None, 800),
    ("runtime/stack.go", "stackSystem", None, 0),
    ("runtime/stack.go", "newstack", r"newsize := oldsize \* (\d)", 2),
    ("runtime/stack.go", "shrinkstack", r"used >= avail/(\d)", 4),
    ("runtime/mgcpacer.go", "gcControllerState.startCycle", r"int64\(totalUtilizationGoal \+ (.+)\)", 0.5),
    ("runtime/mgcpacer.go", "gcControllerState.startCycle", r"const maxUtilError = (.+)", 0.3),
    ("runtime/mgcpacer.go", "gcControllerState.revise", r"const maxOvershoot = (.+)", 1.1),
    ("runtime/mgcpacer.go", "gcControllerState.revise", r"scanWorkRemaining < (.+) \{", 1000),
    ("runtime/mgcpacer.go", "gcControllerState.lastConsMark", r"\[(\d)\]float64", 4),
    ("runtime/mgc.go", "pollFractionalWorkerExit", r"> (.+)\*gcController", 1.2),
    ("runtime/mgcmark.go", "drainCheckThreshold", None, 100_000),
]  # fmt: skip

#: rules of Go that are no numbers: (file, symbol, text)
RULES = [
    (PROC, "globrunqgetbatch", "n = min(n, sched.runq.size, sched.runq.size/gomaxprocs+1)"),
    (PROC, "findRunnable", "2*sched.nmspinning.Load() < gomaxprocs-sched.npidle.Load()"),
    (PROC, "stealWork", "stealTimersOrRunNextG := i == stealTries-1"),
    (PROC, "runqsteal", "gp := pp.runq[(t+n)%uint32(len(pp.runq))].ptr()"),
    (PROC, "goschedImpl", "globrunqput(gp)"),
    (PROC, "goyield_m", "runqput(pp, gp, false)"),
    (PROC, "newproc", "runqput(pp, newg, true)"),
    (PROC, "execute", "if !inheritTime {"),
    (PROC, "internal_sync_runtime_canSpin", "gomaxprocs <= sched.npidle.Load()+sched.nmspinning.Load()+1"),
    (PROC, "retake", "pd.schedwhen+forcePreemptNS <= now"),
    ("internal/sync/mutex.go", "Mutex.lockSlow", "runtime_nanotime()-waitStartTime > starvationThresholdNs"),
    ("runtime/sema.go", "semrelease1", "goyield()"),
    ("runtime/chan.go", "closechan", "gp := glist.pop()"),
    ("runtime/stack.go", "newstack", "newsize := oldsize * 2"),
    ("runtime/stack.go", "gcComputeStartingStackSize", "scannedStackSize/scannedStacks + stackGuard"),
    ("runtime/mgcpacer.go", "gcControllerState.trigger",
     "((goal-c.heapMarked)/triggerRatioDen)*minTriggerRatioNum + c.heapMarked"),
]  # fmt: skip

#: names that the article invents; none of them is in Go's source
INVENTED = (
    "_M_RUNNING", "_M_IDLE", "_M_DEAD", "_Msleep", "Msyscall", "runqpush", "runqpop", "semaWake", "stopsem",
    "popBack",
)  # fmt: skip


#: what Go takes from getg() or from package variables
CARRIED = {"rt", "mp", "me", "gp", "pp", "gc"}
#: arguments that Go's function of the same name does not have
MORE: dict[str, tuple[str, str]] = {
    "chan.chansend": ("value", "ep points to a value; there are no pointers here"),
    "chan.chanrecv": ("sg", "what stands for it in a queue, if the G alone is not enough"),
    "cond.notifyListWait": ("arg", "what is left to do after a pause is one argument"),
    "cond.notifyListNotifyAll": ("c", "the list is a part of the Cond"),
    "cond.notifyListNotifyOne": ("c", "the list is a part of the Cond"),
    "goroutine.newproc1": ("args", "a funcval holds its arguments"),
    "goroutine.newproc": ("args", "a funcval holds its arguments"),
    "goroutine.goexit0": ("how", "for the record"),
    "mutex.lockSlow": ("s", "the Mutex and local variables that outlive a pause"),
    "mgcpacer.startCycle": ("gcstoptheworld", "debug.gcstoptheworld"),
    "mgcpacer.endCycle": ("userForced", "work.userForced"),
    "mgcpacer.update": ("gcBlackenEnabled", "a package variable"),
    "mgcpacer.enlistWorker": ("gomaxprocs greenTea nmspinning npidle", "package variables"),
    "mgcpacer.pollFractionalWorkerExit": ("now gcMarkWorkerStartTime gcFractionalMarkTime", "clock and P"),
    "netpoll.netpollblock": ("c", "a Conn stands for its pollDesc"),
    "preempt.preemptone": ("why", "for the record"),
    "retake.retake": ("first done", "the loop is cut where a signal is sent"),
    "retake.takeP": ("sysmon", "for the record"),
    "select.walkSelectCases": ("default", "in the syntax tree it is one of the cases"),
    "select.selectgo": ("cases", "cas0 points to them"),
    "sema.cansemacquire": ("sema", "addr is the address of its count"),
    "sema.semacquire1": ("sema then", "addr is the address of its count; the caller's next line"),
    "sema.semrelease1": ("sema", "addr is the address of its count"),
    "stack.stackfree": ("lo hi", "the two fields of stk"),
    "stack.newstack": ("frame", "Go reads it from the function's table (funcMaxSPDelta)"),
    "stack.copystack": ("st used", "a field of gp; worked out from it"),
    "stackcalls.setMaxStack": ("op", "in, a word of Python, is op[1]"),
    "stackscan.isShrinkStackSafe": ("st", "a field of gp"),
    "stackscan.shrinkstack": ("st", "a field of gp"),
    "system.semacquire": ("sema", "addr is the address of its count"),
    "system.semrelease": ("sema", "addr is the address of its count"),
    "system.Gosched": ("_", "as an operation of runtime code"),
    "preempt.preemptall": ("own why", "Go's preemptone refuses its own M; for the record"),
    "netpoll.injectglist": ("kind", "for the record"),
    "malloc.mallocgc": ("op", "sizes and numbers of the objects"),
    "mgc.test": ("kind n", "the fields of t"),
    "mgc.gcStart": ("kind n", "the fields of trigger"),
    "timerchan.newTimer": ("what ns fn args", "package time's half is here too"),
    "timerchan.resetTimer": ("ns", "package time's half is here too"),
    "timerchan.timerchandrain": ("t", "the channel knows its timer, the timer its channel"),
    "timers.take": ("dst", "the receiver, ts"),
    "timers.run": ("entry t", "the head of the heap, taken off it already"),
    "timers.sendTime": ("t due", "c is t's channel; Go is told the delay"),
    "syscall.reentersyscall": ("kind", "for the record"),
    "threads.newm": ("spinning", "fn is mspinning or nil in Go"),
    "threads.startm": ("leaving", "the caller's core becomes free"),
    "threads.handoffp": ("leaving", "the caller's core becomes free"),
}
