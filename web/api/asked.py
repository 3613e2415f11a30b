"""What a request says, as the types its route declares; everything else is refused with a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec
from flask import request
from msgspec.inspect import IntType, Metadata, StructType, Type, UnionType, VarTupleType, type_info
from werkzeug.exceptions import RequestEntityTooLarge

from web.errors import RefusedError, unprocessable

Kind = TypeVar("Kind", bound=msgspec.Struct)
LARGEST_BODY: Final = 64 * 1024
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_WHERE: Final = re.compile(r" - at `\$\.?([^`]*)`$")


def _number(text: str) -> int | float:
    """JSON Schema counts 1.0 as a whole number."""
    value = float(text)
    return int(value) if value.is_integer() else value


_DECODER: Final = msgspec.json.Decoder(float_hook=_number)


def asked(kind: type[Kind]) -> Kind:
    """The parameters in the address. Raises RefusedError (422): a typo must not look like an answer."""
    types = _types(kind)
    for name in request.args:
        if name not in types:
            raise unprocessable(f"there is no parameter {name!r}", f"it takes {', '.join(types) or 'no parameters'}")
    values = {name: _value(name, types[name]) for name in request.args}
    found: Kind = converted(values, kind)
    return found


def posted(kind: Any, largest: int = LARGEST_BODY) -> Any:
    """The JSON object in the body of at most so many bytes, as this type or one of a union.

    Raises RefusedError: 415 for another kind of content, 413, 422.
    """
    if request.mimetype != "application/json":
        raise RefusedError(
            415, "not_json", "the body comes as application/json", hint="send `Content-Type: application/json` with it"
        )
    try:
        values = _DECODER.decode(body(largest))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise unprocessable(f"the body is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise unprocessable("the body is not a JSON object")
    return converted(values, kind)


def body(largest: int = LARGEST_BODY) -> bytes:
    """The body as it came. Raises RefusedError (413) for more than anybody has to say here."""
    request.max_content_length = largest
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise RefusedError(413, "too_large", f"a body has at most {largest} bytes") from error


def converted(values: Mapping[str, Any], kind: Any) -> Any:
    """The values as this type. Raises RefusedError (422) that names the one that does not fit."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise unprocessable(_sentence(str(error))) from error


@cache
def _types(kind: type[msgspec.Struct]) -> dict[str, Type]:
    """The type of each parameter, without its description."""
    described = cast(StructType, type_info(kind))
    return {field.encode_name: _plain(field.type) for field in described.fields}


def _plain(kind: Type) -> Type:
    return _plain(kind.type) if isinstance(kind, Metadata) else kind


def _value(name: str, kind: Type) -> Any:
    """Text out of an address as what it stands for: numbers as numbers, what may come repeatedly as a list."""
    texts = request.args.getlist(name)
    if isinstance(kind, VarTupleType):
        return texts
    if len(texts) > 1:
        raise unprocessable(f"{name} is given {len(texts)} times", "once is enough")
    return int(texts[0]) if _is_number(kind) and _WHOLE.fullmatch(texts[0]) else texts[0]


def _is_number(kind: Type) -> bool:
    kinds = kind.types if isinstance(kind, UnionType) else (kind,)
    return any(isinstance(_plain(one), IntType) for one in kinds)


def _sentence(message: str) -> str:
    """`limit: expected int >= 1` of "Expected `int` >= 1 - at `$.limit`"."""
    where = _WHERE.search(message)
    words = _WHERE.sub("", message).replace("`", "")
    return f"{where[1]}: {words[:1].lower()}{words[1:]}" if where else words
