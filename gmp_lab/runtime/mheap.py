"""The heap in numbers: what is allocated, what the program can reach, what is still to be swept.

There are no objects and no addresses.  The program says what it keeps; everything else is garbage, and is freed when
its span is swept after the next cycle.
"""

from __future__ import annotations

from gmp_lab.errors import ConfigError
from gmp_lab.runtime.mgcpacer import gcControllerState

pageSize = 8192  # runtime/sizeclasses.go: bytes of a page; a span of small objects has about one
maxSmallSize = 32768  # runtime/malloc.go _MaxSmallSize: larger objects have spans of their own
sweepBatchSize = 10  # runtime/mgcsweep.go bgsweep: spans between two looks at who else wants to run
#: bytes that a process has outside its heap (code, stacks, the collector's own): measured in one small program
nonHeap = 6 << 20
globalsScan = 180 << 10  # bytes of global variables with pointers: the same


class mheap:
    """Go's mheap_, as far as the pacer and the sweeper ask. Bytes, and spans of one page.

    Go: runtime/mheap.go mheap (1.27.3)
    Differs: numbers only. Memory that is freed goes back to the system at once, and heapAlloc counts objects and not
    spans, so that nothing is lost to fragmentation.
    """

    def __init__(self, controller: gcControllerState) -> None:
        self.controller = controller
        self.reachable = 0  # bytes that the program keeps
        self.objects = 0
        self.scannable = 0  # bytes of them that may hold pointers
        self.black = 0  # bytes allocated since marking began: they count as reachable
        self.marked = 0  # bytes that were reachable when it began
        self.garbage = 0  # bytes in spans that are still to be swept
        self.sinceRefill = 0  # bytes allocated since a span was last fetched
        self.sweepPagesPerByte = 0.0
        self.sweepHeapLiveBasis = 0
        self.pagesSwept = 0
        self.pagesToSweep = 0
        controller.mappedReady = nonHeap
        controller.addGlobals(globalsScan)

    def alloc(self, size: int, n: int, scan: int, keep: bool, marking: bool) -> bool:
        """n objects more; whether a span had to be fetched for them, so that the trigger is to be tested.

        Go: runtime/malloc.go mallocgc (1.27.3)
        Differs: only the numbers; one call for n objects. heapLive grows with each object and not with each span.
        """
        total = size * n
        c = self.controller
        c.totalAlloc += total
        c.mappedReady += total
        c.update(total, scan * n, marking)
        if keep:
            self.reachable += total
            self.objects += n
            self.scannable += scan * n
        if marking:
            self.black += total
        self.sinceRefill += total
        if self.sinceRefill >= pageSize or size > maxSmallSize:
            self.sinceRefill = 0
            return True
        return False

    def drop(self, size: int, n: int, scan: int) -> None:
        """n objects are reachable no more; ConfigError if so much is not kept."""
        if size * n > self.reachable or n > self.objects or scan * n > self.scannable:
            raise ConfigError("drop(bytes)", size * n, f"at most what is kept: {self.reachable} bytes")
        self.reachable -= size * n
        self.objects -= n
        self.scannable -= scan * n

    def beginMark(self) -> None:
        """Marking begins: what is reachable now will be marked, whatever the program drops meanwhile."""
        self.marked, self.black = self.reachable, 0

    def endMark(self) -> int:
        """Marking is over: the bytes that count as reachable; the rest is garbage for the sweeper."""
        alive = self.marked + self.black
        c = self.controller
        self.garbage = max(0, c.totalAlloc - c.totalFree - alive)
        self.pagesSwept = 0
        self.pagesToSweep = -(-(c.totalAlloc - c.totalFree) // pageSize)
        return alive

    def isSweepDone(self) -> bool:
        """Whether every span has been swept since the last cycle.

        Go: runtime/mgcsweep.go isSweepDone (1.27.3)
        Differs: nothing.
        """
        return self.pagesSwept >= self.pagesToSweep

    def sweep(self, spans: int) -> int:
        """Sweep up to so many spans: their garbage is freed; how many there were.

        Go: runtime/mgcsweep.go sweepone (1.27.3)
        Differs: several at once; garbage lies evenly in all spans.
        """
        left = self.pagesToSweep - self.pagesSwept
        spans = min(spans, left)
        if spans <= 0:
            return 0
        freed = self.garbage * spans // left
        self.garbage -= freed
        self.controller.totalFree += freed
        self.controller.mappedReady -= freed
        self.pagesSwept += spans
        return spans

    def gcPaceSweeper(self, trigger: int) -> None:
        """Work out how many pages each allocated byte must sweep, so that all is swept before the next trigger.

        Go: runtime/mgcsweep.go gcPaceSweeper (1.27.3)
        Differs: nothing.
        """
        left = self.pagesToSweep - self.pagesSwept
        self.sweepPagesPerByte = 0.0
        if left > 0:
            self.sweepHeapLiveBasis = self.controller.heapLive
            distance = max(trigger - self.sweepHeapLiveBasis - 1024 * 1024, pageSize)
            self.sweepPagesPerByte = left / distance

    def deductSweepCredit(self, spanBytes: int) -> int:
        """Before a span of so many bytes is fetched: sweep what is due; how many spans were.

        Go: runtime/mgcsweep.go deductSweepCredit (1.27.3)
        Differs: pagesSweptBasis is 0, as pagesSwept is set back in each cycle.
        """
        if self.sweepPagesPerByte == 0.0:
            return 0
        newHeapLive = spanBytes + max(0, self.controller.heapLive - self.sweepHeapLiveBasis)
        swept = self.sweep(int(self.sweepPagesPerByte * newHeapLive) - self.pagesSwept)
        if self.isSweepDone():
            self.sweepPagesPerByte = 0.0
        return swept
