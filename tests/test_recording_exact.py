"""A Recording: kept without loss, refused when damaged, never changed, and the same wherever it is made."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from handmade import BEGIN, recording
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import Config, ConfigError, Costs, Program, Recording, simulate, state_after, state_at, work
from gmp_lab.catalog import CATALOG, hogs_and_victims, steady_mix
from gmp_lab.recording import Columns
from gmp_lab.replay import Replay, State

COLUMNS = ("t", "kind", "g", "p", "m", "arg")


@pytest.fixture(scope="module")
def mix() -> Recording:
    """Return a run of some thousand events, with many checkpoints."""
    return simulate(Config(gomaxprocs=3, seed=5), steady_mix(goroutines=11, bursts=60))


def damaged(mix: Recording, **members: bytes | None) -> bytes:
    """The saved Recording with some members (``header`` or a column) replaced, or left out if None."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(mix.to_bytes())) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            data = members.get(info.filename.removesuffix(".json"), old.read(info))
            if data is not None:
                new.writestr(info.filename, data)
    return out.getvalue()


def header(mix: Recording, **changes: Any) -> bytes:
    """The header's bytes with some entries changed, or left out if Ellipsis."""
    with zipfile.ZipFile(BytesIO(mix.to_bytes())) as z:
        entries = json.loads(z.read("header.json")) | changes
    return json.dumps({k: v for k, v in entries.items() if v is not ...}).encode()


# --- saved and read back ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_a_saved_recording_comes_back_whole(name: str, tmp_path: Path) -> None:
    costs = Costs(switch=0, wake_m=5)
    rec = simulate(Config(gomaxprocs=2, cores=2, go="1.25", startup="real", costs=costs), CATALOG[name][0]())
    rec.save(tmp_path / "run.gmprec")
    again = Recording.load(tmp_path / "run.gmprec")
    attributes = ("config", "program", "params", "g_names", "end_ns", "ended", "steps", "complete", *COLUMNS)
    assert [getattr(again, a) for a in attributes] == [getattr(rec, a) for a in attributes]


def test_text_of_any_script_and_an_empty_record_come_back(tmp_path: Path) -> None:
    def main() -> Any:
        yield work(us=1)

    rec = simulate(Config(), Program(main, name="调度器", params={"été": [1, 2.5, None, "ж"]}), record=False)
    rec.save(str(tmp_path / "empty"))
    again = Recording.load(tmp_path / "empty")
    assert (len(again), again.program, dict(again.params)) == (0, "调度器", {"été": [1, 2.5, None, "ж"]})


def test_equal_recordings_are_saved_as_equal_bytes(mix: Recording) -> None:
    assert Recording.from_bytes(mix.to_bytes()).to_bytes() == mix.to_bytes()


def test_the_largest_and_smallest_number_of_each_column_are_kept() -> None:
    highest = (2**63 - 1, 255, 2**31 - 1, 2**15 - 1, 2**31 - 1, 2**31 - 1)
    rows = [highest, (-(2**63), 0, -(2**31), -(2**15), -(2**31), -(2**31))]
    rec = recording(rows)
    assert list(map(tuple, Recording.from_bytes(rec.to_bytes()))) == rows


@pytest.mark.parametrize("column", range(6))
def test_a_number_too_large_for_its_column_is_refused(column: int) -> None:
    row = [0] * 6
    row[column] = (2**63, 256, 2**31, 2**15, 2**31, 2**31)[column]
    with pytest.raises(ConfigError, match=f"column {COLUMNS[column]}"):
        Columns().extend([tuple(row)])  # type: ignore[list-item]


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Recording.load(tmp_path / "none.gmprec")


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"PK\x05\x06" + b"\0" * 18, bytes(1000)], ids=repr)
def test_a_foreign_file_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "foreign").write_bytes(data)
    with pytest.raises(ConfigError, match="a saved Recording"):
        Recording.load(tmp_path / "foreign")


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "gmp-lab-recording-0"}, {"format": ...}, {"events": 3}, {"events": "3"}, {"events": ...},
        {"config": {"gomaxprocs": 0}}, {"config": {"gomaxproc": 1}}, {"config": ...}, {"config": [1]},
        {"end_ns": -1}, {"end_ns": None}, {"steps": True}, {"ended": 5}, {"ended": ...}, {"program": None},
        {"params": []}, {"g_names": "main"}, {"g_names": [1]}, {"complete": 1}, {"surplus": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_header_that_is_not_ours_is_refused(mix: Recording, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="a saved Recording"):
        Recording.from_bytes(damaged(mix, header=header(mix, **changes)))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"NaN"], ids=repr)
def test_a_header_that_is_no_table_is_refused(mix: Recording, text: bytes) -> None:
    with pytest.raises(ConfigError, match="a saved Recording"):
        Recording.from_bytes(damaged(mix, header=text))


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("data", [None, b"", b"\0\0\0"], ids=repr)
def test_a_column_that_is_missing_or_short_is_refused(mix: Recording, column: str, data: bytes | None) -> None:
    with pytest.raises(ConfigError, match="a saved Recording"):
        Recording.from_bytes(damaged(mix, **{column: data}))


@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off_anywhere_is_refused(mix: Recording, cut: float) -> None:
    data = mix.to_bytes()
    with pytest.raises(ConfigError, match="a saved Recording"):
        Recording.from_bytes(data[: int(cut * len(data))])


@given(place=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_one_changed_byte_is_refused_or_changes_nothing(mix: Recording, place: float, bits: int) -> None:
    data = bytearray(mix.to_bytes())
    data[int(place * len(data))] ^= bits
    try:
        again = Recording.from_bytes(bytes(data))
    except ConfigError:
        again = mix
    assert again == mix  # if it was not refused, the byte was one of those that a zip file keeps twice, or a date


# --- immutable, equal, small -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*COLUMNS, "config", "program", "params", "g_names", "end_ns", "ended", "new"])
def test_no_attribute_can_be_set_or_removed(mix: Recording, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(mix, name, None)
    with pytest.raises(AttributeError):
        delattr(mix, name)


@pytest.mark.parametrize("name", COLUMNS)
def test_no_number_of_a_column_can_be_changed(mix: Recording, name: str) -> None:
    with pytest.raises(TypeError):
        getattr(mix, name)[0] = 1


def test_the_parameters_of_the_program_cannot_be_changed(mix: Recording) -> None:
    with pytest.raises(TypeError):
        mix.params["bursts"] = 1  # type: ignore[index]


def test_who_filled_the_columns_cannot_change_them_afterwards() -> None:
    columns = Columns()
    columns.extend(BEGIN)
    rec = Recording(Config(), columns, program="", params={}, g_names=(), end_ns=0, ended="exit", steps=0)
    columns.extend(BEGIN)
    columns.arrays[0][0] = 77
    assert (len(rec), rec.t[0]) == (len(BEGIN), 0)


def test_equal_runs_are_equal_and_have_one_hash() -> None:
    a, b = (simulate(Config(seed=3), steady_mix(goroutines=4, bursts=5)) for _ in range(2))
    assert a == b and hash(a) == hash(b) and len({a, b}) == 1


@pytest.mark.parametrize(
    ("config", "program"),
    [
        (Config(seed=4), steady_mix(goroutines=4, bursts=5)),
        (Config(seed=3, gomaxprocs=5), steady_mix(goroutines=4, bursts=5)),
        (Config(seed=3, max_events=10**6), steady_mix(goroutines=4, bursts=5)),
        (Config(seed=3), steady_mix(goroutines=4, bursts=6)),
    ],
)
def test_a_run_with_one_parameter_changed_is_not_equal(config: Config, program: Program) -> None:
    assert simulate(config, program) != simulate(Config(seed=3), steady_mix(goroutines=4, bursts=5))


def test_a_recording_is_not_equal_to_something_else(mix: Recording) -> None:
    assert mix != mix.digest() and mix != list(mix)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda rec: pickle.loads(pickle.dumps(rec))])
def test_a_copy_is_equal(mix: Recording, copied: Any) -> None:
    assert copied(mix) == mix


def test_an_event_takes_at_most_24_bytes(mix: Recording) -> None:
    assert 0 < mix.nbytes() <= 24 * len(mix)


# --- the same everywhere ---------------------------------------------------------------------------------------

DIGESTS = """
from gmp_lab import Config, simulate
from gmp_lab.catalog import CATALOG
for name, (make, _) in sorted(CATALOG.items()):
    for settings in {}, {"go": "1.25", "cores": 2, "seed": 9}, {"startup": "real", "asyncpreemptoff": True}:
        print(name, simulate(Config(gomaxprocs=3, **settings), make()).digest())
"""


def interpreters() -> list[str]:
    """Every Python 3.11, 3.12 and 3.13 of this machine that can be found; always the one that runs this."""
    names = [f"3.{minor}" for minor in (11, 12, 13)]
    found = {path for name in names if (path := shutil.which(f"python{name}"))}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found |= {str(p) for name in names for p in pyenv.glob(f"versions/{name}.*/bin/python{name}")}
    return [sys.executable, *sorted(path for path in found if _runs(path))]


def _runs(path: str) -> bool:
    """Whether path is a working interpreter: pyenv's shims are found by name, but may have nothing behind them."""
    code = "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"
    return subprocess.run([path, "-c", code], capture_output=True, check=False).returncode == 0


def digests(python: str, hashseed: int) -> str:
    root = str(Path(__file__).resolve().parent.parent)
    env = os.environ | {"PYTHONHASHSEED": str(hashseed), "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, "-c", DIGESTS], capture_output=True, text=True, check=False, env=env)
    return done.stdout or done.stderr


@pytest.mark.parametrize("hashseed", [1, 4294967295])
def test_digests_do_not_depend_on_the_seed_of_hashes(hashseed: int) -> None:
    assert digests(sys.executable, hashseed) == digests(sys.executable, 0)


def test_digests_are_the_same_in_every_interpreter_of_the_machine() -> None:
    told = {python: digests(python, 0) for python in interpreters()}
    assert set(told.values()) == {told[sys.executable]} and told[sys.executable].count("\n") == 3 * len(CATALOG)


# --- the state at any time -------------------------------------------------------------------------------------

RUNS = {
    "mix": lambda: simulate(Config(gomaxprocs=3, seed=5), steady_mix(goroutines=11, bursts=60)),
    "mix, few cores, 1.25": lambda: simulate(
        Config(gomaxprocs=4, cores=2, go="1.25", startup="real"), steady_mix(goroutines=20, bursts=30)
    ),
    "many": lambda: simulate(Config(gomaxprocs=2), steady_mix(goroutines=700, bursts=1)),
    "hogs": lambda: simulate(Config(gomaxprocs=2), hogs_and_victims(hogs=3, turns=15)),
}


def folded(rec: Recording, wanted: set[int]) -> dict[int, State]:
    """The states after the wanted numbers of events, by feeding a Replay one event after the other."""
    replay = Replay(rec.config)
    states = {0: replay.state.copy()} if 0 in wanted else {}
    for i, event in enumerate(rec, 1):
        replay.apply(event)
        if i in wanted:
            states[i] = replay.state.copy()
    return states


@pytest.mark.parametrize("name", RUNS)
def test_the_state_after_any_event_is_that_of_a_replay_from_the_start(name: str) -> None:
    rec = RUNS[name]()
    order = [*range(0, len(rec), max(1, len(rec) // 40)), len(rec), 511, 512, 513, 1024]
    order = [i for i in order if i <= len(rec)]
    Random(1).shuffle(order)  # jumps both ways, across checkpoints that exist or not yet
    expected = folded(rec, set(order))
    assert [i for i in order if state_after(rec, i) != expected[i]] == []


@pytest.mark.parametrize("name", RUNS)
def test_the_state_at_a_time_is_the_one_after_its_last_event(name: str) -> None:
    rec = RUNS[name]()
    some = rec.t.tolist()[:: max(1, len(rec) // 25)]
    times = sorted({0, rec.end_ns} | {max(0, t + d) for t in some for d in (-1, 0, 1)})
    last = {t: sum(e.t <= t for e in rec) for t in times}
    expected = folded(rec, set(last.values()))
    assert [t for t in reversed(times) if state_at(rec, t) != expected[last[t]]] == []


def test_a_state_that_somebody_changes_does_not_change_the_next_one(mix: Recording) -> None:
    before = state_after(mix, 1024).copy()
    spoiled = state_after(mix, 1024)
    spoiled.gs.clear()
    spoiled.ps[0].runq.append(99)
    assert state_after(mix, 1024) == before


@pytest.mark.parametrize("i", [-1, 10**9, True, 1.0, None, "1", float("nan")])
def test_a_number_of_events_that_there_are_not_is_refused(mix: Recording, i: Any) -> None:
    with pytest.raises(ConfigError, match=r"state_after\(i\)"):
        state_after(mix, i)


@pytest.mark.parametrize("t", [-1, True, 1.5, None, float("inf")])
def test_a_time_that_is_none_is_refused(mix: Recording, t: Any) -> None:
    with pytest.raises(ConfigError, match=r"state_at\(t\)"):
        state_at(mix, t)
