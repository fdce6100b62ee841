"""A sweep of a panel as data: one control on the horizontal axis, a line for each value of another, what is measured.

All other controls stay where the reader has put them, so the sweep answers "and if I turn this one all the way?".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gmp_lab.draw.sweepplot import Words
from gmp_lab.errors import ConfigError
from gmp_lab.sweeps.plan import BOTH
from gmp_lab.widgets.control import AnyControl, Value
from gmp_lab.workload import Program

if TYPE_CHECKING:
    from gmp_lab.widgets.spec import LabSpec


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """``x`` and ``by`` ("": one line) name controls; ``values`` and ``by_values`` are what they are set to.

    The values need not be ones that the control can stand at, as long as the program takes them.  ``fixed`` are
    controls that stand elsewhere in the sweep than in the panel.  ``log``, ``log_y``: logarithmic axes.
    """

    title: str
    x: str
    values: tuple[Any, ...]
    measures: tuple[str, ...]
    by: str = ""
    by_values: tuple[Any, ...] = ()
    fixed: Mapping[str, Value] = field(default_factory=dict)
    seeds: int = 5
    log: bool = False
    log_y: bool = False


class Job(NamedTuple):
    """What ``sweeps.sweep`` needs of a panel's sweep, and the words of its axes."""

    program: Callable[..., Program]
    axes: dict[str, tuple[Any, ...]]
    seeds: range
    config: dict[str, Any]
    arguments: dict[str, Any]
    measures: tuple[str, ...]
    words: Words
    said: str


def job(spec: LabSpec, sweep: SweepSpec, values: Mapping[str, object]) -> Job:
    """The sweep of a panel whose controls stand at these values; ConfigError if one of them is not possible."""
    there = spec.check({**values, **sweep.fixed})
    known = {control.name: control for control in spec.controls}
    axes: dict[str, tuple[Any, ...]] = {}
    labels: dict[str, str] = {}
    shown: dict[str, dict[Any, Any]] = {}
    for name, points in ((sweep.x, sweep.values), (sweep.by, sweep.by_values)):
        if name:
            control = known[name]
            axis = BOTH.join(control.sets)
            axes[axis] = tuple(_meaning(control, value) for value in points)
            labels[axis] = control.words()
            shown[axis] = {_meaning(control, value): value for value in points}
    config, arguments = spec.config_parameters(there), spec.program_arguments(there)
    config.pop("seed", None)
    arguments.pop("seed", None)
    swept = {parameter for axis in axes for parameter in axis.split(BOTH)}
    config = {name: value for name, value in config.items() if f"config.{name}" not in swept}
    arguments = {name: value for name, value in arguments.items() if f"program.{name}" not in swept}
    rest = [f"{c.label} {there[c.name]}" for c in spec.controls if c.name not in (sweep.x, sweep.by, "seed")]
    seeds = range(1, sweep.seeds + 1)
    return Job(spec.program, axes, seeds, config, arguments, sweep.measures, Words(labels, shown), ", ".join(rest))


def _meaning(control: AnyControl, value: Any) -> Any:
    """What a value on an axis stands for: numbers between a control's own are fine, too."""
    try:
        return control.means(value)
    except (KeyError, ValueError, IndexError) as problem:
        raise ConfigError(control.name, value, "a value that the control understands") from problem
