"""The limiter of the collector's CPU time: a leaky bucket that GC time fills and the program's time empties.

Full (one second of CPU time for each P), it switches assists off until the program has had its turn.  It came with
the memory limit, in 1.19.  All times in ns; CPU time is time x Ps.
"""

from __future__ import annotations

from gmp_lab.errors import Throw
from gmp_lab.runtime.goarith import float_to_int64
from gmp_lab.runtime.mgcgoal import gcBackgroundUtilization

gcCPULimiterUpdatePeriod = 10_000_000  # longest time between updates
capacityPerProc = 1_000_000_000  # of the bucket

# limiterEventType: what a P is doing that the limiter must know of
limiterEventNone = 0
limiterEventIdleMarkWork = 1
limiterEventMarkAssist = 2
limiterEventScavengeAssist = 3
limiterEventIdle = 4


class limiterEvent:
    """What one P is doing, and since when.

    Go: runtime/mgclimit.go limiterEvent (1.27.3)
    Differs: type and time are two fields, so that no bits of the time are lost.
    """

    def __init__(self, limiter: gcCPULimiterState) -> None:
        self.limiter = limiter
        self.typ = limiterEventNone
        self.begun = 0

    def start(self, typ: int, now: int) -> bool:
        """Begin an event at now; False if one is on already, which then has the time.

        Go: runtime/mgclimit.go limiterEvent.start (1.27.3)
        Differs: nothing.
        """
        if self.typ != limiterEventNone:
            return False
        self.typ = typ
        self.begun = now
        return True

    def consume(self, now: int) -> tuple[int, int]:
        """The type of the event that is on and its time up to now, which counts as taken; (none, 0) if there is none.

        Go: runtime/mgclimit.go limiterEvent.consume (1.27.3)
        Differs: nothing.
        """
        duration = now - self.begun
        if self.typ == limiterEventNone or duration <= 0:
            return limiterEventNone, 0
        self.begun = now
        return self.typ, duration

    def stop(self, typ: int, now: int) -> None:
        """End the event, which must be of this type, and tell the limiter of the time that was not taken yet.

        Go: runtime/mgclimit.go limiterEvent.stop (1.27.3)
        Differs: nothing.
        """
        if self.typ != typ:
            raise Throw(f"limiterEvent.stop: found wrong event in p's limiter event slot: want={typ} got={self.typ}")
        self.typ = limiterEventNone
        duration = now - self.begun
        if duration <= 0:
            return
        if typ == limiterEventIdle:
            self.limiter.schedIdleTime += duration
            self.limiter.addIdleTime(duration)
        elif typ == limiterEventIdleMarkWork:
            self.limiter.addIdleTime(duration)
        elif typ in (limiterEventMarkAssist, limiterEventScavengeAssist):
            self.limiter.addAssistTime(duration)
        else:
            raise Throw(f"limiterEvent.stop: invalid limiter event type found: {typ}")


class gcCPULimiterState:
    """The bucket.  ``events`` are those of all Ps, ``numgc`` is memstats.numgc: both are the caller's to keep.

    Go: runtime/mgclimit.go gcCPULimiterState (1.27.3)
    Differs: allp, memstats.numgc and sched.idleTime are fields; no idleMarkTimePool, which nothing uses.
    """

    def __init__(self) -> None:
        self.lock = False
        self.enabled = False
        self.gcEnabled = False
        self.transitioning = False
        self.fill = 0  # bucket.fill, ns of CPU time
        self.capacity = 0  # bucket.capacity
        self.overflow = 0
        self.assistTimePool = 0
        self.idleTimePool = 0
        self.lastUpdate = 0
        self.lastEnabledCycle = 0
        self.nprocs = 0
        self.numgc = 0
        self.schedIdleTime = 0
        self.events: list[limiterEvent] = []

    def limiting(self) -> bool:
        """Whether assists should stop.

        Go: runtime/mgclimit.go gcCPULimiterState.limiting (1.27.3)
        Differs: nothing.
        """
        return self.enabled

    def startGCTransition(self, enableGC: bool, now: int) -> None:
        """The world has stopped at now, to begin marking or to end it.

        Go: runtime/mgclimit.go gcCPULimiterState.startGCTransition (1.27.3)
        Differs: nothing.
        """
        if not self.tryLock():
            raise Throw("failed to acquire lock to start a GC transition")
        if self.gcEnabled == enableGC:
            raise Throw("transitioning GC to the same state as before?")
        self.updateLocked(now)
        self.gcEnabled = enableGC
        self.transitioning = True

    def finishGCTransition(self, now: int) -> None:
        """The world goes on at now: all Ps' time since the start of the stop was the collector's.

        Go: runtime/mgclimit.go gcCPULimiterState.finishGCTransition (1.27.3)
        Differs: nothing.
        """
        if not self.transitioning:
            raise Throw("finishGCTransition called without starting one?")
        if now >= self.lastUpdate:
            self.accumulate(0, (now - self.lastUpdate) * self.nprocs)
        self.lastUpdate = now
        self.transitioning = False
        self.unlock()

    def needUpdate(self, now: int) -> bool:
        """Whether the last update is more than 10 ms ago.

        Go: runtime/mgclimit.go gcCPULimiterState.needUpdate (1.27.3)
        Differs: nothing.
        """
        return now - self.lastUpdate > gcCPULimiterUpdatePeriod

    def addAssistTime(self, t: int) -> None:
        """Assists took t more ns.

        Go: runtime/mgclimit.go gcCPULimiterState.addAssistTime (1.27.3)
        Differs: nothing.
        """
        self.assistTimePool += t

    def addIdleTime(self, t: int) -> None:
        """A P was idle, or marked because it was idle, for t more ns.

        Go: runtime/mgclimit.go gcCPULimiterState.addIdleTime (1.27.3)
        Differs: nothing.
        """
        self.idleTimePool += t

    def update(self, now: int) -> None:
        """Account for the time up to now; during a transition nothing is done.

        Go: runtime/mgclimit.go gcCPULimiterState.update (1.27.3)
        Differs: nothing.
        """
        if not self.tryLock():
            return
        if self.transitioning:
            raise Throw("update during transition")
        self.updateLocked(now)
        self.unlock()

    def updateLocked(self, now: int) -> None:
        """What update does with the lock held.

        Go: runtime/mgclimit.go gcCPULimiterState.updateLocked (1.27.3)
        Differs: nothing.
        """
        if now < self.lastUpdate:
            return
        windowTotalTime = (now - self.lastUpdate) * self.nprocs
        self.lastUpdate = now
        assistTime, self.assistTimePool = self.assistTimePool, 0
        idleTime, self.idleTimePool = self.idleTimePool, 0
        for event in self.events:  # what is still on counts up to now
            typ, duration = event.consume(now)
            if typ == limiterEventIdle:
                self.schedIdleTime += duration
                idleTime += duration
            elif typ == limiterEventIdleMarkWork:
                idleTime += duration
            elif typ in (limiterEventMarkAssist, limiterEventScavengeAssist):
                assistTime += duration
            elif typ != limiterEventNone:
                raise Throw(f"updateLocked: invalid limiter event type found: {typ}")
        windowGCTime = assistTime
        if self.gcEnabled:
            windowGCTime += float_to_int64(float(windowTotalTime) * gcBackgroundUtilization)
        # The background's share is one of all the time; only then what was idle is taken out, as nobody lacked it.
        windowTotalTime -= idleTime
        self.accumulate(windowTotalTime - windowGCTime, windowGCTime)

    def accumulate(self, mutatorTime: int, gcTime: int) -> None:
        """Fill the bucket with gcTime, empty it by mutatorTime, switch the limiter.

        Go: runtime/mgclimit.go gcCPULimiterState.accumulate (1.27.3)
        Differs: nothing.
        """
        headroom = self.capacity - self.fill
        enabled = headroom == 0
        change = gcTime - mutatorTime
        if change > 0 and headroom <= change:
            self.overflow += change - headroom
            self.fill = self.capacity
            if not enabled:
                self.enabled = True
                self.lastEnabledCycle = self.numgc + 1
            return
        self.fill = 0 if change < 0 and self.fill <= -change else self.fill + change
        if change != 0 and enabled:
            self.enabled = False

    def tryLock(self) -> bool:
        """Take the lock; False if it is taken, which here means: during a transition.

        Go: runtime/mgclimit.go gcCPULimiterState.tryLock (1.27.3)
        Differs: nothing.
        """
        if self.lock:
            return False
        self.lock = True
        return True

    def unlock(self) -> None:
        """Release the lock.

        Go: runtime/mgclimit.go gcCPULimiterState.unlock (1.27.3)
        Differs: nothing.
        """
        if not self.lock:
            raise Throw("double unlock")
        self.lock = False

    def resetCapacity(self, now: int, nprocs: int) -> None:
        """GOMAXPROCS is nprocs from now on (procresize calls this).

        Go: runtime/mgclimit.go gcCPULimiterState.resetCapacity (1.27.3)
        Differs: nothing.
        """
        if not self.tryLock():
            raise Throw("failed to acquire lock to reset capacity")
        self.updateLocked(now)
        self.nprocs = nprocs
        self.capacity = nprocs * capacityPerProc
        if self.fill > self.capacity:
            self.fill = self.capacity
            self.enabled = True
            self.lastEnabledCycle = self.numgc + 1
        elif self.fill < self.capacity:
            self.enabled = False
        self.unlock()
