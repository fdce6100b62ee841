"""Settings of the runtime, held against rules before they are used: each rule is about what a run has shown.

Settings are given as a process gets them: by the names of environment variables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gmp_lab.draw import Table
from gmp_lab.errors import ConfigError, check_int

KNOWN: Final = ("GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG")
ROOM: Final = 1.5  # GOMEMLIMIT should be at least so many times what is live
_UNITS: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "": 1}


@dataclass(frozen=True, slots=True)
class Container:
    """Where the process will run: CPUs of its quota (None: no limit), memory and what will be live, in MiB."""

    cpus: float | None = None
    memory_mib: int = 1024
    live_mib: int = 100

    def __post_init__(self) -> None:
        if self.cpus is not None and not 0 < self.cpus <= 1024:
            raise ConfigError("cpus", self.cpus, "a number of CPUs above 0, up to 1024, or None")
        check_int("memory_mib", self.memory_mib, 1, 1 << 24, "MiB")
        check_int("live_mib", self.live_mib, 0, 1 << 24, "MiB")


@dataclass(frozen=True, slots=True)
class Finding:
    """A ``setting`` that breaks a rule, what ``happens``, and the notebook in which a run shows it."""

    setting: str
    happens: str
    shown: str


def check_settings(settings: Mapping[str, str], container: Container) -> list[Finding]:
    """What is wrong with these settings in this container; [] if nothing.  ConfigError for a value Go cannot read."""
    for name in settings:
        if name not in KNOWN:
            raise ConfigError("settings", name, "one of " + ", ".join(KNOWN))
    debug = _godebug(settings.get("GODEBUG", ""))
    return [*_procs(settings, container, debug), *_memory(settings, container), *_preemption(debug)]


def policy_table(settings: Mapping[str, str], container: Container) -> Table:
    """The findings as a table."""
    rows = tuple((f.setting, f.happens, f.shown) for f in check_settings(settings, container))
    given = ", ".join(f"{name}={value}" for name, value in settings.items()) or "no settings"
    return Table(f"{given}: {len(rows) or 'nothing'} to mend", ("setting", "what happens", "seen in"), rows)


def _procs(settings: Mapping[str, str], container: Container, debug: Mapping[str, str]) -> list[Finding]:
    if container.cpus is None:
        return []
    most = max(2, math.ceil(container.cpus))
    procs = _number("GOMAXPROCS", settings.get("GOMAXPROCS", ""))
    if procs is not None and procs > most:
        text = f"whoever always computes uses up {container.cpus:g} CPUs early; then all stand still"
        return [Finding(f"GOMAXPROCS={procs}", text, "05")]
    off = [name for name in ("containermaxprocs", "updatemaxprocs") if debug.get(name) == "0"]
    return [Finding(f"GODEBUG={name}=0", "GOMAXPROCS does not follow the quota", "05") for name in off]


def _memory(settings: Mapping[str, str], container: Container) -> list[Finding]:
    limit = _bytes(settings.get("GOMEMLIMIT", ""))
    if settings.get("GOGC") == "off" and limit is None:
        return [Finding("GOGC=off", "without GOMEMLIMIT nothing is ever collected", "03-3")]
    _number("GOGC", "" if settings.get("GOGC") == "off" else settings.get("GOGC", ""))
    if limit is None:
        return []
    named = f"GOMEMLIMIT={settings['GOMEMLIMIT']}"
    if limit < ROOM * container.live_mib * (1 << 20):
        return [Finding(named, f"so near to {container.live_mib} MiB live the collector runs all the time", "03-3")]
    if limit >= container.memory_mib << 20:
        return [Finding(named, f"the container has {container.memory_mib} MiB: it is killed first", "03-3")]
    return []


def _preemption(debug: Mapping[str, str]) -> list[Finding]:
    if debug.get("asyncpreemptoff") != "1":
        return []
    text = "a loop without calls keeps its P, and stops of the world wait for its end"
    return [Finding("GODEBUG=asyncpreemptoff=1", text, "04-3")]


def _number(name: str, text: str) -> int | None:
    if text == "":
        return None
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ConfigError(name, text, "a whole number" + (", or off" if name == "GOGC" else ""))
    return int(text)


def _bytes(text: str) -> int | None:
    """A size as GOMEMLIMIT takes it ("512MiB"), in bytes; None for "" and "off"."""
    if text in ("", "off"):
        return None
    found = re.fullmatch(r"(\d{1,15})(B|KiB|MiB|GiB|TiB|)", text, re.ASCII)
    if found is None:
        raise ConfigError("GOMEMLIMIT", text, "a size such as 512MiB (B, KiB, MiB, GiB, TiB), or off")
    return int(found[1]) * _UNITS[found[2]]


def _godebug(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part]
    if not all(equals and name for name, equals, _ in pairs):
        raise ConfigError("GODEBUG", text, "settings such as asyncpreemptoff=1,gctrace=1")
    return {name: value for name, _, value in pairs}
