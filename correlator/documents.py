"""Documents (JSON values) back into frozen types, driven by the types' own annotations."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from correlator.errors import InputError

Built = TypeVar("Built")


def from_document(kind: type[Built], document: Mapping[str, Any], name: str) -> Built:
    """A value of this dataclass from its JSON object, called `name` in messages. Keys it does not know are left aside;
    raises InputError that names the key that does not fit."""
    return typing.cast(Built, _build(kind, document, name))


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _build(cls: type, document: Mapping[str, Any], where: str) -> Any:
    if not isinstance(document, Mapping):
        raise InputError(f"{where}: expected an object, found {type(document).__name__}")
    hints = _hints(cls)
    known = {item.name for item in fields(cls)}
    values = {key: _convert(hints[key], value, f"{where}.{key}") for key, value in document.items() if key in known}
    try:
        return cls(**values)
    except TypeError as error:
        raise InputError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        return _convert(next(arm for arm in typing.get_args(hint) if arm is not type(None)), value, where)
    if origin is tuple:
        return tuple(_convert(typing.get_args(hint)[0], item, f"{where}[{n}]") for n, item in enumerate(value))
    if is_dataclass(hint):
        return _build(typing.cast(type, hint), value, where)
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    try:
        if hint is datetime:
            return datetime.fromisoformat(value)
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return hint(value)
        if hint is float:
            return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {value!r} does not fit: {error}") from error
    return value
