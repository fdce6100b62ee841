"""gogo: running a goroutine's code, that is, its generator.

The body yields operations.  Computing takes time: the M starts a stretch of it and comes back when it is over, or
is interrupted.  Every other operation costs its nanoseconds first and then happens, at one instant.  If nothing
else is due before, the clock is simply moved; no event is made.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

from gmp_lab import sync as sy
from gmp_lab import vocabulary as v
from gmp_lab import workload as w
from gmp_lab.config import Costs
from gmp_lab.errors import ConfigError
from gmp_lab.runtime import (
    chan,
    cond,
    debug,
    malloc,
    mutex,
    netpoll,
    rwmutex,
    select,
    sema,
    stackcalls,
    system,
    timerchan,
    timers,
)
from gmp_lab.runtime.chan import chanrecv, chansend
from gmp_lab.runtime.goroutine import Goexit, goexit0, gopark, goschedImpl, newproc
from gmp_lab.runtime.preempt import newstackPreempt
from gmp_lab.runtime.runtime2 import G, M
from gmp_lab.runtime.syscall import entersyscallblock, reentersyscall
from gmp_lab.runtime.world import Runtime
from gmp_lab.workload import LOOP_CALLS, OP_WORK, Op

Operation = Callable[[Runtime, M, G, Op], bool]


def gogo(rt: Runtime, mp: M, gp: G) -> bool:
    """Run gp on mp. True if gp has left mp, which is to call schedule; False if mp waits for an event.

    Go: runtime/asm_amd64.s gogo (1.27.3)
    Differs: jumps into a generator; returns when the goroutine is switched away or time has to pass.
    """
    eng = rt.engine
    heap = eng.heap
    assert gp.body is not None
    step: Callable[[Any], Any] = gp.body.send
    left = gp.left  # kept here while no time passes: nobody else looks at them
    op: Any = gp.op  # what a body yields may be anything
    gp.left, gp.op = 0, None
    while True:
        if left:
            t = eng.now + left
            if (heap and heap[0][0] <= t) or t > eng.inline_until:
                gp.left, gp.op = left, op
                mp.seg = seg = mp.seg + 1
                mp.seg_end = t
                eng.seq = seq = eng.seq + 1
                heappush(heap, (t, seq, rt.on_segment_end, mp, seg))
                return False
            eng.now = t  # nothing comes before: no event needed
        rt.fuel = fuel = rt.fuel - 1
        if fuel < 0:
            rt.stop("events")
            return False
        if op is not None and not OPERATIONS[op[0]](rt, mp, gp, op):
            return mp.curg is None
        try:
            op = step(gp.value)
        except StopIteration:
            goexit0(rt, mp, gp)
            return True
        gp.value = None
        if type(op) is not tuple or not op:
            raise ConfigError(f"{gp.name}: yield", op, "an operation such as work(us=5) or send(c, v)")
        code = op[0]
        if code == OP_WORK:
            _, left, gp.loop = op
            op = None
            if not gp.preempt or not gp.loop & LOOP_CALLS:
                continue
        else:
            left = rt.opcosts[code]
            if not gp.preempt or code in NOSPLIT:
                continue
        gp.left, gp.op = left, op
        newstackPreempt(rt, mp, gp)  # a call: the prologue of the function looks at the flag (newstack)
        return True


def _send(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return chansend(rt, mp, gp, op[1], op[2])


def _recv(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return chanrecv(rt, mp, gp, op[1])


def _close(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    chan.closechan(rt, mp, op[1])
    return True


def _go(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    assert mp.p is not None
    newproc(rt, mp, mp.p, op[1], op[2])
    return True


def _gosched(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    goschedImpl(rt, mp, gp, False)
    return False


def _wg_add(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    chan.waitGroupAdd(rt, mp, op[1], op[2])
    return True


def _wg_wait(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return chan.waitGroupWait(rt, mp, gp, op[1])


def _sleep(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    if op[1] == 0:
        return True
    timers.timeSleep(rt, mp, gp, op[1])
    return False


def _log(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    if rt.emit is not None:
        pid = mp.p.id if mp.p is not None else -1
        rt.emit((rt.engine.now, v.E_LOG, gp.goid, pid, mp.id, op[1]))
    return True


def _now(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    gp.value = rt.engine.now
    return True


def _lock_thread(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    gp.lockedExt += 1
    if gp.lockedm is None:
        gp.lockedm, mp.lockedg = mp, gp
        _record_lock(rt, mp, gp, 1)
    return True


def _unlock_thread(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    if gp.lockedExt:
        gp.lockedExt -= 1
        if gp.lockedExt == 0:
            gp.lockedm, mp.lockedg = None, None
            _record_lock(rt, mp, gp, 0)
    return True


def _record_lock(rt: Runtime, mp: M, gp: G, on: int) -> None:
    if rt.emit is not None:
        rt.emit((rt.engine.now, v.E_LOCK_THREAD, gp.goid, mp.p.id if mp.p is not None else -1, mp.id, on))


def _syscall(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    on_cpu = op[2] == "cpu"
    if op[2] == "handoff" or rt.version.syscall_hands_over:
        entersyscallblock(rt, mp, gp)
    else:
        reentersyscall(rt, mp, gp, v.SYSCALL_CPU if on_cpu else v.SYSCALL_BLOCKING)
    mp.seg += 1
    end = rt.engine.now + op[1]
    if on_cpu:
        mp.seg_end = end
        rt.engine.at(end, rt.segment_end, mp, mp.seg)
    else:
        rt.engine.at(end, rt.on_syscall_end, mp, mp.seg)
        rt.pause(mp)
    return False


def _park(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    gopark(rt, mp, gp, op[1])
    return False


def _gomaxprocs(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return system.systemstack(rt, mp, gp, debug.GOMAXPROCS(rt, gp, op[1]))


def _set_default_gomaxprocs(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return system.systemstack(rt, mp, gp, debug.SetDefaultGOMAXPROCS(rt, gp))


def _net_read(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    if netpoll.pollRead(rt, mp, gp, op[1]):
        return True
    gp.op, gp.left = op, rt.opcosts[w.OP_NET_READ]  # read again when it runs again
    return False


def _net_write(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    netpoll.pollWrite(rt, op[1], op[2])
    return True


def _net_arrives(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    if op[1].owner is not rt:
        netpoll.own(rt, op[1])
    rt.sched.arrivals += 1
    rt.engine.after(op[3], netpoll.arrival, rt, (op[1], op[2]))
    return True


def _continue(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    done: bool = op[1](rt, mp, gp, op[2])
    return done


def _recv2(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return chan.chanrecv2(rt, mp, gp, op[1])


def _select(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return select.walkSelectCases(rt, mp, gp, op[1], op[2])


def _goexit(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    Goexit(rt, mp, gp)
    return False


def _work(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    raise AssertionError("work is not an operation that happens at an instant")


def _timer_new(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    timerchan.newTimer(rt, mp, gp, op[1], op[2], op[3], op[4])
    return True


def _timer_stop(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    gp.value = timerchan.stopTimer(rt, op[1])
    return True


def _timer_reset(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    gp.value = timerchan.resetTimer(rt, mp, op[1], op[2])
    return True


def _recv_timer(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return timerchan.recvTimer(rt, mp, gp, op[1], op[2])


def _select_timer(rt: Runtime, mp: M, gp: G, op: Op) -> bool:
    return timerchan.selectTimer(rt, mp, gp, op[1], op[2])


OPERATIONS: list[Operation] = [_work] * w.OP_COUNT
OPERATIONS[w.OP_SYSCALL] = _syscall
OPERATIONS[w.OP_SEND] = _send
OPERATIONS[w.OP_RECV] = _recv
OPERATIONS[w.OP_GO] = _go
OPERATIONS[w.OP_GOSCHED] = _gosched
OPERATIONS[w.OP_WG_ADD] = _wg_add
OPERATIONS[w.OP_WG_WAIT] = _wg_wait
OPERATIONS[w.OP_SLEEP] = _sleep
OPERATIONS[w.OP_LOG] = _log
OPERATIONS[w.OP_CLOSE] = _close
OPERATIONS[w.OP_LOCK_THREAD] = _lock_thread
OPERATIONS[w.OP_UNLOCK_THREAD] = _unlock_thread
OPERATIONS[w.OP_NOW] = _now
OPERATIONS[w.OP_PARK] = _park
OPERATIONS[w.OP_GOMAXPROCS] = _gomaxprocs
OPERATIONS[w.OP_DEFAULT_PROCS] = _set_default_gomaxprocs
OPERATIONS[w.OP_ALLOC] = malloc.mallocgc
OPERATIONS[w.OP_DROP] = malloc.opDrop
OPERATIONS[w.OP_GC] = malloc.opGC
OPERATIONS[w.OP_SET_GC] = malloc.opSet
OPERATIONS[w.OP_READ_MEM] = malloc.opReadMem
OPERATIONS[w.OP_CALL] = stackcalls.call
OPERATIONS[w.OP_CALL_NOSPLIT] = stackcalls.callNosplit
OPERATIONS[w.OP_RET] = stackcalls.ret
OPERATIONS[w.OP_RECURSE] = stackcalls.recurse
OPERATIONS[w.OP_SET_MAX_STACK] = stackcalls.setMaxStack
OPERATIONS[w.OP_STACK] = stackcalls.bounds
OPERATIONS[w.OP_TIMER_NEW] = _timer_new
OPERATIONS[w.OP_TIMER_STOP] = _timer_stop
OPERATIONS[w.OP_TIMER_RESET] = _timer_reset
OPERATIONS[w.OP_RECV_TIMER] = _recv_timer
OPERATIONS[w.OP_SELECT_TIMER] = _select_timer
OPERATIONS[w.OP_NET_READ] = _net_read
OPERATIONS[w.OP_NET_WRITE] = _net_write
OPERATIONS[w.OP_NET_ARRIVES] = _net_arrives
OPERATIONS[w.OP_CONTINUE] = _continue
OPERATIONS[w.OP_RECV2] = _recv2
OPERATIONS[w.OP_SELECT] = _select
OPERATIONS[w.OP_GOEXIT] = _goexit
OPERATIONS[sy.OP_MUTEX_LOCK] = mutex.op_lock
OPERATIONS[sy.OP_MUTEX_UNLOCK] = mutex.op_unlock
OPERATIONS[sy.OP_MUTEX_TRYLOCK] = mutex.op_trylock
OPERATIONS[sy.OP_RW_LOCK] = rwmutex.op_lock
OPERATIONS[sy.OP_RW_UNLOCK] = rwmutex.op_unlock
OPERATIONS[sy.OP_RW_RLOCK] = rwmutex.op_rlock
OPERATIONS[sy.OP_RW_RUNLOCK] = rwmutex.op_runlock
OPERATIONS[sy.OP_RW_TRYLOCK] = rwmutex.op_trylock
OPERATIONS[sy.OP_RW_TRYRLOCK] = rwmutex.op_tryrlock
OPERATIONS[sy.OP_COND] = cond.op_cond
OPERATIONS[sy.OP_SEMA] = sema.sync_op


# Operations without a prologue check: syscall.Syscall, Gosched and LockOSThread are nosplit, log is no code at all.
NOSPLIT = frozenset((
    w.OP_SYSCALL, w.OP_GOSCHED, w.OP_LOCK_THREAD, w.OP_UNLOCK_THREAD, w.OP_LOG, w.OP_NET_ARRIVES, w.OP_RET,
    w.OP_STACK, w.OP_CALL_NOSPLIT, w.OP_CONTINUE,
))  # fmt: skip


def operation_costs(costs: Costs) -> list[int]:
    """Nanoseconds before each operation happens, by operation number.

    Ours: the model's clock.
    """
    by_op = [0] * w.OP_COUNT
    for code in (w.OP_SEND, w.OP_RECV, w.OP_CLOSE, w.OP_WG_ADD, w.OP_WG_WAIT, w.OP_SLEEP):
        by_op[code] = costs.chan_op
    for code in (w.OP_RECV2, sy.OP_COND, sy.OP_SEMA):
        by_op[code] = costs.chan_op
    by_op[sy.OP_MUTEX_LOCK : sy.OP_COND] = [costs.mutex] * (sy.OP_COND - sy.OP_MUTEX_LOCK)
    by_op[w.OP_SELECT] = by_op[w.OP_SELECT_TIMER] = costs.select
    by_op[w.OP_RECV_TIMER] = costs.chan_op
    by_op[w.OP_TIMER_NEW] = costs.new_timer
    by_op[w.OP_TIMER_STOP] = by_op[w.OP_TIMER_RESET] = costs.timer
    by_op[w.OP_GO] = costs.go + costs.new_g  # goroutine.py changes it with the number of dead ones
    by_op[w.OP_CALL] = by_op[w.OP_CALL_NOSPLIT] = costs.call
    for code in (w.OP_SYSCALL, w.OP_NET_READ, w.OP_NET_WRITE):
        by_op[code] = costs.syscall
    return by_op
