"""The other side of ``sandbox``: runs one answer in a process of its own and tells what it gave, as plain values.

``python -I -B child.py``, with the task as JSON on stdin; what came of it is written as JSON to the file descriptor
that the task names.  Before the answer runs, the process gives up what it does not need: memory and time beyond its
budget, files beyond Python's own and a scratch folder, the network, other processes (``seal``).  The answer shares
this interpreter and may do with it what it likes: nothing here knows what would be right.

Only plain values leave the process: exactly None, bool, int, float, str, and lists, tuples and dicts of them.  An
object that says of itself that it equals everything is told by the name of its type.
"""

from __future__ import annotations

import builtins
import ctypes
import io
import json
import os
import platform
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Final

MOST_VALUES: Final = 200_000  # in one answer, all lists counted
MOST_TEXT: Final = 1_000_000
CELL: Final = "your cell"


# --- giving up rights -----------------------------------------------------------------------------------------------

#: system calls that are refused, by machine: processes, signals to others, network, and ways around
_REFUSED: Final[dict[str, tuple[int, ...]]] = {
    "x86_64": (41, 53, 57, 58, 59, 62, 101, 129, 141, 144, 165, 200, 203, 250, 251, 272, 297, 298, 308, 310, 311, 321,
               322, 424, 425, 434),
    "aarch64": (198, 199, 221, 129, 117, 138, 140, 119, 40, 130, 122, 219, 30, 97, 240, 241, 268, 270, 271, 280, 281,
                424, 425, 434),
}  # fmt: skip
_SPECIAL: Final = {"x86_64": (56, 435, 234, 302), "aarch64": (220, 435, 131, 261)}  # clone, clone3, tgkill, prlimit64
_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_CLONE_THREAD: Final = 0x10000
_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06  # BPF: ld abs, jeq, jset, jge, ret
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
_NUMBER_AT, _ARCH_AT, _FIRST_AT = 0, 4, 16  # struct seccomp_data


def seal(budget: dict[str, int], scratch: str, readable: list[str], restrict: Callable[..., bool]) -> list[str]:
    """Give up everything that an answer does not need; the words for what this system could take away."""
    done = ["time and memory"] if _limits(budget) else []
    os.chdir(scratch)
    if restrict([scratch], readable):
        done.append("files")
    if _no_capabilities() and _no_processes():
        done.append("processes and network")
    return done


def _limits(budget: dict[str, int]) -> bool:
    try:
        import resource  # noqa: PLC0415  # Windows has none
    except ImportError:
        return False
    for name, value in (("RLIMIT_CPU", budget["cpu_s"]), ("RLIMIT_DATA", budget["memory"]), ("RLIMIT_CORE", 0),
                        ("RLIMIT_FSIZE", budget["file"]), ("RLIMIT_NOFILE", 64)):  # fmt: skip
        if hasattr(resource, name):  # a second between SIGXCPU, which tells why, and SIGKILL
            hard = value + (name == "RLIMIT_CPU")
            resource.setrlimit(getattr(resource, name), (value, hard))
    return True


def _no_capabilities() -> bool:
    """Root without its rights, so that none of them leads out again."""
    number = _CAPSET.get(platform.machine()) if sys.platform == "linux" else None
    if number is None:
        return False
    header, nothing = struct.pack("II", 0x20080522, 0), bytes(24)
    return int(ctypes.CDLL(None).syscall(number, header, nothing)) == 0


def _program(machine: str) -> bytes:
    """The filter: refuse the listed calls, new processes, and signals and limits for others; allow the rest."""
    clone, clone3, tgkill, prlimit = _SPECIAL[machine]
    step: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCH_AT), (_EQUAL, 1, 0, _ARCH[machine]), (_RETURN, 0, 0, _EPERM),
        (_LOAD, 0, 0, _NUMBER_AT), (_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _EPERM),
    ]  # fmt: skip
    for number in _REFUSED[machine]:
        step += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    step += [(_EQUAL, 0, 1, clone3), (_RETURN, 0, 0, _ENOSYS)]  # glibc then tries clone
    unless = ((clone, _ANY_BIT, _CLONE_THREAD), (tgkill, _EQUAL, os.getpid()), (prlimit, _EQUAL, 0))
    for number, test, value in unless:
        step += [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, _FIRST_AT), (test, 0, 1, value), (_RETURN, 0, 0, _ALLOW),
                 (_RETURN, 0, 0, _EPERM)]  # fmt: skip
    step.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *one) for one in step)


def _no_processes() -> bool:
    """Install the filter (seccomp); False where the machine has none that is known here."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _REFUSED:
        return False
    program = ctypes.create_string_buffer(_program(machine))
    described = struct.pack("HxxxxxxP", (len(program) - 1) // 8, ctypes.addressof(program))
    libc = ctypes.CDLL(None)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    return int(libc.prctl(22, 2, ctypes.c_char_p(described), 0, 0)) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


# --- running an answer ----------------------------------------------------------------------------------------------


class _Odd(Exception):
    """A value that is not plain; its message names the type."""


def plain(value: Any, left: list[int] | None = None, deep: int = 0) -> Any:
    """A value as JSON can carry it, types kept apart; _Odd for any other."""
    left = [MOST_VALUES] if left is None else left
    left[0] -= 1
    if left[0] < 0 or deep > 50:
        raise _Odd("more values than an answer can have")
    kind = type(value)
    if value is None or kind in (bool, str):
        if kind is str and len(value) > MOST_TEXT:
            raise _Odd("a text longer than an answer can be")
        return value
    if kind is int:
        if value.bit_length() > 256:
            raise _Odd("a number larger than an answer can be")
        return value
    if kind is float:
        return {"float": repr(value)}
    if kind in (list, tuple):
        return {kind.__name__: [plain(one, left, deep + 1) for one in value]}
    if kind is dict:
        return {"dict": [[plain(k, left, deep + 1), plain(v, left, deep + 1)] for k, v in value.items()]}
    raise _Odd(f"{_type_name(kind)}, not a plain value")


def _type_name(kind: type) -> str:
    name = type.__dict__["__name__"].__get__(kind)  # not what the class says of itself
    return f"an object of type {str(name)[:40]}"


def _told(problem: BaseException) -> dict[str, Any]:
    """An exception by its type, its words and the line of the cell, if it has one."""
    line = None
    for frame in traceback.extract_tb(problem.__traceback__):
        line = frame.lineno if frame.filename == CELL else line
    if isinstance(problem, SyntaxError) and problem.filename == CELL:
        line = problem.lineno
    try:
        words = str(problem)[:300]
    except Exception:  # an exception of the answer's own, whose str fails
        words = ""
    return {"error": type(problem).__name__[:60], "words": words, "line": line}


def _guarded(work: Callable[[], Any]) -> dict[str, Any]:
    """What work gives as a plain value, or the problem; nothing that an answer raises gets any further."""
    try:
        return {"value": plain(work())}
    except _Odd as odd:
        return {"error": "NotPlain", "words": str(odd), "line": None}
    except BaseException as problem:  # SystemExit and KeyboardInterrupt too
        return _told(problem)


def _answer(ask: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """One thing that is asked of the answer: a value, calls of a function, or a run of a program."""
    name = ask["name"]
    if name not in names:
        return {"error": "Missing", "words": f"there is no {name}", "line": None}
    if ask["kind"] == "value":
        return _guarded(lambda: names[name])
    if ask["kind"] == "calls":
        return {"calls": [_called(names[name], arguments) for arguments in ask["arguments"]]}
    return _guarded(lambda: _run(names[name], ask))


def _called(function: Any, arguments: Sequence[Any]) -> dict[str, Any]:
    """The result of a call, and what the call has made of its arguments."""
    given = json.loads(json.dumps(arguments))
    result = _guarded(lambda: function(*given))
    return {**result, "after": _guarded(lambda: given)}


def _run(main: Any, ask: dict[str, Any]) -> str:
    """What the goroutines of the answer's program do, as a transcript: the judge simulates it again."""
    from gmp_lab import Config, Program, simulate  # noqa: PLC0415  # only where a program is run
    from gmp_lab.transcript import Scribe  # noqa: PLC0415

    scribe = Scribe()
    simulate(Config(**ask["config"]), Program(scribe.body(main), *ask["arguments"]), record=False)
    return scribe.text()


def _show() -> None:
    """Let what the answer has printed get out."""
    if sys.__stdout__ is not None:
        sys.__stdout__.flush()


def main() -> None:
    """Read the task, give up rights, run the cell, answer what is asked."""
    task = json.loads(sys.stdin.buffer.read())
    confine = ModuleType("confine")
    exec(compile(task["confine"], "confine", "exec"), confine.__dict__)  # read before files are closed
    result = os.fdopen(task["result"], "wb")
    if task["imports"]:  # before files are closed to it: faster, and no part of the answer
        __import__("gmp_lab.transcript")
    sealed = seal(task["budget"], task["scratch"], task["readable"], confine.restrict)
    sys.stdin = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}

    def cell() -> None:
        exec(compile(task["source"], CELL, "exec"), names)  # that is what this process is for

    said: dict[str, Any] = {"sealed": sealed, "cell": _guarded(cell)}
    said["answers"] = [_answer(ask, names) for ask in task["asks"]] if "value" in said["cell"] else []
    result.write(json.dumps(said).encode())
    result.flush()
    _guarded(_show)
    os._exit(0)  # threads and atexit functions of the answer have nothing more to say


if __name__ == "__main__":
    main()
