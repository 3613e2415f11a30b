"""The rules in force, read anew only when a rule file changed: reading them takes longer than a page may."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from correlator.errors import RulesError
from correlator.settings import Settings
from rules import Rule, RuleSet, load_rules
from rules.loader import BUILTIN

_ROOT: Final = BUILTIN.parent.parent
_Stamp = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`error`: why rule files of one's own cannot be used; `rules` are then the built-in ones alone."""

    rules: RuleSet
    error: str = ""
    hint: str = ""


def rulebook(settings: Settings) -> Rulebook:
    """The rules as the settings have them now."""
    folders = tuple(settings["rules.folders"])
    return _read(folders, tuple(stamp for folder in folders for stamp in _stamps(Path(folder))))


def _stamps(folder: Path) -> list[_Stamp]:
    """What changes when a file does; a folder that is not there has none."""
    try:
        files = sorted(folder.iterdir())
        return [(str(file), status.st_mtime_ns, status.st_size) for file in files for status in (file.stat(),)]
    except OSError:
        return []


@lru_cache(maxsize=4)
def _read(folders: tuple[str, ...], _: tuple[_Stamp, ...]) -> Rulebook:
    try:
        return Rulebook(load_rules([Path(folder) for folder in folders]))
    except RulesError as error:
        return Rulebook(load_rules(), error.message, error.hint)


def is_builtin(rule: Rule) -> bool:
    return rule.place.startswith(str(BUILTIN))


def place_words(rule: Rule) -> str:
    """File and line; those of the built-in rules from the program's own folder on."""
    return rule.place.removeprefix(f"{_ROOT}/") if is_builtin(rule) else rule.place
