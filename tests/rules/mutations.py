"""Ways in which a rule file goes wrong: each changes one thing in it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

Document = dict[str, Any]
Mutant = tuple[str, Document]
_REQUIRED: Final = ("id", "title", "when", "ask", "severity", "examples")
_RANGES: Final = ("at_least", "at_most", "share_at_least", "within_minutes", "within", "jobs_at_least")
_WORDS: Final = {"up": "down", "down": "up", "systemic": "inconclusive", "known": "unknown", "unknown": "known"}
_WORDS_OF_CAUSE: Final = {"upstream": "self", "self": "shared", "shared": "upstream", "none": "upstream"}


def mutants(document: Document) -> Iterator[Mutant]:
    """Every mutation of every rule of a file, each in a file of its own."""
    for rule in document["rules"]:
        for name, change in _changes(rule):
            made = copy.deepcopy(rule)
            change(made)
            yield f"{rule['id']}: {name}", {"rules": [made]}
        yield f"{rule['id']}: stands twice", {"rules": [rule, rule]}


Change = tuple[str, Callable[[dict[str, Any]], None]]


def _changes(rule: dict[str, Any]) -> Iterator[Change]:
    for key in rule:
        yield f"the key {key} is misspelt", _renamed((), key)
    for key in _REQUIRED:
        yield f"{key} is missing", _dropped((), key)
    yield "an unknown fact in the ask", lambda made: made.update(ask=made["ask"] + " {tenent}")
    yield "a brace that is not closed", lambda made: made.update(ask=made["ask"] + " {job")
    yield "no such severity", lambda made: made.update(severity="urgent")
    yield "examples change places", _swap_examples
    if "known_error" in rule:
        yield "another signature", lambda made: made["known_error"].update(signature="*nobody ever wrote this*")
        yield "no fix", lambda made: made["known_error"].pop("fix")
    for source in range(len(rule.get("sources", ()))):
        yield f"source {source} has no claim", _dropped(("sources", source), "claim")
        yield f"source {source} is no address", _set(("sources", source), "url", "the manual")
    for key, entry in rule.get("wait", {}).items():
        for limit in entry:
            yield f"{key} {limit} below zero", _set(("wait", key), limit, -1)
    yield from _of_mapping(("when",), rule["when"])


def _of_mapping(path: tuple[str | int, ...], when: dict[str, Any]) -> Iterator[Change]:
    for key, value in when.items():
        here = ".".join(str(step) for step in (*path, key))
        yield f"{here} is misspelt", _renamed(path, key)
        yield f"{here} is missing", _dropped(path, key)
        yield from _of_value(path, key, value, here)


def _of_value(path: tuple[str | int, ...], key: str | int, value: Any, here: str) -> Iterator[Change]:
    if isinstance(value, dict):
        yield from _of_mapping((*path, key), value)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield f"{here} without {item!r}", _without((*path, key), number)
            if not isinstance(item, str):
                yield from _of_value((*path, key), number, item, f"{here}.{number}")
    elif isinstance(value, int | float) and key in _RANGES:
        for changed in (value * 2, value // 2 if isinstance(value, int) else value / 2):
            yield f"{here} is {changed}", _set(path, key, changed)
    elif key == "cause" or value in _WORDS:
        other = _WORDS_OF_CAUSE[value] if key == "cause" else _WORDS[value]
        yield f"{here} is {other}", _set(path, key, other)


def _at(made: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        made = made[step]
    return made


def _renamed(path: tuple[str | int, ...], key: str) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        place = _at(made, path)
        place[f"{key}x"] = place.pop(key)

    return change


def _dropped(path: tuple[str | int, ...], key: str) -> Callable[[dict[str, Any]], None]:
    return lambda made: _at(made, path).pop(key)


def _without(path: tuple[str | int, ...], number: int) -> Callable[[dict[str, Any]], None]:
    return lambda made: _at(made, path).pop(number)


def _set(path: tuple[str | int, ...], key: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        _at(made, path)[key] = value

    return change


def _swap_examples(made: dict[str, Any]) -> None:
    examples = made["examples"]
    examples["must_match"], examples["must_not_match"] = examples["must_not_match"], examples["must_match"]
