"""Go's arithmetic where Python's differs: integers of 64 bits that wrap, a division and conversions that never fail.

A sum of sizes stays far below 2^63, but the pacer also reckons with "no limit", which is the largest number there is.
"""

from __future__ import annotations

import math

_2_63 = 1 << 63
_2_64 = 1 << 64
maxUint64 = _2_64 - 1  # ^uint64(0)
MaxInt64 = _2_63 - 1


def uint64(x: int) -> int:
    """What a uint64 holds of a whole number.

    Ours: a type of Go.
    """
    return x if 0 <= x < _2_64 else x & maxUint64


def int64(x: int) -> int:
    """What an int64 holds of a whole number.

    Ours: a type of Go.
    """
    return x if -_2_63 <= x < _2_63 else ((x + _2_63) & maxUint64) - _2_63


def float_to_int64(x: float) -> int:
    """int64(x): cut off towards zero; what does not fit, infinities and NaN among it, is the least int64 (amd64).

    Ours: a conversion of Go.
    """
    return int(x) if -9223372036854775808.0 <= x < 9223372036854775808.0 else -_2_63


def float_to_uint64(x: float) -> int:
    """uint64(x) on amd64: as int64 below 2^63, so that -5.7 wraps; what does not fit, NaN among it, is 2^63.

    Ours: a conversion of Go.
    """
    if 9223372036854775808.0 <= x < 18446744073709551616.0:
        return int(x)
    return float_to_int64(x) & maxUint64


def divide(a: float, b: float) -> float:
    """a / b as IEEE 754 has it: a division by zero is infinite, or NaN for 0 / 0.

    Ours: an operator of Go.
    """
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.inf if (a > 0.0) == (math.copysign(1.0, b) > 0.0) else -math.inf
