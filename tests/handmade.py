"""Recordings made by hand, small enough to be checked on paper, for the tests of everything that reads them.

Times are in ns.  ``handover`` in pictures (R runs, f schedules, s spins, w its thread is being woken, . idle):

    ns    0    100   200  250    400   500   600   700 720     1000
    P0    RRRRRRRRRRRRRRRRRRRRRRRffffff......................
    P1    .....wwwwwwsssssRRRRRRRRRRRRRRRRRRRRRRRfffRRRRRRRRRR
    G1    running on P0 until 400, waits, made ready at 600, runs on P1 from 720
    G2    made at 100, stolen and run at 250, ends at 700
"""

from __future__ import annotations

from gmp_lab import Config, Recording
from gmp_lab import vocabulary as v
from gmp_lab.recording import Columns

Row = tuple[int, int, int, int, int, int]


def recording(
    rows: list[Row], *, p: int = 2, end: int = 1000, names: tuple[str, ...] = ("main", "worker"), **config: object
) -> Recording:
    """A Recording with these events (t, kind, g, p, m, arg)."""
    columns = Columns()
    columns.extend(rows)
    return Recording(
        Config(gomaxprocs=p, **config),  # type: ignore[arg-type]
        columns,
        program="hand",
        params={},
        g_names=names,
        end_ns=end,
        ended="exit",
        steps=len(rows),
    )


BEGIN: list[Row] = [
    (0, v.E_PIDLE_PUT, -1, 1, -1, -1),
    (0, v.E_M_NEW, -1, -1, 0, v.M_NORMAL),
    (0, v.E_ACQUIRE_P, -1, 0, 0, -1),
    (0, v.E_GO_CREATE, 1, 0, 0, -1),
    (0, v.E_EXECUTE, 1, 0, 0, v.SRC_RUNNEXT | v.INHERIT),
]

HANDOVER: list[Row] = [
    *BEGIN,
    (100, v.E_GO_CREATE, 2, 0, 0, 1),
    (100, v.E_PIDLE_GET, -1, 1, -1, 0),
    (100, v.E_M_NEW, -1, -1, 1, v.M_NORMAL),
    (100, v.E_M_START, -1, 1, 1, 1),
    (200, v.E_M_WAKE, -1, -1, 1, -1),
    (200, v.E_ACQUIRE_P, -1, 1, 1, -1),
    (250, v.E_STEAL, 2, 1, 1, v.steal_arg(0, 1, True)),
    (250, v.E_SPIN, -1, -1, 1, 0),
    (250, v.E_EXECUTE, 2, 1, 1, v.SRC_STEAL),
    (400, v.E_PARK, 1, 0, 0, v.WAIT_NO["chan receive"]),
    (500, v.E_RELEASE_P, -1, 0, 0, -1),
    (500, v.E_PIDLE_PUT, -1, 0, -1, -1),
    (500, v.E_M_PARK, -1, -1, 0, -1),
    (600, v.E_READY, 1, 1, 1, 2),
    (700, v.E_EXIT, 2, 1, 1, -1),
    (720, v.E_EXECUTE, 1, 1, 1, v.SRC_RUNNEXT | v.INHERIT),
]


def handover() -> Recording:
    """G1 on P0 starts G2; P1's new thread steals it; G1 waits and goes on on P1."""
    return recording(HANDOVER)


def in_syscall(go: str = "1.27") -> Recording:
    """G1 is in a system call from 100 on; sysmon (M9) takes its P at 300; at 500 it finds it idle again."""
    return recording(
        [
            *BEGIN,
            (100, v.E_SYSCALL, 1, 0, 0, v.SYSCALL_BLOCKING),
            (300, v.E_RETAKE, 1, 0, 0, 9),
            (300, v.E_HANDOFF, -1, 0, -1, -1),
            (300, v.E_PIDLE_PUT, -1, 0, -1, -1),
            (500, v.E_PIDLE_GET, -1, 0, -1, 1),
            (500, v.E_SYSEXIT, 1, 0, 0, v.EXIT_OLD_P),
            (900, v.E_SYSCALL, 1, 0, 0, v.SYSCALL_BLOCKING),
            (950, v.E_SYSEXIT, 1, 0, 0, v.EXIT_FAST),
        ],
        go=go,
    )


def overflow() -> Recording:
    """Main makes 258 goroutines on one P, 1 ns apart: the last one but one finds the ring full at t = 258."""
    rows = [*BEGIN[1:]]
    for i in range(258):
        rows.append((i + 1, v.E_GO_CREATE, i + 2, 0, 0, 1))
        if i == 257:  # G2..G257 fill the ring; G258 is kicked out of runnext by G259
            rows.append((i + 1, v.E_OVERFLOW, 258, 0, 0, 128))
    rows.append((400, v.E_PARK, 1, 0, 0, v.WAIT_NO["sync.WaitGroup.Wait"]))
    rows.append((500, v.E_EXECUTE, 259, 0, 0, v.SRC_RUNNEXT | v.INHERIT))
    rows.append((600, v.E_EXIT, 259, 0, 0, -1))
    rows.append((700, v.E_EXECUTE, 130, 0, 0, v.SRC_LOCAL))
    return recording(rows, p=1, names=("main", *["worker"] * 258))
