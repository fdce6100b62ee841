"""A notebook as one page to read or print: no kernel, no network, and the figures drawn.

JupyterLab's own export leaves Plotly figures out; here each stands where it stood.  nbconvert makes the page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import nbformat
import plotly.io
from nbconvert import HTMLExporter
from traitlets.config import Config

from gmp_lab.errors import ConfigError

FIGURE: Final = "application/vnd.plotly.v1+json"
_WIDTH: Final = 900  # pixels: what fits a page of paper
#: nothing from another host: no mathematics is set, and no widget is alive
_OFFLINE: Final = Config({"HTMLExporter": {"mathjax_url": "", "require_js_url": "", "jquery_url": ""}})


def page(notebook: str | Path) -> str:
    """The HTML text of a stored notebook, about 5 MB with figures and 0.3 MB without, with all that it needs.

    Widgets are shown as what is stored in their place.  ConfigError if the file is missing or is no notebook.
    """
    path = Path(notebook)
    try:
        text = path.read_text(encoding="utf-8")
        if not isinstance(json.loads(text), dict):
            raise ValueError("its JSON is no object")  # noqa: TRY004  # wrong in the file, not in the call
        book: Any = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, nbformat.ValidationError) as problem:
        raise ConfigError("notebook", str(notebook), f"a file that holds a notebook ({problem})") from problem
    first = True
    for output in (one for cell in book.cells for one in cell.get("outputs", ())):
        data = output.get("data", {})
        if FIGURE in data:
            data["text/html"] = _drawn(data.pop(FIGURE), with_library=first)
            first = False
    exporter: Any = HTMLExporter(config=_OFFLINE)  # type: ignore[no-untyped-call]
    made, _ = exporter.from_notebook_node(book, resources={"metadata": {"name": path.stem}})
    return str(made)


def _drawn(figure: dict[str, Any], *, with_library: bool) -> str:
    layout = {**figure.get("layout", {}), "width": _WIDTH, "autosize": False}
    shown = {"data": figure.get("data", []), "layout": layout}
    told: str = plotly.io.to_html(
        shown, config={"staticPlot": True}, include_plotlyjs=with_library, include_mathjax=False, full_html=False,
        validate=False,
    )  # fmt: skip
    return told
