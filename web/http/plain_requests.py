"""What no database can be asked for is refused before anything is asked: a NUL in the address or in a form."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, request

from web.errors import unprocessable

FORM = "application/x-www-form-urlencoded"


def guard(app: Flask) -> None:
    app.before_request(refuse_nul)


def refuse_nul() -> None:
    """Raise RefusedError (422) for a request whose texts hold a NUL."""
    if any("\0" in text for text in _texts()):
        raise unprocessable("there is a NUL character in it", "no text that is stored has one")


def _texts() -> Iterator[str]:
    """Every text in the address and in a form, names too. JSON is looked at where it is read."""
    yield request.path
    for values in (request.args, *([request.form] if request.mimetype == FORM else [])):
        for name, value in values.items(multi=True):
            yield from (name, value)
