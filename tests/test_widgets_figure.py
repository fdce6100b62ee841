"""The figure behind the small loader: what it sends when the browser asks, and that it is still plotly's widget."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import plotly.graph_objects as go
import pytest

from gmp_lab.widgets.figure import Figure


@pytest.fixture
def figure() -> Figure:
    return Figure(go.Figure(go.Bar(x=[1, 2], y=[3, 4])), threading.RLock())


@pytest.fixture
def sent(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, int]]:
    """Messages that the figure sends to the browser: content and bytes of its buffers."""
    messages: list[tuple[Any, int]] = []

    def send(content: Any, buffers: Any = ()) -> None:
        messages.append((content, sum(map(len, buffers))))

    monkeypatch.setattr(figure, "send", send)
    return messages


def test_what_anywidget_loads_is_small() -> None:
    assert len(Figure._esm) < 10_000


def test_the_bundle_is_sent_when_the_browser_asks_for_it(figure: Figure, sent: list[tuple[Any, int]]) -> None:
    figure._handle_custom_msg({"wish": "bundle"}, [])
    ((content, size),) = sent
    assert content == {"sent": "bundle"} and size > 1_000_000


def test_the_whole_figure_is_sent_as_it_is_now(figure: Figure) -> None:
    figure.update_layout(title={"text": "later"}).data[0].x = [5, 6]
    figure._handle_custom_msg({"wish": "state"}, [])
    (trace,) = figure._widget_data
    assert (figure._widget_layout["title"]["text"], list(trace["x"]), figure._states) == ("later", [5, 6], 1)


@pytest.mark.parametrize("message", [{}, {"wish": "else"}, None, "bundle"])
def test_other_messages_are_not_answered(figure: Figure, sent: list[tuple[Any, int]], message: object) -> None:
    figure._handle_custom_msg(message, [])
    assert (sent, figure._states) == ([], 0)


def test_an_answer_waits_until_a_change_of_the_figure_is_complete(figure: Figure) -> None:
    asked = threading.Thread(target=figure._handle_custom_msg, args=({"wish": "state"}, []))
    with figure._lock:
        asked.start()
        asked.join(0.05)
        before = figure._states
        figure.update_layout(title={"text": "complete"})
    asked.join()
    assert (before, figure._states, figure._widget_layout["title"]["text"]) == (0, 1, "complete")


def loaded_after(code: str) -> set[str]:
    """Which of the slow packages a fresh interpreter has loaded after some code."""
    slow = ("plotly.basewidget", "rfc3987_syntax")
    told = f"{code}\nimport sys; print(*(name for name in {slow} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_a_quiz_needs_is_loaded_without_plotlys_widget() -> None:
    assert loaded_after("import gmp_lab.widgets") == set()


def test_a_panel_loads_plotlys_widget_without_the_grammar_that_takes_longer_than_all_else() -> None:
    assert loaded_after("from gmp_lab.widgets import lab; lab('00')") == {"plotly.basewidget"}


def test_schemas_are_still_checked() -> None:
    code = "import gmp_lab.draw, nbformat; nbformat.validate(nbformat.v4.new_notebook())"
    assert loaded_after(code) == set()


def test_a_figure_is_still_shown() -> None:
    code = "from gmp_lab.draw import *; import plotly.graph_objects as go; go.Figure().show(renderer='notebook')"
    quiet = f"import contextlib\nwith contextlib.redirect_stdout(None): exec({code!r})"
    assert "rfc3987_syntax" not in loaded_after(quiet)
