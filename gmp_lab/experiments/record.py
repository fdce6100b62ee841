"""Make the recorded results of the catalogue again: ``make record``, or ``python -m gmp_lab.experiments.record``.

Each point is run several times: of numbers the median is kept, of orders and words what came most often.  A point
whose Go version or tool (strace, gdb) is not found keeps the result that it has.  Names of
experiments as arguments: only these.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from gmp_lab.experiments.catalogue import CATALOGUE
from gmp_lab.experiments.model import Experiment, Point, Value, Values
from gmp_lab.golang import Toolchain, find_toolchain
from gmp_lab.golang import record as older
from gmp_lab.golang.experiments import cpus

COMMAND: Final = "python -m gmp_lab.experiments.record"
RUNS: Final = 5
FOLDER: Final = Path(__file__).parent / "recorded"


def main(names: Sequence[str] = ()) -> int:
    """Record the named experiments (none: all); 1 if a statement of a point does not hold for what was recorded."""
    bad = 0
    for name in names or CATALOGUE:
        data = record(CATALOGUE[name])
        path = FOLDER / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")
        runs = {run["point"]: run for run in data["runs"]}
        tried = [(p, _values(runs[p.label])) for p in CATALOGUE[name].points if p.label in runs]
        wrong = [f"{point.label}: {says}" for point, values in tried for says in point.wrong(values)]
        print(f"{path.name}: {len(data['runs'])} points" + "".join(f"\n  does not hold: {says}" for says in wrong))
        bad |= bool(wrong)
    return int(bad) if names else int(bad) | older.main()


def record(experiment: Experiment) -> dict[str, Any]:
    """Everything that is written down about an experiment."""
    made = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {cpus()} CPUs",
        "command": f"{COMMAND} {experiment.name}",
    }
    path = FOLDER / f"{experiment.name}.json"
    before = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    known = {run["point"]: run for run in before}
    for point in experiment.points:
        toolchain = find_toolchain(point.go)
        if toolchain is not None and not experiment.missing:
            known[point.label] = _run(experiment, point, toolchain)
    runs = [known[point.label] for point in experiment.points if point.label in known]
    return {"experiment": experiment.name, "program": experiment.program, "made": made, "runs": runs}


def _run(experiment: Experiment, point: Point, toolchain: Toolchain) -> dict[str, Any]:
    results = [experiment.live(point, toolchain).values for _ in range(RUNS)]
    kept = {key: list(together([values.get(key, ()) for values in results])) for key in results[0]}
    return {"point": point.label, "go": toolchain.version, "of": RUNS, "values": kept}


def together(values: Sequence[Value]) -> Value:
    """One value for several runs: the median of single numbers, else what came most often (else the first)."""
    if all(len(value) == 1 and not isinstance(value[0], str) for value in values):
        return (median(float(value[0]) for value in values),)
    return Counter(values).most_common(1)[0][0]


def _values(run: dict[str, Any]) -> Values:
    return {key: tuple(value) for key, value in run["values"].items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
