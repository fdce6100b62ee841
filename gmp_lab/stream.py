"""Random numbers for goroutine bodies: small, and the same on every machine.

Each goroutine of a workload has a stream of its own, so that what it does does not depend on when it is scheduled,
and a run with four Ps can be laid beside one with eight.  A ``random.Random`` holds 2.5 KB and would make 100,000
goroutines cost 250 MB; a stream holds two numbers.  The generator is a linear congruential one of 64 bits, only the
upper of which are used (factor: Steele and Vigna, Computationally easy, spectrally good multipliers, 2021); where a
stream starts and by how much it steps comes from splitmix64's mixing function (Steele, Lea, Flood: Fast splittable
pseudorandom number generators, 2014).  No function of the C library is used: its last digit differs by machine.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from functools import cache

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_FACTOR = 0xF9B25D65
_CELLS = 1024
_SCALE = 20  # binary digits behind the point in the table of quantiles


@cache
def _exponential_quantiles() -> tuple[int, ...]:
    """-ln(1 - (i + 1/2) / 1024) for each i, times 2**20, scaled to the mean 1."""
    with localcontext() as context:
        context.prec = 30
        raw = [-(1 - (Decimal(i) + Decimal("0.5")) / _CELLS).ln() for i in range(_CELLS)]
        mean = sum(raw, Decimal(0)) / _CELLS
        return tuple(int((x / mean * (1 << _SCALE)).to_integral_value()) for x in raw)


def _mix(z: int) -> int:
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _MASK
    return z ^ z >> 31


class Stream:
    """A stream of random numbers, chosen by a seed and further numbers (which goroutine, say).

    The lines of ``bits`` are repeated where a body draws for each burst: a call costs as much as they do.
    """

    __slots__ = ("quantiles", "state", "step")

    def __init__(self, seed: int, *key: int) -> None:
        state = seed & _MASK
        for k in key:
            state = _mix((state + _GAMMA) & _MASK) ^ (k & _MASK)
        self.state = _mix(state)
        self.step = _mix((state + _GAMMA) & _MASK) | 1
        self.quantiles = _exponential_quantiles()

    def bits(self) -> int:
        """64 random bits; the upper ones are the better ones."""
        self.state = z = self.state * _FACTOR + self.step & _MASK
        return z

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1 (the bias of at most n / 2**64 is left in)."""
        self.state = z = self.state * _FACTOR + self.step & _MASK
        return z * n >> 64

    def percent(self, p: float) -> bool:
        """True in p of 100 cases, p counted in hundredths."""
        return self.below(10_000) < round(p * 100)

    def exponential(self, mean: int) -> int:
        """A whole number with an exponential distribution around ``mean``, from 1024 quantiles: at most 7.6 means."""
        self.state = z = self.state * _FACTOR + self.step & _MASK
        return mean * self.quantiles[z >> 54] >> _SCALE
