"""Forms that change something are taken from our own pages only: another site can make a browser send them too.

Browsers say where a request comes from in `Sec-Fetch-Site` and `Origin`, which no page can set; what sends neither is
no browser. Sources: Fetch Metadata (https://www.w3.org/TR/fetch-metadata/) and OWASP's sheet on request forgery.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

from flask import request

from web.app_state import whole_context
from web.errors import RefusedError

_USUAL_PORTS: Final = {"http": 80, "https": 443}


def refuse_other_origins() -> None:
    """Raise RefusedError (403) for a request by a browser that another site's page caused."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site not in (None, "same-origin") or (site is None and origin is not None and not _is_ours(origin)):
        raise RefusedError(
            403,
            "other_origin",
            "this was sent by a page of another site",
            hint="open the finding here, and send it from its own page",
        )


def _is_ours(origin: str) -> bool:
    """Whether it is the origin of the address asked, or that of `web.base_url` (behind a proxy). The same host with
    another port, or without TLS, is another origin (RFC 6454, 4)."""
    base: str = whole_context().settings["web.base_url"]
    try:
        given = urlsplit(origin)
        named = _named(given)
    except ValueError:
        return False
    return given.netloc == request.host or (base != "" and named == _named(urlsplit(base)))


def _named(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _USUAL_PORTS.get(parts.scheme)
