"""A panel in a browser, timed: from a key to the painted figure, bytes for each step, a fresh kernel's first figure.

A program of its own that prints what it measured as JSON; ``test_panel_speed.py`` runs it.  Times are wall times of a
headless Chromium that paints with software, on whatever else the machine does.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import nbformat

from gmp_lab import doctor

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from jupyter_page import FLAGS, NotebookPage, jupyter_server  # of the browser tests, beside this folder

FIRST = "from gmp_lab.widgets import lab\nlab('01')"
#: a panel of chapter 1 with other views, and with twice as many bursts for each goroutine
PANEL = """from dataclasses import replace
from gmp_lab.metrics import spans
from gmp_lab.widgets import LABS, Lab
spec = replace(LABS["01-gmp-model"], views=("timeline", "goroutines"), arguments={"bursts": BURSTS}, bursts=())
panel = Lab(spec)
panel"""
#: name: (bursts of each goroutine, goroutines, view)
CASES: dict[str, tuple[int, int, str]] = {
    "few segments, Ps": (20, 100, "Timeline of the Ps"),
    "20,000 segments, goroutines": (20, 500, "Timeline of the goroutines"),
    "20,000 segments, Ps": (40, 500, "Timeline of the Ps"),
}
_WATCH = """() => {
  const it = window.__gmp = { key: 0, painted: 0, when: 0 };
  document.addEventListener("keydown", () => { it.key = performance.now(); it.painted = 0; }, true);
  const painted = () => requestAnimationFrame(() => requestAnimationFrame(() => {
    it.when = performance.now();
    if (it.key) it.painted = it.when - it.key;
  }));
  for (const plot of document.querySelectorAll(".js-plotly-plot")) plot.on("plotly_afterplot", painted);
  const stage = document.querySelector(".gmp-stage").closest(".widget-html"); // changes also where no time passes
  new MutationObserver(painted).observe(stage, { childList: true, subtree: true });
}"""
_QUIET = "ms => window.__gmp.painted > 0 && performance.now() - window.__gmp.when > ms"


class Wire:
    """Counts the bytes that come from the server's WebSockets."""

    def __init__(self, page: NotebookPage) -> None:
        self.bytes = 0
        page.page.on("websocket", lambda socket: socket.on("framereceived", self._add))

    def _add(self, payload: Any) -> None:
        self.bytes += len(payload if isinstance(payload, (bytes, str)) else getattr(payload, "payload", b""))


def browser_cpu_s() -> float:
    """CPU time that this process's browser has used so far, all of its processes together; 0 where /proc is not."""
    total, tick = 0, os.sysconf("SC_CLK_TCK")
    family = {os.getpid()}
    found = sorted(int(path.name) for path in Path("/proc").glob("[0-9]*"))
    for pid in found:  # parents have smaller numbers, as a rule
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8")
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) in family:
            family.add(pid)
            total += sum(map(int, fields[11:13])) if "chrom" in name else 0
    return total / tick


def cpu_ms(page: NotebookPage, keys: int, work: Callable[[], list[dict[str, float]]]) -> list[dict[str, float]]:
    """Do some steps, and note in the first what each cost, in CPU time of the kernel and of the browser."""
    before = page.ask("__import__('time').process_time()"), browser_cpu_s()
    told = work()
    after = page.ask("__import__('time').process_time()"), browser_cpu_s()
    told[0] |= {"kernel_cpu_ms": (after[0] - before[0]) * 1e3 / keys,
                "browser_cpu_ms": (after[1] - before[1]) * 1e3 / keys}  # fmt: skip
    return told


def steps(page: NotebookPage, wire: Wire, slider: str, keys: list[str]) -> list[dict[str, float]]:
    """Press the keys one by one on a slider; each is over when the figure has not changed for half a second."""
    told = []
    page.slider(slider).focus()
    for key in keys:
        before = wire.bytes
        page.page.keyboard.press(key)
        page.page.wait_for_function(_QUIET, arg=500, polling=100)
        kernel = page.panel.locator(".gmp-status").first.inner_text().rpartition("updated in ")[2].rstrip(" ms")
        told.append({
            "ms": page.page.evaluate("window.__gmp.painted"), "bytes": wire.bytes - before,
            "kernel_ms": float(kernel.replace(",", "")),
        })  # fmt: skip
    return told


def measure(page: NotebookPage, wire: Wire, case: str, rounds: int) -> dict[str, Any]:
    """One case: keys that make a new run, that choose a part of the run, that go through its events."""
    _, goroutines, view = CASES[case]
    page.button(view).click()
    page.panel.locator(".js-plotly-plot").locator("visible=true").first.wait_for()
    page.ask(f"panel.set(goroutines={goroutines}, syscall_percent=30)")
    page.page.wait_for_timeout(3000)
    page.page.evaluate(_WATCH)
    keys = ["ArrowRight"] * 4 + ["ArrowLeft"] * 4
    steps(page, wire, "GOMAXPROCS", keys[:2])  # warm
    n = 8 * rounds
    run = cpu_ms(page, n, lambda: steps(page, wire, "GOMAXPROCS", keys * rounds))
    part = cpu_ms(page, n, lambda: steps(page, wire, "part of the run (us), to", ["ArrowLeft"] * n))
    page.button("All of it").click()
    page.page.wait_for_timeout(1000)
    event = cpu_ms(page, n, lambda: steps(page, wire, "event", ["ArrowRight"] * n))
    of = "G" if "goroutines" in view else "P"
    segments = page.ask(f"len(spans(panel.recording, of={of!r}))")
    events = page.ask("len(panel.recording)")
    return {"segments": segments, "events": events, "run": run, "part": part, "event": event}


def notebook(path: Path, source: str) -> None:
    """Write a notebook with one cell."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(book, path)


def main(rounds: int) -> None:
    """Measure all cases, and what a fresh kernel spends until the first figure is there."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # missing where this is skipped

    told: dict[str, Any] = {"cases": {}}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "notebooks").mkdir()
        notebook(home / "notebooks" / "first.ipynb", FIRST)
        for bursts in {bursts for bursts, _, _ in CASES.values()}:
            notebook(home / "notebooks" / f"{bursts}.ipynb", PANEL.replace("BURSTS", str(bursts)))
        with jupyter_server(home / "notebooks", home) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=doctor.find_chromium(), args=list(FLAGS))
            told["first_cpu_s"] = []
            for _ in range(3):
                page = NotebookPage(browser, address)
                page.open("first.ipynb")
                before = page.ask("__import__('time').process_time()")
                page.run_all()
                after = page.ask("__import__('time').process_time()")
                told["first_cpu_s"].append([after - before, after])
                page.command("kernelmenu:shutdown")
                page.close()
            for case, (bursts, _, _) in CASES.items():
                page = NotebookPage(browser, address)
                wire = Wire(page)
                page.open(f"{bursts}.ipynb")
                page.run_all()
                told["cases"][case] = measure(page, wire, case, rounds)
                page.command("kernelmenu:shutdown")
                page.close()
            browser.close()
    sys.stdout.write(json.dumps(told))


def summary(told: list[dict[str, float]], key: str = "ms") -> tuple[float, float]:
    """Median and 95th percentile (nearest rank)."""
    values = sorted(step[key] for step in told)
    return median(values), values[-(-len(values) * 95 // 100) - 1]


if __name__ == "__main__":
    main(int(sys.argv[1]))
