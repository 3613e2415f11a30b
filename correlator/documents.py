"""Documents (JSON values) back into frozen types, driven by the types' own annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from correlator.errors import InputError

Built = TypeVar("Built")
_WHERE: Final = re.compile(r"(?P<what>.*) - at `\$(?P<where>[^`]*)`", re.DOTALL)


def from_document(kind: type[Built], document: Mapping[str, Any], name: str) -> Built:
    """A value of this dataclass from its JSON object, called `name` in messages. Keys it does not know are left aside;
    raises InputError that names the key that does not fit."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        found = _WHERE.fullmatch(str(error))
        what, where = (found["what"], found["where"]) if found else (str(error), "")
        raise InputError(f"{name}{where}: {what}") from error
