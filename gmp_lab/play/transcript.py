"""A game as text, and back: what is needed to grade it again, and nothing that would have to be believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from gmp_lab.errors import ConfigError, check_choice, check_int
from gmp_lab.play.game import MODES, Game, Score, option_of
from gmp_lab.play.situations import LENGTH, LEVELS, MAX_SEED

FORMAT: Final = "gmp-lab-play-1"
_KEYS: Final = frozenset({"format", "seed", "level", "kinds", "mode", "at", "answers"})
_MAX_TEXT: Final = 100_000  # characters


def to_json(game: Game) -> str:
    """The transcript of a game: the situation's names, and the answers; no points."""
    told = game.situation
    said = {"format": FORMAT, "seed": told.seed, "level": told.level, "kinds": list(told.kinds), "mode": game.mode}
    return json.dumps({**said, "at": game.at, "answers": game.answers}, sort_keys=True)


def from_json(text: str) -> Game:
    """The game of a transcript, as it was left; ConfigError if it is none, or one that no game can have written."""
    said = _read(text)
    game = Game(said["seed"], said["level"], said["mode"], tuple(said["kinds"]))
    for number, given in enumerate(said["answers"]):
        for option in given:
            option_of(game.situation.questions[number], option)
        game.answers[number] = list(given)
    made = [bool(given) for given in game.answers]
    if made != sorted(made, reverse=True):
        raise ConfigError("answers", text[:40], "one answer after the other, none left out")
    game.at = check_int("at", said["at"], 0, sum(made))
    return game


def grade(transcript: str, *, seed: int | None = None, level: str | None = None, mode: str = "exam") -> Score:
    """Grade a transcript anew: only its answers count, all else is made again from seed, level and kinds.

    ``seed`` and ``level``: what the student was given (None: what the transcript says); a transcript of another
    situation is a ConfigError, as is one that cannot be read.  ``mode``: whose rule counts, see Game.
    """
    game = from_json(transcript)
    for name, given, found in (("seed", seed, game.situation.seed), ("level", level, game.situation.level)):
        if given is not None and given != found:
            raise ConfigError(name, found, f"{given!r}, as it was given out")
    game.mode = check_choice("mode", mode, MODES)
    return game.score


def _read(text: str) -> Mapping[str, Any]:
    """The entries of a transcript, each of its type; ConfigError for anything else."""
    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise ConfigError("transcript", type(text).__name__, f"a text of at most {_MAX_TEXT:,} characters")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ConfigError("transcript", text[:40], "JSON, as a game writes it") from problem
    if not isinstance(said, dict) or said.keys() != _KEYS or said["format"] != FORMAT:
        raise ConfigError("transcript", text[:40], f"an object of the format {FORMAT!r}")
    check_int("seed", said["seed"], 0, MAX_SEED)
    for name, choices in (("level", LEVELS), ("mode", MODES)):
        check_choice(name, said[name] if isinstance(said[name], str) else "", choices)
    if not _texts(said["kinds"]):
        raise ConfigError("kinds", str(said["kinds"])[:40], "a list of kinds of decisions")
    rows = said["answers"]
    if not isinstance(rows, list) or len(rows) != LENGTH or not all(_texts(row) for row in rows):
        raise ConfigError("answers", str(rows)[:40], f"{LENGTH} lists of ids of options")
    return said


def _texts(row: object) -> bool:
    return isinstance(row, list) and all(isinstance(one, str) for one in row)
