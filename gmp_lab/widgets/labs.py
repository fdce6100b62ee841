"""The panels of the chapters: ``lab("01")`` builds one, from the declarations in ``chapters_*``."""

from __future__ import annotations

from typing import Final

from gmp_lab.errors import ConfigError
from gmp_lab.widgets.chapters_first import FIRST
from gmp_lab.widgets.chapters_last import LAST
from gmp_lab.widgets.chapters_middle import MIDDLE
from gmp_lab.widgets.panel import Lab
from gmp_lab.widgets.spec import LabSpec

LABS: Final[dict[str, LabSpec]] = {spec.name: spec for spec in (*FIRST, *MIDDLE, *LAST)}


def lab(chapter: str) -> Lab:
    """The panel of a chapter, by the name of its notebook or the number that it begins with: ``lab("02-1")``.

    ConfigError if there is none.  Make it the last expression of a cell; keep it in a name to read ``config``,
    ``program`` and ``recording`` in the next one.
    """
    return Lab(lab_spec(chapter))


def lab_spec(chapter: str) -> LabSpec:
    """The declaration of a chapter's panel, found as ``lab`` does; ConfigError if there is none."""
    found = [spec for name, spec in LABS.items() if chapter == name or name.startswith(f"{chapter}-")]
    if len(found) != 1:
        raise ConfigError("chapter", chapter, "one of " + ", ".join(repr(name) for name in LABS))
    return found[0]
