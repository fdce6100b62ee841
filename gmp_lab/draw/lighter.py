"""Loads jsonschema without an extra that takes longer than everything else together: a grammar of IRIs, 1.2 s of CPU.

plotly loads nbformat to show a figure, that loads jsonschema, and that takes the package ``rfc3987_syntax`` if there
is one.  It is needed for schemas with addresses in other scripts, of which a kernel has none.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from typing import Final

EXTRA: Final = "rfc3987_syntax"


def load_jsonschema() -> None:
    """Load jsonschema, if nobody has, so that it finds no EXTRA."""
    if "jsonschema" in sys.modules or EXTRA in sys.modules:
        return
    sys.modules[EXTRA] = None  # type: ignore[assignment]  # as Python marks what cannot be imported
    try:
        with suppress(ImportError):
            importlib.import_module("jsonschema")
    finally:
        del sys.modules[EXTRA]
