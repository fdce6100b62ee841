"""Questions of the kind "find the rule": a log in which one line breaks a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from gmp_lab.exam.answer import Answer
from gmp_lab.exam.kit import assigned, one_value
from gmp_lab.exam.model import Mark, Params, Question, Wrong
from gmp_lab.practice.texts import offered


def broken_rule(  # noqa: PLR0913  # a question's fields
    *, id: str, title: str, objective: str, see: str, minutes: int, draw: Callable[[Random], dict[str, Any]],
    log: Callable[[Params], tuple[str, str]], rules: Mapping[str, str], hint: str,
) -> Question:  # fmt: skip
    """A question for the line that breaks a rule, and for the rule.

    ``draw`` gives, beside what it needs itself, "bad" (the number of the line, at least 1) and "rule" (a letter of
    ``rules``); ``log`` the words before the log and the log, its lines numbered from 0; ``hint`` what to look at.
    """

    def text(p: Params) -> str:
        head, lines = log(p)
        asked = "One line is not what Go does. Give its number in `line` and the letter of the rule that it breaks in"
        return f"{head}\n\n```text\n{lines}\n```\n\n{asked} `rule`:\n\n{offered(rules)}"

    def check(p: Params, answer: Answer) -> list[Mark]:
        answer.value("line", "rule")
        line = one_value(answer, "line", p["bad"], 2, hint, see=see)
        reason = f"In that line this rule is broken: {rules[p['rule']]}." if line.points else "First find the line."
        return [line, one_value(answer, "rule", p["rule"], 1, reason, see=see)]

    def given(line: int, rule: str) -> str:
        return assigned({"line": line, "rule": rule})

    return Question(
        id=id, title=title, kind="find the rule", points=3, minutes=minutes, see=see, objective=objective, draw=draw,
        text=text, starter=lambda p: "line = ...\nrule = ...", form="line: int; rule: str", check=check,
        reference=lambda p: given(p["bad"], p["rule"]), believer=lambda p: given(0, "?"),
        wrong=(
            Wrong("the line before", lambda p: given(p["bad"] - 1, p["rule"]), 0.34),
            Wrong("another rule", lambda p: given(p["bad"], "?"), 0.67),
        ),
    )  # fmt: skip
