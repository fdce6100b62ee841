"""Status changes: one function, told the old and the new value, that throws on nonsense."""

from __future__ import annotations

from gmp_lab.errors import Throw
from gmp_lab.runtime.runtime2 import G, M, _Gdead, _Gidle, _Grunnable, _Grunning, _Gsyscall, _Gwaiting

LEGAL: dict[int, tuple[int, ...]] = {
    _Gidle: (_Grunnable, _Gwaiting),  # newproc1; waiting: goroutines that the runtime parked before main
    _Grunnable: (_Grunning,),  # execute
    _Grunning: (_Grunnable, _Gsyscall, _Gwaiting, _Gdead),  # goschedImpl, reentersyscall, park_m, gdestroy
    _Gsyscall: (_Grunning, _Grunnable),  # exitsyscall; runnable at once only up to 1.25 (exitsyscall0)
    _Gwaiting: (_Grunnable, _Grunning),  # ready; running: parking was called off
    _Gdead: (),
}


def casgstatus(gp: G, oldval: int, newval: int) -> None:
    """Move gp from oldval to newval.

    Go: runtime/proc.go casgstatus (1.27.3)
    Differs: no atomics, so it never waits; which moves are legal is LEGAL's, and a test reads every call of this.
    """
    if gp.atomicstatus != oldval:
        raise Throw(f"casgstatus: {gp} is {gp.atomicstatus}, asked to go from {oldval} to {newval}")
    gp.atomicstatus = newval


def dropg(mp: M) -> None:
    """Take the current goroutine off its M.

    Go: runtime/proc.go dropg (1.27.3)
    Differs: nothing.
    """
    assert mp.curg is not None
    mp.curg.m = None
    mp.curg = None
