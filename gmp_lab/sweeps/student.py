"""Student's t: how wide a 95 % band is around a mean of few runs."""

from __future__ import annotations

from typing import Final

from gmp_lab.errors import check_int

# The 97.5 % quantile for 1, 2, ... 30 degrees of freedom.
_QUANTILES: Final = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip
_NORMAL: Final = 1.959964


def t_quantile(df: int) -> float:
    """The 97.5 % quantile of Student's t with ``df`` >= 1 degrees of freedom, right to 0.0001.

    Above 30 by the first terms of the Cornish-Fisher expansion.
    """
    check_int("df", df, 1, 2**63 - 1)
    if df <= len(_QUANTILES):
        return _QUANTILES[df - 1]
    z = _NORMAL
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2) + third / df**3
