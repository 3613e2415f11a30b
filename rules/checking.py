"""A rule file against its schema; every complaint names file and line, and the nearest known key."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError

from correlator.errors import RulesError
from correlator.yaml_reader import Document

SCHEMA_FILE: Final = Path(__file__).with_name("schema.json")


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _properties(error: ValidationError) -> Iterable[str]:
    properties = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    return [str(name) for name in properties]


def _known(error: ValidationError) -> list[str]:
    """The allowed or required words of an enum or `required` complaint."""
    return [str(word) for word in error.validator_value] if isinstance(error.validator_value, list) else []


def _absent(error: ValidationError) -> str:
    present = error.instance if isinstance(error.instance, dict) else {}
    return next((key for key in _known(error) if key not in present), "a key")


def check(document: Document) -> None:
    """Raises RulesError about the first thing that does not fit the schema: unknown keys first, then by line.

    A key that nobody knows is often the cause of one that is missing.
    """
    _check_numbers(document, (), document.value)
    complaints = [_deepest(error) for error in _validator().iter_errors(document.value)]
    unknown = [error for error in complaints if error.validator == "additionalProperties"]
    if complaints:
        raise min((_worded(document, error) for error in unknown or complaints), key=lambda found: found[0])[1]


def _check_numbers(document: Document, path: tuple[str | int, ...], value: Any) -> None:
    """YAML has words for what is no number and for infinity; a threshold is neither."""
    if isinstance(value, float) and not math.isfinite(value):
        where = ".".join(str(step) for step in path if not isinstance(step, int)) or "the file"
        message = f"{document.file}, line {document.line_of(*path)}: {where}: {value} is no number to compare with"
        raise RulesError(message, hint="leave out a limit that is not wanted")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        _check_numbers(document, (*path, key), item)


def _deepest(error: ValidationError) -> ValidationError:
    """Where a value may have several shapes, the complaint about the shape it has, not "none of them fits"."""
    while error.context:
        right_type = [inner for inner in error.context if inner.validator != "type"]
        if not right_type:
            return error
        error = max(right_type, key=lambda inner: len(inner.absolute_path))
    return error


def _worded(document: Document, error: ValidationError) -> tuple[int, RulesError]:
    path = list(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        return unknown_key(document, tuple(path), error.instance, _properties(error))
    line = document.line_of(*path)
    where = ".".join(str(step) for step in path if not isinstance(step, int)) or "the file"
    return line, RulesError(f"{document.file}, line {line}: {where}: {_reason(error)}", hint=_hint(error))


def _reason(error: ValidationError) -> str:
    if error.validator == "required":
        return f"`{_absent(error)}` is missing"
    if error.validator == "enum":
        return f"{error.instance!r} is not one of {', '.join(_known(error))}"
    if error.validator in ("oneOf", "type"):
        return f"{_short(error.instance)} is not what belongs here"
    return error.message if len(error.message) < 200 else f"{_short(error.instance)} does not fit {error.validator}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:59] + "…"


def _hint(error: ValidationError) -> str:
    if error.validator == "enum" and isinstance(error.instance, str):
        return nearest(error.instance, _known(error))
    if isinstance(error.schema, dict) and error.schema.get("description"):
        return str(error.schema["description"])
    return "docs/rules.md shows every key"


def unknown_key(
    document: Document, path: tuple[str | int, ...], value: dict[str, Any], known: Iterable[str]
) -> tuple[int, RulesError]:
    """The error about a key that nobody knows, with the nearest known one."""
    names = sorted(known)
    extra = next(key for key in value if key not in names)
    line = document.line_of(*path, str(extra))
    message = f"{document.file}, line {line}: there is no key `{extra}` here"
    return line, RulesError(message, hint=nearest(str(extra), names))


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?`, or the known words."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(names)}"
