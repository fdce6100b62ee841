"""Make the recorded results again: ``python -m gmp_lab.golang.record`` (needs a Go toolchain)."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import sys
from pathlib import Path

from gmp_lab.golang.experiments import EXPERIMENTS, run_live
from gmp_lab.golang.toolchain import require_toolchain
from gmp_lab.schedtrace import format_schedtrace

FORM = "1.25"  # of the schedtrace lines
COMMAND = "python -m gmp_lab.golang.record"


def main() -> int:
    """Run every experiment with its default arguments and write recorded/<name>.json."""
    toolchain = require_toolchain()
    made = {
        "go": toolchain.version,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "command": COMMAND,
    }
    for name, (source, procs, arguments) in EXPERIMENTS.items():
        result = run_live(name, toolchain)
        data = {
            "experiment": name, "program": source, "gomaxprocs": procs, "arguments": arguments, "made": made,
            "numbers": result.numbers, "trace": "\n".join(format_schedtrace(line, FORM) for line in result.trace),
        }  # fmt: skip
        path = Path(__file__).parent / "recorded" / f"{name}.json"
        path.write_text(json.dumps(data, indent=1).replace(",\n  ", ", ") + "\n", encoding="utf-8")
        print(f"{path.name}: {len(result.numbers) or len(result.trace)} entries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
