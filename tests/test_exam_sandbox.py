"""Answers run in processes of their own: what they can give, and what they cannot do."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from gmp_lab import Config, simulate
from gmp_lab.exam import sandbox
from gmp_lab.exam.sandbox import Budget, Given, ask, calls_of, run_of, value_of
from gmp_lab.golang import confine
from gmp_lab.transcript import read_transcript

SEALED = sys.platform == "linux" and confine.version() > 0
sealed = pytest.mark.skipif(not SEALED, reason="no Landlock: run it on Linux 5.13 or later")
SHORT = Budget(1.0, 512)


def value(source: str, budget: Budget = SHORT) -> Given:
    said = ask(source, [value_of("answer")], budget)
    if said.problem:
        return Given(None, said.problem)
    (given,) = said.given
    assert isinstance(given, Given)
    return given


@pytest.mark.parametrize(
    "source",
    ["3", "True", "None", "1.5", "'text'", "[1, [2.5, None]]", "(1, 'a')", "{1: [2], 'b': (3,)}", "-(2 ** 200)",
     "float('inf')", "'\\ud800'", "[]"],
)  # fmt: skip
def test_plain_values_come_out_with_their_types(source: str) -> None:
    expected = eval(source)  # the literals above
    given = value(f"answer = {source}").value
    assert (given, type(given)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("class E:\n    def __eq__(self, other): return True\nanswer = E()", "of type E"),
        ("class E(int):\n    def __eq__(self, other): return True\nanswer = E(3)", "of type E"),
        ("class M(type):\n    __name__ = 'int'\nclass E(metaclass=M): pass\nanswer = E()", "of type E"),
        ("class L(list): pass\nanswer = [L([1])]", "of type L"),
        ("answer = print", "of type builtin_function_or_method"),
        ("answer = []\nanswer.append(answer)", "more values"),
        ("answer = [0] * 10**6", "more values"),
        ("answer = 'x' * 10**7", "longer"),
        ("answer = 1 << 10**6", "larger"),
        ("other = 1", "there is no answer"),
    ],
)
def test_nothing_else_comes_out(source: str, says: str) -> None:
    assert says in value(source).problem


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("while True: pass", "did not end within 1 s"),
        ("import time\ntime.sleep(60)", "did not end within 1 s"),
        ("import os\nos._exit(0)", "ended before it had answered"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ""),
        ("import sys\nsys.exit(0)", "SystemExit in line 2"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt in line 1"),
        ("1 / 0", "ZeroDivisionError in line 1: division by zero"),
        ("def f(:", "SyntaxError in line 1"),
        ("answer = [0] * 10**9", "more memory"),
        ("def f(n): return f(n + 1)\nf(0)", "RecursionError in line 1"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "E in line 3"),
        ("import os\nfor n in (3, 4, 5):\n    try: os.write(n, b'{}')\n    except OSError: 0\nos._exit(0)", "ended"),
        ("import builtins\nbuiltins.compile = None\nimport json\njson.dumps = None\nanswer = 1", "ended"),
    ],
)
def test_whatever_an_answer_does_there_is_a_sentence(source: str, says: str) -> None:
    problem = value(source).problem
    assert problem and says in problem and "\n" not in problem


def test_what_an_answer_prints_comes_out() -> None:
    said = ask("print('one')\nprint('two')\nanswer = 1", [value_of("answer")], SHORT)
    assert (said.given, said.output) == ((Given(1),), "one\ntwo\n")


@pytest.mark.parametrize("source", ["sys.stdout.close()", "sys.__stdout__ = 3", "os.close(1)"])
def test_an_answer_that_spoils_its_output_still_counts(source: str) -> None:
    assert value(f"import os, sys\nprint('one')\n{source}\nanswer = 1") == Given(1)


def test_a_flood_of_output_is_cut_and_the_answer_counts() -> None:
    said = ask("print('x' * 10**7)\nanswer = 1", [value_of("answer")], Budget(5.0))
    assert said.given == (Given(1),) and len(said.output) <= 20_000


def test_a_function_is_called_with_fresh_arguments_and_shows_what_it_made_of_them() -> None:
    said = ask("def f(a, n):\n    a.append(n)\n    return len(a)", [calls_of("f", [[[1], 2], [[], 3]])])
    assert said.given == ((Given(2, "", [[1, 2], 2]), Given(1, "", [[3], 3])),)


def test_one_call_that_fails_leaves_the_others() -> None:
    said = ask("def f(n):\n    return 1 // n", [calls_of("f", [[0], [1]])])
    (calls,) = said.given
    assert isinstance(calls, tuple)
    assert calls[0].problem.startswith("ZeroDivisionError in line 2") and calls[1].value == 1


def test_a_program_gives_its_transcript() -> None:
    source = "from gmp_lab import work\ndef main(us):\n    yield work(us=us)"
    said = ask(source, [run_of("main", {"gomaxprocs": 3}, 50)])
    (given,) = said.given
    assert isinstance(given, Given) and not given.problem
    rec = simulate(Config(gomaxprocs=3), read_transcript(given.value))
    assert (rec.ended, rec.end_ns) == ("exit", 50_000)


ATTACKS = {
    "reads the bank": "open({bank!r}).read()",
    "lists the course": "import os\nos.listdir({course!r})",
    "writes outside": "open({outside!r}, 'w').write('x')",
    "removes a file": "import os\nos.remove({outside!r})",
    "forks": "import os\nos.fork()",
    "starts a program": "import subprocess\nsubprocess.run(['true'])",
    "becomes a program": "import os\nos.execv('/bin/true', ['true'])",
    "opens a socket": "import socket\nsocket.socket()",
    "signals the grader": "import os\nos.kill(os.getppid(), 0)",
    "limits the grader": "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "reads the grader's memory": "import os\nopen(f'/proc/{{os.getppid()}}/mem', 'rb').read(1)",
    "reads the grader's environment": "import os\nopen(f'/proc/{{os.getppid()}}/environ', 'rb').read(1)",
    "mounts": "import ctypes\nif ctypes.CDLL(None).mount(b'none', b'/mnt', b'tmpfs', 0, None): raise PermissionError",
    "makes a namespace": "import ctypes\nif ctypes.CDLL(None).unshare(0x20000): raise PermissionError",
    "raises its own limit": "import resource\nresource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40))",
}


@sealed
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
def test_an_answer_has_no_way_out(attack: str, tmp_path: Path, root: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept", encoding="utf-8")
    places = {"bank": str(root / "exercises" / "bank" / "ch1.py"), "course": str(root / "exercises")}
    source = attack.format(outside=str(outside), **places)
    problem = value(f"{source}\nanswer = 'done'", Budget(5.0)).problem
    assert problem.split()[0] in ("PermissionError", "FileNotFoundError", "ValueError", "OSError"), problem
    assert outside.read_text(encoding="utf-8") == "kept"


@sealed
def test_all_rights_are_taken_away_here() -> None:
    assert ask("answer = 1", [value_of("answer")]).sealed == ("time and memory", "files", "processes and network")


@sealed
def test_an_answer_can_use_threads_numpy_and_its_scratch_folder() -> None:
    source = (
        "import threading, numpy\nopen('here', 'w').write('x')\nfound = []\n"
        "t = threading.Thread(target=lambda: found.append(int(numpy.arange(4).sum())))\nt.start(); t.join()\n"
        "answer = found + [open('here').read()]"
    )
    assert value(source, Budget(10.0)).value == [6, "x"]


def test_nothing_of_the_graders_environment_reaches_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMP_LAB_COURSE_SECRET", "a secret that nobody may see")
    assert "secret" not in str(value("import os\nanswer = dict(os.environ)", Budget(5.0)).value)


def test_no_scratch_folder_and_no_process_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    value("open('left', 'w').write('x')\nanswer = 1")
    value("while True: pass")
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_is_no_result_is_told() -> None:
    for result in (b"", b"{", b"[]", b'{"sealed": [], "cell": {"value": null}, "answers": []}'):
        said = sandbox._said(0, False, "", result, SHORT, 1)
        assert said.problem.startswith("its process ended")
    if hasattr(signal, "SIGXCPU"):
        assert "did not end" in sandbox._said(-signal.SIGXCPU, False, "", b"", SHORT, 1).problem
    assert os.name != "nt" or not SEALED
