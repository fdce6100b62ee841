"""What the widgets that ask something have in common: their looks, and how they are stored without a kernel."""

from __future__ import annotations

from typing import Any, Final

import ipywidgets as w

from gmp_lab import quiz

STYLE: Final = """<style>
.gmp-quiz .widget-radio, .gmp-quiz .widget-radio-box { width: 100%; height: auto; max-width: none; }
.gmp-quiz .widget-radio-box label { display: flex; align-items: flex-start; width: 100%; height: auto;
 line-height: 1.5; white-space: normal; padding: 2px 0; overflow: visible; font-size: 14px; }
.gmp-quiz .widget-radio-box input { flex: none; order: -1; margin-right: 8px; } /* it stands behind its words */
.gmp-quiz-text { color: var(--jp-ui-font-color1, inherit); font-size: 14px; line-height: 1.5; max-width: 60em; }
.gmp-quiz-text p { margin: 2px 0; color: inherit; }
.gmp-quiz-said:not(:empty) { border-left: 4px solid currentColor; padding: 2px 12px; margin: 6px 0; }
</style>"""


def question_html(text: str) -> str:
    """The words of a question, which page.js makes the name of the radio buttons that follow."""
    return f'{STYLE}<div class="gmp-quiz-text gmp-question"><strong>{quiz.paragraphs(text)}</strong></div>'


def live(text: str = "") -> Any:
    """A place for ``paragraphs_html``; page.js makes it a live region: a screen reader speaks what changes there."""
    place = w.HTML(paragraphs_html(text))
    place.add_class("gmp-live")
    return place


def paragraphs_html(text: str) -> str:
    """What there is to say, a paragraph for each line; "" stays empty."""
    return f'<div class="gmp-quiz-text gmp-quiz-said">{quiz.paragraphs(text)}</div>' if text else ""


def said_html(text: str) -> str:
    """What there is to say, as HTML that is a live region of its own; "" stays empty."""
    return f'<div class="gmp-quiz-text gmp-quiz-said" role="status">{quiz.paragraphs(text)}</div>' if text else ""


def wide_button(words: str, tooltip: str) -> Any:
    """A button as wide as its words."""
    return w.Button(description=words, tooltip=tooltip, layout=w.Layout(width="auto", align_self="flex-start"))


class Readable(w.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A widget that is stored as HTML and as its whole text; ipywidgets would cut the text at 110 characters."""

    def _static(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/plain": repr(self), "text/html": self._static()}
