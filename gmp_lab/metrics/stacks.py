"""How large the goroutines' stacks were over time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gmp_lab import vocabulary as v
from gmp_lab.metrics.columns import Ints, columns
from gmp_lab.metrics.depths import Steps
from gmp_lab.recording import Recording

_KINDS = (v.E_GO_CREATE, v.E_EXIT, v.E_STACK_GROW, v.E_STACK_SHRINK, v.E_STACK_SEGMENT, v.E_STACK_NEW)


class StackChange(NamedTuple):
    """One change of a stack: time in ns, goroutine, sizes in bytes; ``used`` were copied (0: a segment)."""

    t_ns: int
    g: int
    old: int
    new: int
    used: int


def stack_changes(rec: Recording) -> list[StackChange]:
    """Every growth and shrinking and every segment, in order."""
    changes: list[StackChange] = []
    size: dict[int, int] = {}
    least = rec.config.rules.stack_min
    c = columns(rec)
    for i in np.flatnonzero(np.isin(c.kind, _KINDS[2:])):
        e = rec[int(i)]
        old = size.get(e.g, least)
        used = 0
        if e.kind == v.E_STACK_SEGMENT:
            new = old + e.arg
        elif e.kind == v.E_STACK_NEW:
            new = e.arg
        else:
            new, used = v.stack_unpack(e.arg)
        size[e.g] = new
        if e.kind != v.E_STACK_NEW:
            changes.append(StackChange(e.t, e.g, old, new, used))
    return changes


def stack_sizes(rec: Recording) -> dict[int, Steps]:
    """Bytes of each goroutine's stack as a step function of time (int64): 0 before it is made and after its end."""
    least = rec.config.rules.stack_min
    c = columns(rec)
    at = np.flatnonzero(np.isin(c.kind, _KINDS))
    t: dict[int, list[int]] = {}
    sizes: dict[int, list[int]] = {}
    for row in zip(*(column[at].tolist() for column in (c.t, c.kind, c.g, c.arg)), strict=True):
        when, kind, g, arg = row
        have = sizes.setdefault(g, [0])
        t.setdefault(g, [0]).append(when)
        if kind == v.E_GO_CREATE:
            have.append(least)
        elif kind == v.E_EXIT:
            have.append(0)
        elif kind == v.E_STACK_SEGMENT:
            have.append(have[-1] + arg)
        else:
            have.append(arg if kind == v.E_STACK_NEW else v.stack_unpack(arg)[0])
    return {g: _steps(np.array(t[g], np.int64), np.array(sizes[g], np.int64)) for g in t}


def stack_total(rec: Recording) -> Steps:
    """Bytes of all stacks together (Go: /memory/classes/heap/stacks:bytes, without free ones), int64."""
    parts = stack_sizes(rec).values()
    t = np.concatenate([s.t_ns for s in parts])
    change = np.concatenate([np.diff(s.value, prepend=0) for s in parts])
    order = np.argsort(t, kind="stable")
    return _steps(t[order], np.cumsum(change[order], dtype=np.int64))


def _steps(t: Ints, value: Ints) -> Steps:
    last = np.append(t[1:] != t[:-1], True)  # where several changes fall on one instant, what remains
    return Steps(t[last], value[last])
