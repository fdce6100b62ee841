"""Chapter 2, functions to be written: how long sysmon sleeps, and what it does with a P that it finds running."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from gmp_lab.exam.model import Params

from .ch2_stack import but
from .kit import Case, implement

# --- sysmon's sleep -----------------------------------------------------------------------------------------------------

_SYSMON = """
def sysmon(retaken):
    sleeps, idle, delay = [], 0, 0
    for n in retaken:
        if idle == 0:
            delay = 20
        elif idle > 50:
            delay *= 2
        delay = min(delay, 10_000)
        sleeps.append(delay)
        idle = 0 if n else idle + 1
    return sleeps
"""


def _rounds(*parts: tuple[int, int, bool]) -> Any:
    """Rounds of sysmon: for each part so many (least, most) in which nothing is taken, and whether then something is."""
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for _ in range(6):
            rounds: list[int] = []
            for least, most, taken in parts:
                rounds += [0] * draw.randint(least, most) + [draw.randrange(1, 4)] * taken
            cases.append([rounds])
        return cases

    return make


SYSMON = implement(
    id="ch2-sysmon", title="How long sysmon sleeps", points=4, minutes=5, see="02-5", name="sysmon", arguments="retaken",
    objective="Write how long sysmon sleeps between its rounds",
    text=lambda p: """`sysmon` sleeps, makes a round, sleeps, makes a round, ... Write `sysmon(retaken)`. The list `retaken` holds
for each of its rounds what `retake` has returned: how many Ps it took out of system calls. Return the list of sleeps in whole
microseconds, as `usleep` is called, one before each of these rounds. (Some P is always busy, so there is no deep sleep.)""",
    reference=_SYSMON,
    cases={
        "the first rounds": (0.75, "It begins with sleeps of 20 us.", _rounds((2, 50, False))),
        "longer and longer": (1.25, "After more than 50 rounds in a row without a P taken, each sleep is twice the one before.",
                              _rounds((52, 59, False))),
        "the longest": (0.75, "No sleep is longer than 10 ms.", _rounds((62, 80, False))),
        "quick again": (1.25, "A round that has taken a P makes the next sleep 20 us, and the count begins anew.",
                        _rounds((53, 64, True), (0, 20, True), (51, 58, False))),
    },
    believer="""
def sysmon(retaken):
    return [10_000 for _ in retaken]
""",
    right=["""
def sysmon(retaken):
    sleeps = []
    quiet = 0
    for n in retaken:
        over = max(0, quiet - 50)
        sleeps.append(min(20 << min(over, 30), 10000))
        quiet = 0 if n > 0 else quiet + 1
    return sleeps
""", """
from itertools import groupby

def sysmon(retaken):
    LIMIT = 10 * 1000
    result, delay, idle = [], 20, 0
    for taken in retaken:
        if idle > 50:
            delay = min(2 * delay, LIMIT)
        result += [delay]
        idle += 1
        if taken:
            delay, idle = 20, 0
    return result
"""],
    wrong={
        "one round too early": but(_SYSMON, "idle > 50", "idle >= 50"),
        "one round too late": but(_SYSMON, "idle > 50", "idle > 51"),
        "longer from the first quiet round": but(_SYSMON, "idle > 50", "idle > 0"),
        "no limit": but(_SYSMON, "10_000", "10_000_000"),
        "20 us longer each time": but(_SYSMON, "delay *= 2", "delay += 20"),
        "at once 10 ms": but(_SYSMON, "delay *= 2", "delay = 10_000"),
        "never quick again": but(_SYSMON, "0 if n else idle + 1", "idle + 1"),
        "quick, but the count goes on": but(_SYSMON, "if idle == 0:", "if sleeps and retaken[len(sleeps) - 1] or not sleeps:",
                                            "0 if n else idle + 1", "idle + 1"),
        "quick for one round only": but(_SYSMON, "0 if n else idle + 1", "0 if n else (idle or 50) + 1"),
        "always 20 us": but(_SYSMON, "delay *= 2", "pass"),
    },
    partial=[(but(_SYSMON, "10_000", "10_000_000"), 0.75 / 4 + 1.25 / 4),
             (but(_SYSMON, "0 if n else idle + 1", "idle + 1"), 2.75 / 4)],
    claims=("2.5-01",),
)  # fmt: skip

# --- retake -------------------------------------------------------------------------------------------------------------

_RETAKE = """
def retake(pd, pp, now, others):
    pd, preempt, sysretake = dict(pd), False, False
    if pd["schedtick"] != pp["schedtick"]:
        pd["schedtick"], pd["schedwhen"] = pp["schedtick"], now
    elif pd["schedwhen"] + 10_000_000 <= now:
        preempt = sysretake = True
    if not pp["syscall"]:
        return preempt, False, pd
    if not sysretake and pd["syscalltick"] != pp["syscalltick"]:
        pd["syscalltick"], pd["syscallwhen"] = pp["syscalltick"], now
        return preempt, False, pd
    if pp["runqempty"] and others > 0 and pd["syscallwhen"] + 10_000_000 > now:
        return preempt, False, pd
    return preempt, True, pd
"""
_AT_ONCE = but(_RETAKE, "if not sysretake and", "if False and")
_ALWAYS = but(_RETAKE, 'if pp["runqempty"] and', "if False and")
_MS = 1_000_000


def _looks(  # a scene's fields
    *, call: bool = True, first: bool = False, fresh: bool | None = False, old_slice: bool = False,
    since: tuple[int, int] = (20_000, 9 * _MS), wanted: str = "any",
) -> Any:  # fmt: skip
    """Looks of sysmon at a P: ``first``: this call or slice was not seen before; ``since``: when the call was seen, in ns
    ago; ``fresh``: whether the slice is new (None: either); ``old_slice``: it is 10 ms old; ``wanted``: "work" (in its
    own queue), "nobody" (else could do what comes), "either" of these, "no": no work and others, "any": anything.
    """  # fmt: skip
    def make(draw: Random, p: Params) -> Sequence[Case]:
        cases: list[Case] = []
        for n in range(8):
            now = draw.randrange(10**9, 10**10)
            ago = since[0] if n == 0 else draw.randint(*since)
            kind = draw.choice(["work", "nobody"]) if wanted == "either" else wanted
            empty = {"work": False, "nobody": True, "no": True}.get(kind, draw.random() < 0.5)
            others = {"nobody": 0, "no": draw.randint(1, 3)}.get(kind, draw.randrange(3))
            tick, calls = draw.randrange(2, 500), draw.randrange(2, 500)
            new = draw.random() < 0.5 if fresh is None else fresh
            slice_ago = draw.choice([10 * _MS, draw.randrange(10 * _MS, 40 * _MS)]) if old_slice else draw.randrange(9_999_999)
            pd = {"schedtick": tick - new, "schedwhen": now - (draw.randrange(50 * _MS) if new else slice_ago),
                  "syscalltick": calls - draw.randrange(1, 3) * first, "syscallwhen": now - ago}
            pp = {"schedtick": tick, "syscalltick": calls, "syscall": call, "runqempty": empty}
            cases.append([pd, pp, now, others])
        return cases

    return make


def _both(*makers: Any) -> Any:
    return lambda draw, p: [case for make in makers for case in make(draw, p)]


RETAKE = implement(
    id="ch2-retake", title="sysmon looks at a P", points=6, minutes=8, see="02-5", name="retake",
    arguments="pd, pp, now, others",
    objective="Write retake: when a P is taken out of a system call, and who is asked to stop",
    text=lambda p: """Write what `retake` does with one P that is `_Prunning` (Go 1.27): `retake(pd, pp, now, others)`. `pd` is
the P's `sysmontick`, what `sysmon` has noted of it: a dict with `"schedtick"`, `"schedwhen"`, `"syscalltick"` and
`"syscallwhen"` (times in ns). `pp` is the P as it is now: a dict with `"schedtick"`, `"syscalltick"`, `"syscall"` (True if its
goroutine is in a system call, which `setBlockOnExitSyscall` would find) and `"runqempty"` (True or False). `now` is the time in ns,
`others` is `sched.nmspinning + sched.npidle`. Return a tuple `(preempt, take, pd)`: whether `preemptone` is called, whether the
P is taken and handed over (both bool), and the notes afterwards, a dict with the same four keys.""",
    reference=_RETAKE,
    cases={
        "the first look at a call": (1.25, "At the first look sysmon only notes the call: another syscalltick is another call.",
                                     _looks(first=True, fresh=None)),
        "the second look": (1.25, "The same call in two looks is taken, if the P has work or nobody else could do what comes.",
                            _looks(fresh=None, wanted="either")),
        "nobody wants the P": (1.25, "Without work, and with others that are idle or spin, the P stays where it is for 10 ms.",
                               _looks(since=(20_000, 9_999_999), wanted="no")),
        "a call of 10 ms": (0.75, "A call that was noted 10 ms ago is taken in any case, so that sysmon can go to its deep sleep.",
                            _looks(since=(10 * _MS, 90 * _MS), wanted="no", fresh=None)),
        "who computes": (1, "A slice of 10 ms is asked to stop, but its P is not taken: it is in no call.",
                         _both(_looks(call=False, fresh=None), _looks(call=False, old_slice=True, since=(0, 90 * _MS)))),
        "an old slice in a new call": (0.5, "If the slice is 10 ms old, the first look at the call is enough.",
                                       _looks(first=True, old_slice=True, since=(20 * _MS, 90 * _MS))),
    },
    believer="""
def retake(pd, pp, now, others):
    preempt = not pp["syscall"] and now - pd["schedwhen"] >= 10_000_000
    return preempt, pp["syscall"], pd
""",
    right=["""
MS10 = 10 * 1000 * 1000

def retake(pd, pp, now, others):
    pd = {**pd}
    same_slice = pd["schedtick"] == pp["schedtick"]
    preempt = same_slice and now - pd["schedwhen"] >= MS10
    if not same_slice:
        pd.update(schedtick=pp["schedtick"], schedwhen=now)
    take = False
    if pp["syscall"]:
        if preempt or pd["syscalltick"] == pp["syscalltick"]:
            leave = pp["runqempty"] and others != 0 and now - pd["syscallwhen"] < MS10
            take = not leave
        else:
            pd.update(syscalltick=pp["syscalltick"], syscallwhen=now)
    return (preempt, take, pd)
""", """
def retake(pd, pp, now, others):
    preempt = False
    if pd["schedtick"] == pp["schedtick"]:
        preempt = now >= pd["schedwhen"] + 10 ** 7
    else:
        pd["schedtick"] = pp["schedtick"]
        pd["schedwhen"] = now
    known = preempt or pd["syscalltick"] == pp["syscalltick"]
    if pp["syscall"] and not known:
        pd["syscalltick"] = pp["syscalltick"]
        pd["syscallwhen"] = now
    urgent = not pp["runqempty"] or others == 0 or now >= pd["syscallwhen"] + 10 ** 7
    return preempt, bool(pp["syscall"] and known and urgent), pd
"""],
    wrong={
        "retakes without conditions": _ALWAYS, "at the first look": _AT_ONCE,
        "not even its own work counts": but(_RETAKE, 'if pp["runqempty"] and others', "if others"),
        "only with work": but(_RETAKE, " and others > 0", ""),
        "never without work": but(_RETAKE, ' and pd["syscallwhen"] + 10_000_000 > now', ""),
        "after 20 us": but(_RETAKE, '["syscallwhen"] + 10_000_000', '["syscallwhen"] + 20_000'),
        "from who computes too": but(_RETAKE, "return preempt, False, pd\n    if not sysretake", "return preempt, preempt, pd\n    if not sysretake"),
        "notes nothing": but(_RETAKE, 'pd["syscalltick"], pd["syscallwhen"] =', 'a, b =', 'pd["schedtick"], pd["schedwhen"] =', 'a, b ='),
        "asks in new slices": but(_RETAKE, 'if pd["schedtick"] != pp["schedtick"]:', "if False:"),
        "later than 10 ms": but(_RETAKE, "<= now", "< now", "10_000_000 > now", "10_000_000 >= now"),
        "an old slice changes nothing": but(_RETAKE, "preempt = sysretake = True", "preempt = True"),
    },
    partial=[(_AT_ONCE, 4.75 / 6),
             (but(_RETAKE, "preempt = sysretake = True", "preempt = True"), 5.5 / 6)],
    misconceptions={
        "the first look at a call": ("call-gives-p-away", _AT_ONCE),
        "nobody wants the P": ("call-gives-p-away", _ALWAYS),
    },
    claims=("2.5-01", "2.5-07", "2.5-11"),
)  # fmt: skip
