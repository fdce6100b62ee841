"""A FigureWidget whose JavaScript reaches the browser once, and in its own time.

plotly's FigureWidget sends its 5 MB bundle with every figure, and anywidget gives a model two seconds to be ready:
where loading takes longer (a slow laptop, a busy machine) the figure is drawn once and never updated again, without
a word.  ``Figure`` is the same widget behind a small loader, ``figure.js``: ready at once, the bundle loaded without
a limit and shared by all figures of a page.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import plotly
import plotly.graph_objects as go
import traitlets

_BUNDLE: Final = Path(plotly.__file__).with_name("package_data") / "widgetbundle.js"


class Figure(go.FigureWidget):  # type: ignore[misc]  # plotly has no type information
    """plotly's FigureWidget of a figure.

    The browser hears of it before it is complete, and its messages may come in another thread; ``lock`` keeps them
    from getting between a change of the figure and the message that tells it.
    """

    _esm = Path(__file__).with_name("figure.js").read_text(encoding="utf-8")

    _states = traitlets.Int(0).tag(sync=True)  # how often the whole figure was sent; the browser waits for it

    def __init__(self, figure: go.Figure, lock: AbstractContextManager[Any]) -> None:
        self._lock = lock
        with lock:
            super().__init__(figure)
            self.on_msg(self._wished)

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        with self._lock:
            super()._handle_custom_msg(content, buffers)

    def _wished(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Send the bundle, or all of the figure as it is now (as plotly does when a figure is displayed)."""
        wish = message.get("wish") if isinstance(message, dict) else None
        if wish == "bundle":
            self.send({"sent": wish}, buffers=[_BUNDLE.read_bytes()])
        elif wish == "state":
            with self.hold_sync():  # one message
                self._widget_layout = deepcopy(self._layout_obj._props)
                self._widget_data = deepcopy(self._data)
                self._states += 1
