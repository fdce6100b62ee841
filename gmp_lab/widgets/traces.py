"""Reading a long execution trace in a notebook, with a bar that shows how far it has got."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import ipywidgets as widgets
from IPython.display import display

from gmp_lab.golang import Toolchain, read_trace
from gmp_lab.recording import Recording

_BYTES: Final = 5  # of the file for an event, roughly: the bar is an estimate, the number of events is not


def load_trace(path: str | Path, toolchain: Toolchain | None = None) -> Recording:
    """``golang.read_trace`` with a progress bar; raises what that raises, and leaves no bar behind."""
    file = Path(path)
    expected = max(1, file.stat().st_size // _BYTES) if file.is_file() else 1
    bar = widgets.IntProgress(value=0, max=expected, description="reading", tooltip=f"reading {file.name}")
    said = widgets.Label(value=file.name)
    box = widgets.HBox([bar, said])

    def progress(events: int) -> None:
        bar.value = min(events, expected)
        said.value = f"{events:,} events"

    display(box)  # type: ignore[no-untyped-call]
    try:
        rec = read_trace(file, toolchain, progress)
    finally:
        box.close()
    return rec
