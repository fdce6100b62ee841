"""What can go wrong with a real toolchain."""

from __future__ import annotations


class GoNotFound(RuntimeError):
    """No Go toolchain on this machine; the message says how to get one."""


class GoCompileError(RuntimeError):
    """Go refused the program; the message is Go's own, with the line numbers of the source that was given."""


class GoRunError(RuntimeError):
    """A program could not be started, did not end in its time, or ended with an error; the message says which."""
