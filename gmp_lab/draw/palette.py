"""The only place with colours: one table, keyed by state.

A state is told apart in three ways.  By colour: hues chosen to stay apart for the common kinds of colour
blindness.  By lightness: any two states that stand in one picture differ by at least 8 steps of CIE L* (6
for the nine of a thread), so a grey print still tells them apart; on a light page the busier state is the
darker one, on a dark page the lighter one.  By a sign: a letter in texts, a pattern in bars.  Busy states
reach a contrast of 3:1 with the page (WCAG 1.4.11); idle ones keep back on purpose, they are the absence of
something.

The tests compute all of this from the table.  Rejected: plotly's own colour sequences (four of the default
ten have the same lightness), and colours that encode which goroutine runs (a thousand goroutines, ten
colours).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gmp_lab.errors import check_choice

THEMES: Final = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state looks: its words in legends, its letter in texts, its pattern in bars, its two colours."""

    words: str
    letter: str
    pattern: str
    light: str
    dark: str


_OFF: Final = ("#ebeef1", "#2b2f32")
_SOON: Final = ("#edcf7c", "#584721")
_POLL: Final = ("#7dc8dd", "#2d5f6d")
_LOCK: Final = ("#97b173", "#5c6e45")
_SEEK: Final = ("#e37513", "#d25c05")
_WORK: Final = ("#128562", "#2ca980")
_CORE: Final = ("#65631c", "#b5af68")
_CALL: Final = ("#90145c", "#fcafd8")
_RUN: Final = ("#01336e", "#bfe9ff")

LOOKS: Final[dict[str, Look]] = {
    "idle": Look("idle", ".", "", *_OFF),
    "parked": Look("parked", ".", "", *_OFF),
    "dead": Look("ended, or not yet made", " ", "", *_OFF),
    "waking": Look("waiting for its thread to wake", "w", "-", *_SOON),
    "starting": Look("being woken", "w", "-", *_SOON),
    "waiting": Look("waiting", "-", "-", *_SOON),
    "polling": Look("blocked in netpoll", "n", "|", *_POLL),
    "locked": Look("waiting for its locked goroutine", "l", "+", *_LOCK),
    "sysmon": Look("sysmon", "m", "", *_OFF),
    "spinning": Look("spinning", "s", "\\", *_SEEK),
    "runnable": Look("runnable", "r", "\\", *_SEEK),
    "scheduling": Look("scheduling", "f", ".", *_WORK),
    "no core": Look("waiting for a core", "x", "x", *_CORE),
    "syscall": Look("in a system call", "C", "/", *_CALL),
    "running": Look("running", "R", "", *_RUN),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Colours of the page: paper, ink (text), grid (faint lines), and two lines for depths."""

    paper: str
    ink: str
    grid: str
    lines: tuple[str, str]


PAGES: Final[dict[str, Page]] = {
    "light": Page("#ffffff", "#1f2328", "#d0d4d8", ("#01336e", "#e37513")),
    "dark": Page("#111418", "#e6e8ea", "#3a4046", ("#bfe9ff", "#d25c05")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One of several lines in one picture: told apart by colour, by dash and by the sign at its points."""

    dash: str
    symbol: str
    light: str
    dark: str

    def colour(self, theme: str) -> str:
        """Colour (#rrggbb) in a theme."""
        return self.light if check_choice("theme", theme, THEMES) == "light" else self.dark

    def faint(self, theme: str) -> str:
        """The colour for a band around the line: the page shines through."""
        code = self.colour(theme)
        return f"rgba({', '.join(str(int(code[i : i + 2], 16)) for i in (1, 3, 5))}, 0.18)"


LINES: Final = (
    Line("solid", "circle", "#01336e", "#bfe9ff"),
    Line("dash", "square", "#d25c05", "#d25c05"),
    Line("dot", "diamond", "#128562", "#2ca980"),
    Line("dashdot", "triangle-up", "#90145c", "#fcafd8"),
    Line("longdash", "x", "#65631c", "#c9c27a"),
    Line("longdashdot", "star", "#4a86d8", "#5f8fe0"),
)


def page(theme: str) -> Page:
    """Page colours of a theme, "light" or "dark"; ConfigError for another."""
    return PAGES[check_choice("theme", theme, THEMES)]


def colour(state: str, theme: str) -> str:
    """Colour (#rrggbb) of a state in a theme."""
    look = LOOKS[state]
    return look.light if check_choice("theme", theme, THEMES) == "light" else look.dark


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG defines it, 0 to 1."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours as WCAG defines it, 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def lightness(colour: str) -> float:
    """CIE L* of #rrggbb, 0 (black) to 100 (white)."""
    y = luminance(colour)
    return 903.3 * y if y <= 0.008856 else 116 * y ** (1 / 3) - 16


def colorscale(states: tuple[str, ...], theme: str) -> list[list[float | str]]:
    """A plotly colour scale with one flat step for each state, for z = 0 .. len(states) - 1."""
    n = len(states)
    steps: list[list[float | str]] = []
    for i, state in enumerate(states):
        steps += [[i / n, colour(state, theme)], [(i + 1) / n, colour(state, theme)]]
    return steps
