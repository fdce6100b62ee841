"""A FigureWidget whose JavaScript reaches the browser once, and in its own time.

plotly's FigureWidget sends its 5 MB bundle with every figure, and anywidget gives a model two seconds to be ready:
where loading takes longer (a slow laptop, a busy machine) the figure is drawn once and never updated again, without
a word.  ``Figure`` is the same widget behind a small loader, ``figure.js``: ready at once, the bundle loaded without
a limit and shared by all figures of a page.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import AbstractContextManager
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import numpy as np
import plotly
import plotly.graph_objects as go
import traitlets
from plotly.serializers import custom_serializers

#: numpy's kinds of numbers that plotly.js can decode
_KINDS: Final = {"uint8": "u1", "uint16": "u2", "int16": "i2", "int32": "i4", "float32": "f4", "float64": "f8"}


def _to_browser(value: Any, widget: Any) -> Any:
    """As plotly's own function, but a table of numbers goes in one piece: a list is two to three times as long."""
    if isinstance(value, dict):
        return {key: _to_browser(inner, widget) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_browser(inner, widget) for inner in value]
    if isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.name in _KINDS:
        coded = b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"dtype": _KINDS[value.dtype.name], "bdata": coded, "shape": ", ".join(map(str, value.shape))}
    return custom_serializers["to_json"](value, widget)


_TOLD: Final = {"sync": True, **custom_serializers}
_BUNDLE: Final = Path(plotly.__file__).with_name("package_data") / "widgetbundle.js"


class Figure(go.FigureWidget):  # type: ignore[misc]  # plotly has no type information
    """plotly's FigureWidget of a figure.

    The browser hears of it before it is complete, and its messages may come in another thread; ``lock`` keeps them
    from getting between a change of the figure and the message that tells it.
    """

    _esm = Path(__file__).with_name("figure.js").read_text(encoding="utf-8")

    _py2js_update = traitlets.Dict(allow_none=True).tag(**{**_TOLD, "to_json": _to_browser})
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
