"""Make the recorded results again: ``python -m gmp_lab.golang.record`` (needs a Go toolchain).

Each is run several times.  Of the orders the most frequent one is kept, for about one real run in ten is disturbed;
of the mixes the fastest, which other programs have disturbed least.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from gmp_lab.golang.experiments import EXPERIMENTS, compact, cpus, run_live
from gmp_lab.golang.toolchain import Toolchain, require_toolchain

COMMAND: Final = "python -m gmp_lab.golang.record"
ORDERS, MIXES = 7, 25  # how often each is run; a mix is at the mercy of whatever else the machine does
#: The runs of each experiment; the first is what is shown when none fits.
RUNS: Final[dict[str, list[dict[str, int]]]] = {
    "order": [{"n": n} for n in (300, 10, 257, 258, 600, 1000)],
    "steal": [{"n": n} for n in (17, 5, 9, 33, 100, 256)],
    "mix": [{"gomaxprocs": p} for p in (4, 2, 1)],
}


def main() -> int:
    """Run every experiment and write recorded/<name>.json."""
    toolchain = require_toolchain()
    made = {
        "go": toolchain.version,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {cpus()} CPUs",
        "command": COMMAND,
    }
    for name, runs in RUNS.items():
        data = {
            "experiment": name, "program": EXPERIMENTS[name].program, "made": made,
            "runs": [_run(name, toolchain, arguments) for arguments in runs],
        }  # fmt: skip
        path = Path(__file__).parent / "recorded" / f"{name}.json"
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")
        print(f"{path.name}: {len(runs)} runs")
    return 0


def _run(name: str, toolchain: Toolchain, arguments: dict[str, int]) -> dict[str, Any]:
    """One of several results, as it is written down."""
    asked = MIXES if EXPERIMENTS[name].values else ORDERS
    results = [run_live(name, toolchain, **arguments) for _ in range(asked)]
    ((order, count),) = Counter(result.numbers for result in results).most_common(1)
    if EXPERIMENTS[name].values:
        kept, why = min(results, key=lambda result: result.values["elapsed_ns"]), f"the fastest of {asked}"
    else:
        kept, why = next(r for r in results if r.numbers == order), f"{count} of {asked} had this order"
    return {
        "gomaxprocs": kept.gomaxprocs, "arguments": kept.arguments, "kept": why, "order": compact(kept.numbers),
        "values": kept.values, "trace": kept.schedtrace.splitlines(),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
