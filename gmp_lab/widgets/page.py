"""The page around a panel: its theme, its width, its clipboard, its downloads.

The one front-end file of the package, ``page.js``, tells what only the browser knows, names the controls for screen
readers, copies text and saves files.  It draws nothing.  Everything works without it, in light colours and plotly's
usual width.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class Page(anywidget.AnyWidget):
    """``theme`` is "light" or "dark"; ``width`` is the panel's, in pixels (0: not known yet).

    ``drawn`` counts the figures that plotly has put on the page.
    """

    _esm = Path(__file__).with_name("page.js").read_text(encoding="utf-8")

    theme = traitlets.Enum(("light", "dark"), "light").tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)
    drawn = traitlets.Int(0).tag(sync=True)

    def copy(self, text: str) -> None:
        """Ask the browser to put text on the clipboard; its answer comes to ``on_copied``'s function."""
        self.send({"copy": text})

    def save(self, name: str, kind: str, text: str) -> None:
        """Ask the browser to save text as a file of this name and type."""
        self.send({"save": {"name": name, "kind": kind, "text": text}})

    def on_copied(self, told: Callable[[bool], None]) -> None:
        """Call ``told`` with True or False when the browser has tried to copy."""

        def receive(_widget: Any, message: Any, _buffers: Any) -> None:
            if isinstance(message, dict) and isinstance(message.get("copied"), bool):
                told(message["copied"])

        self.on_msg(receive)
