"""Programs to be repaired: an answer has nothing of spoiling the simulator, the transcript, or what they give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gmp_lab.exam.bank import assignments
from gmp_lab.exam.judge import CHECK_FAILED, judge
from gmp_lab.exam.model import Mark, Question
from gmp_lab.exam.variants import params_of
from gmp_lab.practice.drill import NOTEBOOKS, drills

pytestmark = [pytest.mark.usefixtures("plain_runs"), pytest.mark.slow]

EXERCISES = Path(__file__).resolve().parent.parent / "exercises"
REPAIR = [q for assignment in assignments(EXERCISES) for q in assignment.questions if q.kind == "repair"]
REPAIR += [q for notebook in NOTEBOOKS for q in drills(notebook) if q.kind == "repair"]

_FORGE = """
import base64 as _b, json as _j, zlib as _z
import gmp_lab.transcript as _t
def _text(told): return _b.b85encode(_z.compress(_j.dumps(told).encode())).decode()
"""
#: what stands behind a program that was not repaired
ATTACKS = {
    "a kinder machine": """
import dataclasses as _d, gmp_lab as _g
_real = _g.simulate
def _kind(config, program, **more):
    costs = _g.Costs(**{f.name: 0 for f in _d.fields(_g.Costs)})
    return _real(_d.replace(config, go="1.27", gomaxprocs=64, costs=costs), program, **more)
_g.simulate = _kind
""",
    "the run of another program": """
import gmp_lab as _g
_real = _g.simulate
def _other():
    for _i in range(20):
        yield _g.sleep(ms=2)
        yield _g.log(_i)
_g.simulate = lambda config, program, **more: _real(config, _g.Program(_other))
""",
    "a log made before": _FORGE + """
_rows = [row for i in range(12) for row in ([8, 2_000_000], [9, i], [9, 100 + i])]
_t.Scribe.text = lambda self: _text([[["main", [0]]], [_rows], []])
""",
    "time that runs back": _FORGE + """
_t.Scribe.text = lambda self: _text([[["main", [0]]], [[[0, -10**9, 1]]], []])
""",
    "computing in no time": """
import gmp_lab.transcript as _t
_real = _t.Scribe._written
def _short(self, op, script):
    said = _real(self, op, script)
    for row in script[-1:]:
        if row[0] == 0:
            row[1] = min(row[1], 1000)
    return said
_t.Scribe._written = _short
""",
    "what the judge would call": """
import gmp_lab.simulate, gmp_lab.recording, gmp_lab.validate, sys
for _name in ("gmp_lab.simulate", "gmp_lab.validate", "gmp_lab.exam.judge", "gmp_lab.exam.answer"):
    sys.modules[_name] = None
""",
}  # fmt: skip


@pytest.mark.parametrize("question", REPAIR, ids=lambda question: question.id)
@pytest.mark.parametrize("attack", ATTACKS)
def test_spoiling_the_simulator_gains_nothing(question: Question, attack: str) -> None:
    params = params_of(question, "variant one")
    program = question.believer(params)
    plain = judge(question, params, program).points
    verdict = judge(question, params, program + "\n" + ATTACKS[attack])
    assert verdict.points <= plain < question.points, verdict.feedback()
    assert CHECK_FAILED not in verdict.feedback()


def test_there_are_such_questions() -> None:
    assert len(REPAIR) >= 7


def test_the_repaired_programs_are_judged_by_the_simulator_of_the_judge() -> None:
    """The same spoilt simulator around a program that was repaired: its transcript still tells what it does."""
    for question in REPAIR:
        params = params_of(question, "variant two")
        if "work(" not in question.reference(params):
            continue
        source = question.reference(params) + "\n" + ATTACKS["computing in no time"]
        assert judge(question, params, source).points < question.points
        assert judge(question, params, question.reference(params)).points == question.points


PROGRAMS = {
    "nothing": "def main(*a):\n    return\n    yield",
    "a note at its very end": "from gmp_lab import log, work\ndef main(*a):\n    yield work(us=5)\n    yield log(0)",
    "notes alone": "from gmp_lab import log\ndef main(*a):\n"
    "    for i in (-1, 0, 0, 1, 100, 2**31 - 1):\n        yield log(i)",
    "goroutines of another name": "from gmp_lab import go, sleep\ndef other():\n    yield sleep(ms=1)\n"
    "def main(*a):\n    for _ in range(9):\n        yield go(other)\n    yield sleep(ms=5)",
    "a replica that remains": "from gmp_lab import chan, go, log, recv\ndef replica():\n    yield recv(chan())\n"
    "def main(*a):\n    yield go(replica)\n    yield log(3)",
    "a deadlock": "from gmp_lab import chan, recv\ndef main(*a):\n    yield recv(chan())",
    "a loop without end": "from gmp_lab import work\ndef main(*a):\n    yield work(forever=True)",
    "a panic": "from gmp_lab import chan, close\ndef main(*a):\n    yield close(None)",
}


@pytest.mark.parametrize("question", REPAIR, ids=lambda question: question.id)
@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_breaks_a_check(question: Question, program: str) -> None:
    verdict = judge(question, params_of(question, "variant one"), PROGRAMS[program])
    assert verdict.points < question.points and CHECK_FAILED not in verdict.feedback(), verdict.feedback()


def test_a_check_that_fails_costs_no_class() -> None:
    def check(p: object, answer: object) -> list[Mark]:
        raise KeyError("of the bank")

    broken = replace(REPAIR[0], check=check)
    assert CHECK_FAILED in judge(broken, params_of(broken, "variant one"), "main = 1").feedback()
