"""A launcher that gives up rights and becomes another program: ``python -I -S confine.py FOLDER LIMIT PROGRAM ...``.

Two things are given up, as far as the system can.  With Linux's Landlock (5.13 and later) nothing outside FOLDER can
be written, made or removed any more, apart from a few devices; and no file can grow past LIMIT bytes.  Where the
system knows neither, the program runs all the same.  The process becomes the program (``exec``), so its number, its
group and its pipes stay what they were.

It is a program of its own and imports nothing of ours: what is between fork and exec must not be done in a process
with threads, as a notebook's kernel is.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Sequence
from typing import Final

# linux/landlock.h: rights of the file system, and the version of the interface that brought some of them
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER: Final = 1 << 13
_TRUNCATE: Final = 1 << 14
_CHANGES: Final = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # remove and make, of every kind
_READS: Final = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE  # what a rule about a single file can name
_TCP: Final = 0b11  # bind and connect, since version 4
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_PATH_BENEATH: Final = 1
_VERSION: Final = 1  # flag: only tell the version
_NO_NEW_PRIVS: Final = 38  # prctl: what Landlock asks of processes without rights
DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")


def version() -> int:
    """The version of Landlock's interface; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))


def restrict(writable: Sequence[str], readable: Sequence[str] | None = None) -> bool:
    """Give up writing anywhere but below these folders, for this process and all that it starts; for ever.

    With ``readable``, reading is given up too except below those and the writable ones, and so is TCP.  False where
    the system has no Landlock; nothing is given up then.
    """
    have = version()
    if not have:
        return False
    changes = _CHANGES | (_REFER if have >= 2 else 0) | (_TRUNCATE if have >= 3 else 0)
    handled = changes if readable is None else changes | _READS
    tcp = _TCP if readable is not None and have >= 4 else 0
    attributes = struct.pack("QQ", handled, tcp) if have >= 4 else struct.pack("Q", handled)
    ruleset = _syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return False
    for folder in writable:
        _allow(ruleset, folder, handled)
    for device in DEVICES:
        _allow(ruleset, device, handled & (_WRITE_FILE | _TRUNCATE | _READ_FILE))
    for path in readable or ():
        _allow(ruleset, path, _READS)
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = _syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no right
    rights = rights if stat.S_ISDIR(os.fstat(opened).st_mode) else rights & _OF_FILES
    _syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
    os.close(opened)


def _syscall(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None).syscall(number, *arguments))


def limit_files(size: int) -> None:
    """Let no file grow past size bytes; nothing where the system has no such limit, or a smaller one."""
    try:
        import resource  # noqa: PLC0415  # Windows has none

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    except (ImportError, OSError, ValueError):
        pass


def main(argv: list[str]) -> None:
    """Give up the rights and become the program."""
    folder, size, *command = argv
    limit_files(int(size))
    restrict([folder])
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
