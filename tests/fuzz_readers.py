"""Every reader against a fuzzer that follows the code (atheris): ``make fuzz SECONDS=60``.

A reader may return values or raise ConfigError; anything else, and whatever takes longer than a few seconds, is a
mistake, which the fuzzer reports with the input.  It begins with the samples of tests/data.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import atheris

DATA: Final = Path(__file__).resolve().parent / "data"

with atheris.instrument_imports(include=["gmp_lab"]):
    from gmp_lab import Recording
    from gmp_lab.dump import parse_dump
    from gmp_lab.errors import ConfigError
    from gmp_lab.gctrace import parse_gctrace
    from gmp_lab.gocell.asm import parse_listing
    from gmp_lab.gocell.options import parse_options
    from gmp_lab.golang.proc import parse_proc_status
    from gmp_lab.golang.strace import parse_strace, parse_strace_summary
    from gmp_lab.golang.trace import parse_trace
    from gmp_lab.metrics import parse_metrics
    from gmp_lab.scheddetail import parse_scheddetail
    from gmp_lab.schedtrace import parse_schedtrace
    from gmp_lab.validate import validate


def trace(text: str) -> None:
    """A trace that is read must be one that the validator can look at."""
    validate(parse_trace(text.splitlines(keepends=True)))


#: readers of text, by the number that the input's first byte gives
READERS: Final[tuple[Callable[[str], Any], ...]] = (
    parse_schedtrace, parse_scheddetail, parse_gctrace, parse_dump, parse_strace, parse_strace_summary,
    parse_proc_status, parse_metrics, parse_listing, parse_options, trace,
)  # fmt: skip


def one_input(data: bytes) -> None:
    """What the fuzzer calls."""
    if not data:
        return
    which = data[0] % (len(READERS) + 1)
    try:
        if which == len(READERS):
            Recording.from_bytes(data[1:])
        else:
            READERS[which](data[1:].decode("utf-8", "replace"))
    except ConfigError:
        pass


def seeds(folder: Path) -> None:
    """The samples, each for every reader, as the fuzzer's first inputs."""
    for path in sorted(DATA.glob("*/*.txt")):
        for which in range(len(READERS)):
            text = path.read_bytes()[:4000]
            (folder / f"{path.stem}-{which}").write_bytes(bytes([which]) + text)


def main() -> None:
    """Fuzz for so many seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seeds(Path(folder))
        limits = [f"-max_total_time={options.seconds}", "-timeout=10", "-max_len=8192", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], folder, *limits], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
