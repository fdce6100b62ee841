"""The page of a notebook, opened as a file: its figures are painted, without a server, a kernel or a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gmp_lab.printout import page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e


def test_the_figures_are_painted_without_a_network(
    browser: Browser, root: Path, pictures: Path, tmp_path: Path
) -> None:
    made = tmp_path / "page.html"
    made.write_text(page(root / "notebooks" / "02-3-run-queues.ipynb"), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1100, "height": 1400})
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(made.as_uri())
    plots = tab.locator(".js-plotly-plot")
    plots.last.locator(".main-svg").first.wait_for()
    assert plots.count() > 1 and all(one.locator("path").count() > 3 for one in plots.all())
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    plots.first.screenshot(path=pictures / "paper.png")
    tab.close()
