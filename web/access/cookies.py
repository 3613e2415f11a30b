"""Our cookies: random names of what is kept on the server, of a session and of a login under way."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import request
from werkzeug.wrappers import Response

from correlator.settings import Settings

SESSION: Final = "correlator_session"
LOGIN: Final = "correlator_login"


def is_https(settings: Settings) -> bool:
    """Whether browsers reach the pages over TLS: by `web.base_url`, as TLS ends at the proxy in front."""
    base: str = settings["web.base_url"]
    return urlsplit(base).scheme == "https"


def cookie_name(settings: Settings, kind: str) -> str:
    """With TLS a name that browsers keep to this host and to TLS (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{kind}" if is_https(settings) else kind


def shown(settings: Settings, kind: str) -> str:
    """What the browser shows; "" for nothing."""
    return request.cookies.get(cookie_name(settings, kind), "")


def give(response: Response, settings: Settings, kind: str, name: str) -> None:
    """Let the browser keep it until it is closed: how long it counts is decided here, not there."""
    response.set_cookie(
        cookie_name(settings, kind), name, secure=is_https(settings), httponly=True, samesite="Lax", path="/"
    )


def take(response: Response, settings: Settings, kind: str) -> None:
    response.delete_cookie(
        cookie_name(settings, kind), secure=is_https(settings), httponly=True, samesite="Lax", path="/"
    )
