"""Operations, channels and programs: what each makes, and what each refuses by name, value and range."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmp_lab import (
    Chan,
    Config,
    ConfigError,
    Program,
    WaitGroup,
    cap,
    chan,
    close,
    go,
    goexit,
    gomaxprocs,
    gosched,
    lock_os_thread,
    log,
    now,
    recv,
    recv2,
    recv_case,
    select,
    send,
    send_case,
    simulate,
    sleep,
    syscall,
    unlock_os_thread,
    work,
)
from gmp_lab import workload as w
from gmp_lab.catalog import CATALOG
from gmp_lab.heap import alloc, drop, gc, read_mem_stats, set_gc_percent
from gmp_lab.net import arrives, conn, read, write
from gmp_lab.stacks import call, recurse, ret, set_max_stack, stack
from gmp_lab.timer import Timer, TimerChan, new_timer

HOUR = 3_600 * 10**9
FACTORS = {"ns": 1, "us": 10**3, "ms": 10**6}
TIMED: list[Callable[..., Any]] = [work, syscall, sleep]
NO_NUMBERS: list[Any] = [None, True, False, "5", "", b"5", 1j, [5], (), {}, Fraction(5), work]
NO_DURATIONS: list[Any] = [*NO_NUMBERS, -1, -0.001, math.nan, math.inf, -math.inf, 10**400, 1e308]


def body(*args: Any) -> Any:
    yield work(us=1)


def shown(value: object) -> str:
    """Its repr without an address: two processes must call a test by one name."""
    return re.sub(r" (object )?at 0x[0-9a-f]+", "", repr(value))


# --- durations ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", TIMED)
@pytest.mark.parametrize("unit", FACTORS)
@pytest.mark.parametrize("value", NO_DURATIONS, ids=shown)
def test_what_is_no_duration_is_named_with_its_unit(operation: Callable[..., Any], unit: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        operation(**{unit: value})
    assert caught.value.parameter == f"{operation.__name__}({unit})" and caught.value.value is value


@pytest.mark.parametrize("operation", TIMED)
@pytest.mark.parametrize("unit", FACTORS)
def test_more_than_an_hour_is_told_the_hour_in_its_unit(operation: Callable[..., Any], unit: str) -> None:
    hour = HOUR // FACTORS[unit]
    with pytest.raises(ConfigError, match=rf"a number from 0 to one hour \({hour} {unit}\)"):
        operation(**{unit: hour + 1})


@pytest.mark.parametrize("operation", TIMED)
@given(value=st.integers(0, HOUR))
def test_whole_nanoseconds_are_kept_as_they_are(operation: Callable[..., Any], value: int) -> None:
    assert operation(ns=value)[1] == value


@pytest.mark.parametrize("operation", TIMED)
def test_durations_in_several_units_add_up(operation: Callable[..., Any]) -> None:
    assert operation(ns=7, us=1.5, ms=2)[1] == 2_001_507


@pytest.mark.parametrize("operation", TIMED)
def test_an_hour_in_parts_is_still_at_most_an_hour(operation: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match=str(HOUR)):
        operation(ns=1, ms=3_600_000)


@pytest.mark.parametrize("loop", [None, 1, True, "", "Free", b"free", ["free"], math.nan])
def test_work_names_the_loops_that_there_are(loop: Any) -> None:
    with pytest.raises(ConfigError, match=r"^work\(loop\) = .*'free', 'leaf', 'call', 'unsafe', 'nosplit'$"):
        work(us=1, loop=loop)


@pytest.mark.parametrize("forever", [None, 0, 1, "yes", "", [], math.nan])
def test_work_for_ever_is_said_with_true_or_false(forever: Any) -> None:
    with pytest.raises(ConfigError, match=r"^work\(forever\)"):
        work(forever=forever)


@pytest.mark.parametrize("duration", [{"ns": 1}, {"us": 1}, {"ms": 0.5}])
def test_work_cannot_last_for_ever_and_for_a_time(duration: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="False if a duration is given"):
        work(forever=True, **duration)


@pytest.mark.parametrize("kind", [None, 1, True, "", "block", b"raw", ["raw"], math.nan])
def test_syscall_names_the_kinds_that_there_are(kind: Any) -> None:
    with pytest.raises(ConfigError, match=r"^syscall\(kind\) = .*'blocking', 'cpu', 'handoff', 'raw'$"):
        syscall(us=1, kind=kind)


def test_a_raw_system_call_is_computing_that_nothing_can_stop() -> None:
    assert syscall(us=5, kind="raw") == work(us=5, loop="unsafe")


# --- the other operations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, True, 1.0, math.nan, "1", -(2**31) - 1, 2**31])
def test_log_takes_a_whole_number_of_32_bits(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^log\(value\) = .*-2147483648 to 2147483647"):
        log(value)


@pytest.mark.parametrize("value", [-(2**31), -1, 0, 2**31 - 1])
def test_log_keeps_its_number_through_a_run(value: int) -> None:
    def main() -> Any:
        yield log(value)

    assert [number for _, _, number in simulate(Config(), Program(main)).logs()] == [value]


@pytest.mark.parametrize("value", [None, 5, "body", (x for x in ())])
def test_go_takes_what_can_be_called(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^go\(body\)"):
        go(value)


@pytest.mark.parametrize("size", [None, True, -1, 1.0, math.nan, "1", 10**6 + 1])
def test_a_channel_has_a_whole_number_of_elements(size: Any) -> None:
    with pytest.raises(ConfigError, match=r"^Chan\(size\) = .*0 to 1000000 elements"):
        chan(size)


@pytest.mark.parametrize("operation", [send, recv, recv2, close, send_case, recv_case, cap])
@pytest.mark.parametrize("value", [0, "c", WaitGroup(), Chan, []], ids=shown)
def test_channel_operations_take_channels(operation: Callable[..., Any], value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^{operation.__name__}\(c\) = .*made by chan\(size\)"):
        operation(value)


@pytest.mark.parametrize("delta", [None, True, 0.5, math.nan, "1", -(10**6) - 1, 10**6 + 1])
def test_a_wait_group_counts_in_whole_numbers(delta: Any) -> None:
    with pytest.raises(ConfigError, match=r"^WaitGroup.Add\(delta\)"):
        WaitGroup().Add(delta)


def test_every_operation_is_a_tuple_that_begins_with_a_number_of_its_own() -> None:
    c, wg = chan(), WaitGroup()
    made = [
        work(us=1), syscall(us=1), send(c, 1), recv(c), go(body), gosched(), wg.Add(1), wg.Wait(), sleep(us=1),
        log(1), close(c), lock_os_thread(), unlock_os_thread(), now(), recv2(c), select(recv_case(c)), goexit(),
    ]  # fmt: skip
    assert [type(op) for op in made] == [tuple] * len(made)
    made += [read(conn()), write(conn()), arrives(conn())]
    t = Timer(None, 0, None, ())
    t.C = TimerChan(t, True)
    made += [new_timer(ms=1), t.Stop(), t.Reset(ms=1), recv(t.C), select(recv_case(t.C), recv_case(c))]
    made += [call(frame=8), ret(), recurse(2, frame=8), set_max_stack(1 << 20), stack(), gomaxprocs(2)]
    made += [call(frame=8, nosplit=True)]
    made += [alloc(bytes=8), drop(bytes=8), gc(), set_gc_percent(50), read_mem_stats(), w.set_default_gomaxprocs()]
    codes = {code for name, code in vars(w).items() if name.startswith("OP_")} - {
        w.OP_COUNT, w.OP_PARK, w.OP_CONTINUE, w.OP_SYNC,
    }  # fmt: skip
    assert {op[0] for op in made} == codes


# --- programs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("main", [None, 5, "main", (x for x in ())])
def test_a_program_needs_a_main_function(main: Any) -> None:
    with pytest.raises(ConfigError, match=r"^Program\(main\)"):
        Program(main)


@pytest.mark.parametrize("name", [None, 5, True, b"mix", ["mix"]])
def test_the_name_of_a_program_is_a_text(name: Any) -> None:
    with pytest.raises(ConfigError, match=r"^Program\(name\)"):
        Program(body, name=name)


@pytest.mark.parametrize(
    "params",
    [5, "a=1", [("a", 1)], {1: 2}, {"a": (1, 2)}, {"a": [{1}]}, {"a": {1: 2}}, {"a": b"x"}, {"a": math.nan}],
    ids=repr,
)
def test_parameters_that_a_file_cannot_keep_are_refused(params: Any) -> None:
    with pytest.raises(ConfigError, match=r"^Program\(params\)"):
        Program(body, params=params)


def test_a_program_keeps_its_own_copy_of_its_parameters() -> None:
    sizes = [1, 2]
    program = Program(body, params={"sizes": sizes})
    sizes.append(3)
    assert program.params == {"sizes": [1, 2]}


def test_a_program_prints_as_its_name_and_parameters() -> None:
    assert repr(Program(body, name="mix", params={"n": 3, "loop": "free"})) == "Program(mix: n=3, loop='free')"


def test_a_program_is_called_like_its_main_function_if_it_has_no_other_name() -> None:
    assert Program(body).name == "body"


@pytest.mark.parametrize("value", [None, 5, Config(), body, "prog"])
def test_simulate_takes_a_program(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^program = "):
        simulate(Config(), value)


@pytest.mark.parametrize("value", [None, 5, {}, "1.27", Program(body)])
def test_simulate_takes_a_config(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^config = "):
        simulate(value, Program(body))


# --- the ready workloads: every parameter of each -------------------------------------------------------------


def catalog_parameters() -> list[tuple[str, str]]:
    return [(name, p) for name, (make, _) in CATALOG.items() for p in make().params]


@pytest.mark.parametrize(("workload", "parameter"), catalog_parameters())
@pytest.mark.parametrize("value", [None, "", [5], (), 1j, -1, -(10**9), 10**30, math.nan, math.inf], ids=repr)
def test_a_ready_workload_refuses_an_impossible_parameter_by_name(workload: str, parameter: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        CATALOG[workload][0](**{parameter: value})
    assert caught.value.parameter == parameter and caught.value.allowed


@pytest.mark.parametrize(("workload", "parameter"), catalog_parameters())
def test_a_ready_workload_takes_no_truth_for_a_number_nor_the_reverse(workload: str, parameter: str) -> None:
    wrong = 1 if parameter in {"fixed", "stops"} else True
    with pytest.raises(ConfigError, match=f"^{parameter} = "):
        CATALOG[workload][0](**{parameter: wrong})
