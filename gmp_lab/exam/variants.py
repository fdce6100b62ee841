"""A student's variant: parameters that follow from the course's secret, the assignment and the student alone.

The key of a variant is an HMAC, so it can be handed out without giving the secret away, and the instructor can make
it again at any time.  At grading it is made from the place of the submission, never read from the student's file.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any, Final

from gmp_lab.errors import ConfigError

if TYPE_CHECKING:
    from gmp_lab.exam.model import Question

SAMPLE: Final = "sample"  # the key of the variant in the release that all students see
_STUDENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


def check_student(student: str) -> str:
    """The id of a student, a name that can be one of a folder; ConfigError for another."""
    if not isinstance(student, str) or not _STUDENT.fullmatch(student):
        raise ConfigError("student", student, "1 to 64 letters, digits and . _ @ -, beginning with a letter or digit")
    return student


def variant_key(secret: bytes, assignment: str, student: str) -> str:
    """The key (32 hex digits) of a student's variant of an assignment; ConfigError for a secret below 16 bytes."""
    if len(secret) < 16:
        raise ConfigError("secret", f"{len(secret)} bytes", "at least 16 bytes")
    said = f"gmp-lab-exam-1|{assignment}|{check_student(student)}".encode()
    return hmac.new(secret, said, sha256).hexdigest()[:32]


def params_of(question: Question, key: str) -> dict[str, Any]:
    """The parameters of a question in the variant of this key; equal on every machine."""
    return question.draw(Random(f"gmp_lab.exam {key} {question.id}"))
