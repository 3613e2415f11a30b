"""Documents (JSON values) back into frozen types, driven by the types' own annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

import msgspec

from correlator.errors import InputError

Built = TypeVar("Built")
_WHERE: Final = re.compile(r"(?P<what>.*) - at `\$(?P<where>[^`]*)`", re.DOTALL)
_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_decoder: Final = msgspec.json.Decoder()


def parsed(text: str, but_for: Collection[str] = ()) -> dict[str, Any]:
    """The object of a JSON text that we wrote, without these keys, which cost hardly anything then: lists read a little
    of long documents. What the quick reader refuses (half of a surrogate pair, NaN) Python's own reads."""
    try:
        if not but_for:
            whole: dict[str, Any] = _decoder.decode(text)
            return whole
        members = _members.decode(text)
        return {name: _decoder.decode(value) for name, value in members.items() if name not in but_for}
    except (msgspec.DecodeError, RecursionError):
        return {name: value for name, value in json.loads(text).items() if name not in but_for}


def from_document(kind: type[Built], document: Mapping[str, Any], name: str) -> Built:
    """A value of this dataclass from its JSON object, called `name` in messages. Keys it does not know are left aside;
    raises InputError that names the key that does not fit."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        found = _WHERE.fullmatch(str(error))
        what, where = (found["what"], found["where"]) if found else (str(error), "")
        raise InputError(f"{name}{where}: {what}") from error
