"""The PI controller that smoothed the pacer's estimates up to Go 1.19."""

from __future__ import annotations

import math


class piController:
    """A controller that follows a value with a delay: proportional to the error, and to its sum.

    Ours: as in Go 1.19, where the constants are those of its only user, consMarkController.
    """

    def __init__(self) -> None:
        self.errIntegral = 0.0

    def next(self, input_: float, setpoint: float, period: float) -> float:
        """The next output, from the last one and the value to follow; 0 after figures beyond all measure.

        Ours: as in Go 1.19, but returns the 0 that its caller would set.
        """
        kp, ti, tt, least, most = 0.9, 4.0, 1000.0, -1000.0, 1000.0
        rawOutput = kp * (setpoint - input_) + self.errIntegral
        if not math.isfinite(rawOutput):
            self.errIntegral = 0.0
            return 0.0
        output = min(max(rawOutput, least), most)
        self.errIntegral += (kp * period / ti) * (setpoint - input_) + (period / tt) * (output - rawOutput)
        if not math.isfinite(self.errIntegral):
            self.errIntegral = 0.0
            return 0.0
        return output
