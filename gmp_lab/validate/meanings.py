"""The rules in words: what each asks for, and where Go does it (runtime/proc.go unless another file is named)."""

from __future__ import annotations

from typing import Final

RULE_MEANINGS: Final[dict[str, str]] = {
    "time": "time never goes back",
    "kind": "every event is of a kind that the vocabulary has",
    "ids": "Gs and Ms are made before they do something and are numbered in order; a P's number is below GOMAXPROCS",
    "transition": "a goroutine's status changes as casgstatus allows; a dead one never comes back",
    "one-queue": "a runnable goroutine is on exactly one queue, any other on none",
    "source": "a goroutine is taken from where it is, and the first of a queue first (runqget, globrunqget)",
    "runnext-first": "a P takes its runnext before its ring (runqget)",
    "tick-61": "at every 61st schedtick, and only then, one G of the global queue comes first (findRunnable)",
    "local-first": "a P takes a batch of the global queue only when it has nothing itself (findRunnable)",
    "global-first": "nobody steals while there is work on the global queue (findRunnable)",
    "batch": "a batch is min(size, 128, size / GOMAXPROCS + 1) (globrunqgetbatch)",
    "overflow": "a full ring gives its first 128 and the G that had no room to the global queue (runqputslow)",
    "inherit": "runnext, and only runnext, runs in its predecessor's time slice (runqget, execute)",
    "steal": "a thief has no work itself and takes from another P; its runnext only if its ring is empty (runqgrab)",
    "steal-half": "a thief takes half of the ring, rounded up (runqgrab)",
    "steal-last": "a thief runs the last of what it stole (runqsteal)",
    "steal-sleep": "a thief sleeps before it takes the runnext of a P that may be about to run it (runqgrab)",
    "spin": "nmspinning counts the Ms that look for work; such an M runs no goroutine and does not park",
    "spin-gate": "an M begins to spin only if twice the spinning ones are fewer than the busy Ps (findRunnable)",
    "one-wake": "an M is woken to look for work only if no other looks, or for work that is there (wakep, handoffp)",
    "needspinning": "needspinning is set when nobody can be woken because no P is idle (pidlegetSpinning)",
    "owner": "an M runs one goroutine, with a P; what it does concerns these two",
    "one-g": "an M runs one goroutine at a time",
    "one-m": "a P has at most one M (wirep)",
    "one-p": "an M has at most one P (acquirep)",
    "idle": "the list of idle Ps is a stack of Ps without work and without an M (pidleput, pidleget)",
    "lost-p": "a P is with an M, promised to one, in a system call, or idle (releasep, acquirep, startm)",
    "midle": "the M that parked last is woken first, and no new one is made while one is parked (mget, startm)",
    "m-state": "an M is made, woken, parked in turn (newm, startm, stopm)",
    "asleep": "an M that is parked, not yet awake, or in netpoll does nothing",
    "stuck": "an M without a goroutine parks or finds one; it lets no time pass, except asleep before a theft",
    "syscall": "a goroutine comes back from its call with the P it kept, its old one, an idle one, or none if there "
    "is none (exitsyscall)",
    "retake": "a P is taken out of a system call by sysmon, which hands it over, or by who comes back (retake)",
    "retake-early": "a P without work is left in its call for 10 ms while others are idle or spinning (retake)",
    "waker": "who makes a goroutine runnable gets it on its own P (ready, newproc)",
    "preempt": "only a running goroutine is asked to stop, and only who was asked is preempted (preemptone)",
    "slice": "a slice is at least 10 ms old when its goroutine is asked to stop (retake)",
    "signal": "a goroutine that a signal meets at a safe point is preempted at once (doSigPreempt)",
    "timer": "a goroutine wakes from its sleep when its timer runs, and not otherwise (time.go)",
    "net": "a goroutine that waits for the network is readied by who polls, and nobody else is (netpoll)",
    "reason": "parking and yielding have a reason that the vocabulary has",
    "locked": "a goroutine that is locked to a thread runs on no other, and the thread runs no other (stoplockedm)",
    "lock-spin": "a goroutine spins for a Mutex at most 4 times in a row, while its P has no other work and another "
    "P runs (canSpin)",
    "starving": "a Mutex enters starving mode through a waiter of more than 1 ms, which sleeps again (lockSlow)",
    "handoff": "who yields to its own P's ring has just handed a lock over to whom it woke (semrelease1)",
    "poller": "at most one M blocks in netpoll, and it has no P (findRunnable)",
    "core": "with a limited number of cores a thread does something only while it has one, each for itself",
    "sysmon": "sysmon has no P; its sleeps are 20 us, doubled up to 10 ms; it sleeps deep only if all Ps are idle",
    "conserve": "while work is queued and a P is idle, some M looks for work (wakep, resetspinning)",
    "oversleep": "a thread that was woken runs, and a thief wakes from its sleep",
    "stop": "a stop of the world begins and ends once at a time; it is over when every P is stopped, and nobody gets "
    "a P before the world starts (stopTheWorldWithSema, gcstopm)",
    "procresize": "the work of a P that is no longer there goes to the head of the global queue (p.destroy)",
    "gc-phase": "a cycle starts and its phases follow each other only with the world stopped (gcStart, setGCPhase)",
    "gc-work": "a goroutine marks only while the phase is mark, and does not leave its P before it has stopped to; "
    "with gcstoptheworld user goroutines are held back, with it alone (gcBgMarkWorker, gcAssistAlloc1)",
    "gc-mode": "a quarter of the Ps marks: so many dedicated workers, fractional ones if that is no whole number, "
    "idle ones on the other Ps (startCycle)",
    "gc-ready": "who waits for the collector is woken by it and by nobody else (gcBgMarkWorkerPool, assistQueue)",
    "gc-heap": "sizes of the heap are not negative",
    "safe-point": "each P runs the function of a forEachP once, itself or, if it has no thread at work, by who asked",
    "lost": "no runnable goroutine is on no queue",
    "stack": "a stack is copied to twice its size or more, or to half if less than a quarter is in use, and not in a "
    "system call; up to 1.2 segments are linked, and the newest is freed first (runtime/stack.go)",
    "throttle": "on a throttled core no thread runs, and the one that was stopped there runs nowhere else",
    "quota": "in each period no more CPU time is used than the quota, but for a tick and a slice on each core, and "
    "no core is throttled before that is gone",
    "end": "the run ended as the Recording says: main returned, or nobody can go on",
}
