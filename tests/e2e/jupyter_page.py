"""A JupyterLab server and one notebook of it in a real browser, for tests.

Everything that the server writes goes below a temporary folder, and nothing waits for a fixed time: each step waits
for the state that it needs.  Requests to any other host are refused and remembered in ``foreign``.
"""

from __future__ import annotations

import ast
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # where playwright is missing these tests are collected and skipped
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 30_000
_KERNEL_IS = """status => {
  const panel = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  const session = panel && panel.sessionContext && panel.sessionContext.session;
  return !!session && !!session.kernel && session.kernel.status === status;
}"""
# The kernel's value of an expression, as JSON: exactly what Python has, not what the page shows.
_ASK = """async expression => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const ask = { code: "", silent: true, user_expressions: { it: `__import__("json").dumps(${expression})` } };
  const reply = await kernel.requestExecute(ask).done;
  const it = reply.content.user_expressions.it;
  if (it.status !== "ok") throw new Error(it.evalue);
  return it.data["text/plain"];
}"""
_PLOT = 'document.querySelectorAll(".gmp-lab-panel .js-plotly-plot")'
# What is painted: plotly's own, decoded copy of the traces of the figure that can be seen.
_PAINTED = f"""() => {{
  const plot = [...{_PLOT}].find(plot => plot.checkVisibility());
  if (!plot) return {{}}; // one view is hidden already, the other not yet shown
  const list = values => values && Array.from(values);
  return {{
    title: plot._fullLayout.title.text,
    ink: plot._fullLayout.font.color,
    width: plot._fullLayout.width,
    range: list(plot._fullLayout.xaxis.range),
    unit: plot._fullLayout.xaxis.title.text,
    marks: plot._fullLayout.shapes.map(shape => shape.x0),
    traces: plot._fullData.filter(trace => trace.visible === true).map(trace => ({{
      name: trace.name, type: trace.type, x0: trace.x0, dx: trace.dx, base: list(trace.base), x: list(trace.x),
      y: list(trace.y), z: trace.z && Array.from(trace.z, list),
    }})),
  }};
}}"""
# Title and note of the visible figure do not stand on each other's place.
_SETTLED = f"""() => {{
  const plot = [...{_PLOT}].find(plot => plot.checkVisibility());
  if (!plot) return false;
  if (!plot.querySelector(".gtitle-subtitle")) return true; // no note
  const [title, note] = [".gtitle", ".gtitle-subtitle"].map(name => plot.querySelector(name).getBoundingClientRect());
  return note.top > title.top + title.height / 2;
}}"""
_EVENT = """() => {
  const said = document.querySelector(".gmp-lab-panel .gmp-stage > p").textContent;
  return Number(said.match(/event (\\d+)/)[1]);
}"""
_FOCUSED = """() => {
  const it = document.activeElement;
  if (it.closest(".js-plotly-plot")) return "the figure's toolbar";
  return it.getAttribute("aria-label") || (it.labels && it.labels.length ? it.labels[0] : it).textContent.trim();
}"""
_DRAWN = f"""() => [...{_PLOT}].some(plot => plot.checkVisibility() && plot.querySelector('.main-svg'))
  || [...document.querySelectorAll(".gmp-lab-panel .gmp-sheet")].some(sheet => sheet.checkVisibility())"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def _environment(home: Path, theme: str) -> dict[str, str]:
    places = {"CONFIG", "DATA", "RUNTIME"}
    env = {**os.environ, **{f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in places}}
    env |= {f"JUPYTERLAB_{name}_DIR": str(home / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": theme}))
    return env | {"IPYTHONDIR": str(home / "ipython")}


@contextmanager
def jupyter_server(notebooks: Path, home: Path, theme: str = "JupyterLab Light") -> Iterator[str]:
    """Serve a folder with JupyterLab; gives the address, with %s for the page that is wanted."""
    port, token = free_port(), secrets.token_hex(16)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={notebooks}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    env = _environment(home, theme)
    with (home / "server.log").open("w") as out:
        server = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)
        try:
            base = f"http://127.0.0.1:{port}"
            _until_ready(f"{base}/api?token={token}", server, home / "server.log")
            yield f"{base}/%s?reset&token={token}"
        finally:
            _stop(server)


def _until_ready(url: str, server: subprocess.Popen[bytes], out: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start; it said:\n{out.read_text()[-3000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its kernels; then whatever is left of its own process group."""
    server.terminate()
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(15)


# JavaScript of more than a megabyte that a widget brings along takes some seconds to load, as on a slow machine.
_LATE = """{
  const whole = URL.createObjectURL;
  URL.createObjectURL = blob => {
    const url = whole(blob);
    if (blob.size < 1e6) return url;
    const late = `await new Promise(go => setTimeout(go, SECONDS * 1000));
      const loaded = await import("${url}"); export default loaded.default;`;
    return whole(new Blob([late], { type: "text/javascript" }));
  };
}"""


class NotebookPage:
    """One notebook in the browser, with the lab panel in it.

    ``errors``: exceptions in the page; ``foreign``: requests to other hosts, which were refused.
    ``late``: seconds that a widget's JavaScript takes to load, if it is as large as plotly's.
    """

    def __init__(self, browser: Browser, address: str, late: float = 0) -> None:
        self.address = address
        self.own = address.partition("%s")[0]
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.context: BrowserContext = browser.new_context(viewport={"width": 1300, "height": 1400})
        self.context.route("**/*", self._guard)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.page.add_init_script(_LATE.replace("SECONDS", str(late)))
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def _guard(self, route: Any) -> None:
        url: str = route.request.url
        if url.startswith((self.own, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()

    def close(self) -> None:
        """Close the page."""
        self.context.close()

    # --- the notebook ---------------------------------------------------------------------------------------

    def open(self, notebook: str) -> None:
        """Open a notebook of the served folder and wait for its kernel."""
        self.page.goto(self.address % f"lab/tree/{notebook}")
        self.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")
        self.page.wait_for_function(_KERNEL_IS, arg="idle", timeout=2 * WAIT_MS)

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab and wait until it is done."""
        run = "([name, it]) => window.jupyterapp.commands.execute(name, it).then(() => null)"
        self.page.evaluate(run, [name, arguments])

    def run_all(self) -> None:
        """Run all cells, wait until the run is over and the panel's figure is drawn."""
        self.command("notebook:run-all-cells")
        self.panel.scroll_into_view_if_needed()
        self.page.wait_for_function(_DRAWN)

    def cell_errors(self) -> list[str]:
        """What cells have said on stderr or raised."""
        kinds = ("application/vnd.jupyter.stderr", "application/vnd.jupyter.error")
        wanted = ", ".join(f'.jp-OutputArea-output[data-mime-type="{kind}"]' for kind in kinds)
        return self.page.locator(wanted).all_inner_texts()

    def ask(self, expression: str) -> Any:
        """The value of a Python expression in the notebook's kernel."""
        text: str = self.page.evaluate(_ASK, expression)
        return json.loads(ast.literal_eval(text))

    def until_kernel_has(self, expression: str, value: object) -> None:
        """Wait until an expression has a value in the kernel.

        ipywidgets holds a widget's newer values back while the kernel is busy with an older one, but not a click:
        keys that come faster than from any hand would overtake them.
        """
        deadline = time.monotonic() + WAIT_MS / 1000
        while self.ask(expression) != value and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)

    # --- the panel ------------------------------------------------------------------------------------------

    @property
    def panel(self) -> Locator:
        """The lab panel."""
        return self.page.locator(".gmp-lab-panel").first

    def slider(self, label: str) -> Locator:
        """The part of a slider that takes the keyboard."""
        return self.panel.get_by_role("slider", name=label, exact=True)

    def number(self, label: str) -> Locator:
        """The number beside a slider, which can be typed."""
        return self.panel.get_by_role("textbox", name=f"{label}, as a number", exact=True)

    def button(self, words: str) -> Locator:
        """A button of the panel."""
        return self.panel.get_by_role("button", name=words, exact=True)

    def press(self, target: Locator, *keys: str) -> None:
        """Press keys while a part of the panel has the focus."""
        target.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def status(self) -> str:
        """The status line without the measured time."""
        return self.panel.locator(".gmp-status").inner_text().rpartition(" · ")[0]

    def until_shown(self, status: str, title: str) -> None:
        """Wait until a run is shown, in the status line and in the figure: an update may take any time."""
        self.panel.locator(".gmp-status", has_text=status).wait_for()
        self.until_painted("title", title)

    def painted(self) -> dict[str, Any]:
        """The figure that can be seen, as plotly has painted it."""
        found: dict[str, Any] = self.page.evaluate(_PAINTED)
        return found

    def until_painted(self, key: str, value: object) -> None:
        """Wait until an entry of ``painted`` has a value."""
        same = "JSON.stringify(it) === JSON.stringify(value)"
        wait = f"([key, value]) => {{ const it = ({_PAINTED})()[key]; return {same}; }}"
        self.page.wait_for_function(wait, arg=[key, value])

    def until_event(self, number: int) -> None:
        """Wait until the stage shows an event with this number or a later one."""
        self.page.wait_for_function(f"number => ({_EVENT})() >= number", arg=number)

    def until_settled(self) -> None:
        """Wait until the note of the visible figure stands below its title."""
        self.page.wait_for_function(_SETTLED)

    def plot_area(self) -> dict[str, float]:
        """Where the visible figure's plot is on the screen: x, y, width, height."""
        area = self.panel.locator(".nsewdrag").locator("visible=true").first
        box = area.bounding_box()
        if box is None:
            raise RuntimeError("no figure is visible")
        return dict(box)

    def until_range_is_not(self, before: list[float]) -> None:
        """Wait until another part of the time axis is shown."""
        moved = "(range, before) => range[0] !== before[0] || range[1] !== before[1]"
        self.page.wait_for_function(f"before => ({moved})(({_PAINTED})().range, before)", arg=before)

    def focused(self) -> str:
        """Name of the part of the page that has the focus, as a screen reader would say it."""
        name: str = self.page.evaluate(_FOCUSED)
        return name

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the page, with the panel at its top."""
        self.panel.evaluate("panel => panel.scrollIntoView()")
        self.page.screenshot(path=str(path))
