"""Whether an answer has the form that is asked for: what the students' notebooks look at before they are handed in.

A form is a text such as "order: list of int; moved: int; runqgrab: function(ring, n)".  Validate runs it in the
student's own kernel, and the points do not depend on it: it only tells early what the grader could not read.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

from gmp_lab.errors import ConfigError

_TYPES: Final[dict[str, type]] = {
    "int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict,
}  # fmt: skip
_PART: Final = re.compile(r"\s*(\w+)\s*:\s*(?:(\w+)(?: of (\w+))?|function\(([\w, ]*)\)|goroutine)\s*")


def check_form(names: Mapping[str, Any], form: str) -> str:
    """A sentence that says that the names have the form; ConfigError if the form itself cannot be read.

    AssertionError, as Validate wants it, with a sentence that says what is missing or of another type.
    """
    for part in form.split(";"):
        found = _PART.fullmatch(part)
        if not found:
            raise ConfigError("form", part, "name: type, name: type of type, name: function(a, b), name: goroutine")
        name = found[1]
        if name not in names:
            raise AssertionError(f"There is no {name} yet.")
        problem = _wrong(part, found, names[name])
        if problem:
            raise AssertionError(f"{name} {problem}")
    return "The form is right. Whether the answer is, the grader says."


def _wrong(part: str, found: re.Match[str], value: Any) -> str:
    if found[4] is not None:
        return _wrong_function([one.strip() for one in found[4].split(",") if one.strip()], value)
    if part.rpartition(":")[2].strip() == "goroutine":
        return "" if inspect.isgeneratorfunction(value) else "is not a goroutine's body (a function with yield)."
    kind = _TYPES.get(found[2])
    if kind is None:
        raise ConfigError("form", part, "one of " + ", ".join(_TYPES))
    if type(value) is not kind:
        return f"is of type {type(value).__name__}; {kind.__name__} is asked for."
    inner = _TYPES.get(found[3] or "")
    if inner and isinstance(value, (list, tuple, dict)) and not all(type(one) is inner for one in value):
        return f"holds something that is not of type {inner.__name__}."
    return ""


def _wrong_function(wanted: list[str], value: Any) -> str:
    if not callable(value):
        return "is not a function."
    try:
        count = len(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        return ""
    if count == len(wanted):
        return ""
    return f"takes {count} arguments; {len(wanted)} are asked for: {', '.join(wanted)}."
