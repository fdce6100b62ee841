"""Reading strace and /proc: every recorded sample whole, and one clear sentence for what is none."""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import ConfigError
from gmp_lab.golang.proc import parse_proc_status, proc_status
from gmp_lab.golang.strace import count_calls, parse_strace, parse_strace_summary

DATA = Path(__file__).resolve().parent / "data" / "strace"
SUMMARIES = sorted(DATA.glob("strace_c_*.txt"))
LOGS = sorted({*DATA.glob("strace_*.txt")} - {*SUMMARIES})
RAW = {p.name: p.read_text(encoding="utf-8") for p in (*SUMMARIES, *LOGS)}


@pytest.mark.parametrize("path", SUMMARIES, ids=lambda p: p.stem)
def test_a_recorded_summary_is_read_whole(path: Path) -> None:
    rows = parse_strace_summary(RAW[path.name])
    last = RAW[path.name].splitlines()[-1].split()
    assert sum(r.calls for r in rows) == int(last[3]) and last[-1] == "total"
    table = RAW[path.name].partition("% time")[2].splitlines()[2:-2]
    assert [r.name for r in rows] == [line.split()[-1] for line in table]


def test_k_blocked_reads_make_as_many_threads() -> None:
    clones = {}
    for k in (1, 10, 50):
        rows = {r.name: r.calls for r in parse_strace_summary(RAW[f"strace_c_blocking_k{k}.txt"])}
        clones[k] = rows["clone3"]
    assert 8 <= clones[10] - clones[1] <= 9 and 39 <= clones[50] - clones[10] <= 41


@pytest.mark.parametrize("path", LOGS, ids=lambda p: p.stem)
def test_a_recorded_log_is_read_without_loss(path: Path) -> None:
    text = RAW[path.name]
    calls = parse_strace(text)
    for name in ("futex", "clone3", "nanosleep", "tgkill", "rt_sigreturn", "exit_group"):
        assert count_calls(calls).get(name, 0) == len(re.findall(rf"\b{name}\(", text)), name
    assert count_calls(calls).get("SIGURG", 0) == text.count("--- SIGURG")
    assert sum(c.name == "exit" and c.result.startswith("exited") for c in calls) == text.count("+++ exited")
    began = [c.line for c in calls]
    assert began == sorted(began)


def test_a_call_in_two_parts_is_one() -> None:
    calls = parse_strace(RAW["strace_clone_k3.txt"])
    waits = [c for c in calls if c.name == "futex" and "FUTEX_WAIT_PRIVATE" in c.args]
    assert (waits[0].pid, waits[0].result, waits[0].args) == (4410, "0", "0x756218, FUTEX_WAIT_PRIVATE, 0, NULL")
    assert {c.errno for c in waits} == {"", "EAGAIN", "ETIMEDOUT"}
    made = [c.result for c in calls if c.name == "clone3" and c.result.isdigit()]
    assert len(made) == len(set(made))


def test_sysmon_is_seen_to_double_its_sleep() -> None:
    ns = [int(m[1]) for c in parse_strace(RAW["strace_sysmon_ramp.txt"]) if (m := re.search(r"nsec=(\d+)", c.args))]
    assert ns[0] == 20_000 and set(ns) <= {20_000 << n for n in range(10)} | {10_000_000}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("read(3, \"a) = 1\", 8) = 1", (0, None, "read", "1", "")),
        ("[pid    17] openat(AT_FDCWD, \"/x\") = -1 ENOENT (No such file)", (17, None, "openat", "-1", "ENOENT")),
        ("1700000000.123456 mmap(NULL, 4096, PROT_READ) = 0x7f00", (0, 1700000000.123456, "mmap", "0x7f00", "")),
        ("[pid  9] 01:02:03.5 getpid() = 9", (9, 3723.5, "getpid", "9", "")),
        ("4242 nanosleep({tv_sec=0, tv_nsec=20000}, NULL) = 0", (4242, None, "nanosleep", "0", "")),
        ("exit_group(2)                           = ?", (0, None, "exit_group", "?", "")),
        ("+++ killed by SIGKILL +++", (0, None, "exit", "killed by SIGKILL", "")),
    ],
)  # fmt: skip
def test_every_form_of_a_line_is_read(line: str, told: tuple[object, ...]) -> None:
    (call,) = parse_strace(line)
    assert (call.pid, call.t, call.name, call.result, call.errno) == told


@pytest.mark.parametrize("text", ["", "# only a comment\n", "hello\n", "SCHED 0ms: gomaxprocs=2\n", "\x00\x01\x02"])
def test_what_is_not_of_strace_is_refused_in_one_sentence(text: str) -> None:
    for read in (parse_strace, parse_strace_summary):
        with pytest.raises(ConfigError, match=r"^strace"):
            read(text)


def test_a_summary_that_was_cut_or_changed_is_refused() -> None:
    text = RAW[SUMMARIES[0].name]
    with pytest.raises(ConfigError, match="cut off"):
        parse_strace_summary("\n".join(text.splitlines()[:-3]))
    with pytest.raises(ConfigError, match="fits the rows"):
        parse_strace_summary(re.sub(r"\d+( +write)", r"99\1", text))


@given(st.text(max_size=300) | st.sampled_from(sorted(RAW)).flatmap(
    lambda name: st.tuples(st.integers(0, len(RAW[name])), st.text(max_size=20), st.integers(0, 40)).map(
        lambda cut: RAW[name][: cut[0]] + cut[1] + RAW[name][cut[0] + cut[2] :])))  # fmt: skip
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (parse_strace, parse_strace_summary, parse_proc_status):
        with suppress(ConfigError):
            read(text)


# --- /proc --------------------------------------------------------------------------------------------------------


def test_a_status_is_read() -> None:
    text = "Name:\tgo\nVmRSS:\t 2048 kB\nThreads:\t6\nvoluntary_ctxt_switches:\t31\nnonvoluntary_ctxt_switches:\t4\n"
    status = parse_proc_status(text)
    assert (status.threads, status.voluntary, status.involuntary, status.rss_kib) == (6, 31, 4, 2048)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here: use Linux for this test")
def test_the_threads_of_this_process_are_counted() -> None:
    before = proc_status(os.getpid()).threads
    stop = threading.Event()
    extra = [threading.Thread(target=stop.wait) for _ in range(3)]
    for thread in extra:
        thread.start()
    assert proc_status(os.getpid()).threads == before + 3
    stop.set()
    for thread in extra:
        thread.join()


def test_a_process_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(ConfigError, match="a running process"):
        proc_status(2**22 + 1)
