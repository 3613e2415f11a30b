"""Forms that change something are taken from our own pages only: another site can make a browser send them too.

Browsers say where a request comes from in `Sec-Fetch-Site` and `Origin`, which no page can set; what sends neither is
no browser. Sources: Fetch Metadata (https://www.w3.org/TR/fetch-metadata/) and OWASP's sheet on request forgery.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from web.errors import RefusedError
from web.http.security import own_name


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
    """Whether the origin is the address asked, or the host of `web.base_url` (behind a proxy)."""
    try:
        parts = urlsplit(origin)
        name = parts.hostname
    except ValueError:
        return False
    return parts.netloc == request.host or (name is not None and name == own_name())
