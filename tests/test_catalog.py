"""The ready workloads and their random streams."""

from __future__ import annotations

from statistics import mean, pvariance
from typing import Any

import pytest

from gmp_lab import Config, ConfigError, simulate
from gmp_lab import vocabulary as v
from gmp_lab.catalog import CATALOG, fan_out, hogs_and_victims, ping_pong, pipeline, steady_mix
from gmp_lab.stream import Stream, _mix


def test_the_mixing_function_gives_the_published_values_of_splitmix64() -> None:
    gamma, mask = 0x9E3779B97F4A7C15, (1 << 64) - 1
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [_mix(1234567 + k * gamma & mask) for k in range(1, 5)] == expected


def test_a_stream_is_a_congruential_generator_with_an_odd_step() -> None:
    stream = Stream(5, 3)
    x, step = stream.state, stream.step
    assert step % 2 == 1  # with the factor's remainder of 1 by 4: the full period of 2**64
    for _ in range(5):
        x = (0xF9B25D65 * x + step) % 2**64
        assert stream.bits() == x


def test_the_upper_bits_of_a_stream_are_evenly_spread_and_unrelated_to_the_next_ones() -> None:
    stream = Stream(11, 4)
    cells = [[0] * 16 for _ in range(16)]
    last = stream.below(16)
    for _ in range(51_200):
        new = stream.below(16)
        cells[last][new] += 1
        last = new
    chi2 = sum((n - 200) ** 2 / 200 for row in cells for n in row)
    assert 180 < chi2 < 340  # 255 degrees of freedom: mean 255, standard deviation 22.6


def test_exponential_numbers_have_the_mean_and_nearly_the_variance_of_the_distribution() -> None:
    stream = Stream(7)
    values = [stream.exponential(10_000) for _ in range(40_000)]
    assert abs(mean(values) - 10_000) < 200
    assert 0.93 < pvariance(values) / 10_000**2 < 1.03


def test_percent_is_a_share() -> None:
    stream = Stream(3)
    assert abs(sum(stream.percent(12.5) for _ in range(40_000)) / 40_000 - 0.125) < 0.006
    assert [stream.percent(0), stream.percent(100)] == [False, True]


def test_streams_of_neighbours_differ() -> None:
    assert len({Stream(1, i).bits() for i in range(1000)}) == 1000
    a, b = Stream(1, 1), Stream(1, 2)
    same = sum(a.below(16) == b.below(16) for _ in range(16_000))
    assert 850 < same < 1150  # one in 16


@pytest.mark.parametrize("name", sorted(CATALOG))
@pytest.mark.parametrize("gomaxprocs", [1, 3])
def test_every_workload_ends_and_tells_its_parameters(name: str, gomaxprocs: int) -> None:
    program = CATALOG[name][0]()
    rec = simulate(Config(gomaxprocs=gomaxprocs, until_ns=20_000_000_000), program)
    assert rec.ended == "exit" and rec.params == program.params and rec.program == name


def test_the_steady_mix_does_the_same_work_on_any_number_of_ps() -> None:
    def calls(gomaxprocs: int) -> int:
        rec = simulate(Config(gomaxprocs=gomaxprocs), steady_mix(goroutines=9, bursts=30))
        return sum(e.kind == v.E_SYSCALL for e in rec)

    assert len({calls(p) for p in (1, 2, 5)}) == 1


@pytest.mark.parametrize(
    ("make", "arguments", "parameter"),
    [
        (steady_mix, {"goroutines": 0}, "goroutines"),
        (steady_mix, {"goroutines": 2.5}, "goroutines"),
        (steady_mix, {"burst_us": -1}, "burst_us"),
        (steady_mix, {"burst_us": float("nan")}, "burst_us"),
        (steady_mix, {"syscall_percent": 101}, "syscall_percent"),
        (steady_mix, {"syscall_us": float("inf")}, "syscall_us"),
        (steady_mix, {"bursts": True}, "bursts"),
        (steady_mix, {"seed": -1}, "seed"),
        (steady_mix, {"fixed": 1}, "fixed"),
        (fan_out, {"tasks": 0}, "tasks"),
        (fan_out, {"spread_percent": 200}, "spread_percent"),
        (ping_pong, {"pairs": 0}, "pairs"),
        (ping_pong, {"rounds": "3"}, "rounds"),
        (hogs_and_victims, {"loop": "tight"}, "loop"),
        (hogs_and_victims, {"victims": 0}, "victims"),
        (pipeline, {"stages": 0}, "stages"),
        (pipeline, {"buffer": -1}, "buffer"),
    ],
)
def test_a_bad_parameter_is_named_with_its_value_and_range(
    make: Any, arguments: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(ConfigError) as error:
        make(**arguments)
    assert error.value.parameter == parameter and repr(arguments[parameter]) in str(error.value)
