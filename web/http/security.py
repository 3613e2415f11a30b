"""Headers on every answer, and the rule about which Host headers are answered.

While no access is configured the pages listen on loopback only. A web site can still make a browser ask
us, by giving its own name our address (DNS rebinding); the Host header shows that, so other names are refused.
Source of the policy: https://www.w3.org/TR/CSP3/, and OWASP's secure headers project.
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, request

from web.app_state import whole_context
from web.errors import RefusedError

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

TRANSPORT: Final = "max-age=31536000"
"""Browsers are to come by TLS alone, where `web.base_url` says that there is any (RFC 6797)."""
_ADDED_BY_PROXIES: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")
ACTORS_SHOWN_BY: Final = ("Authorization", "Cookie")
"""Answers differ by who asks: no cache gives one of them to somebody else."""


def guard(app: Flask) -> None:
    """Check the Host header of every request and put the headers on every answer."""
    app.before_request(refuse_other_hosts)
    app.after_request(add_headers)


def refuse_other_hosts() -> None:
    """Raise RefusedError (421) for a Host header that is neither loopback nor the host of `web.base_url`."""
    name = host_name(request.headers.get("Host", ""))
    if not (is_loopback(name) or name == own_name()):
        raise RefusedError(
            421,
            "wrong_host",
            f"this address is not served under the name {name!r}",
            hint="use http://localhost or 127.0.0.1, or set web.base_url to the address others use",
        )


def host_name(header: str) -> str:
    """The name in a Host header without its port; "" for one that is none.

    >>> host_name("LOCALHOST:8420"), host_name("[::1]:8420"), host_name("[::2")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def own_name() -> str | None:
    """The host name in `web.base_url`, if one is set."""
    base: str = whole_context().settings["web.base_url"]
    return urlsplit(base).hostname


def is_loopback(name: str) -> bool:
    """True for `localhost`, 127.0.0.0/8 and ::1.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost.example.com")
    (True, True, False)
    """
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def from_this_machine() -> bool:
    """Whether it was sent on this machine, to a name of this machine, and no proxy says that it passed it on."""
    named = is_loopback(host_name(request.headers.get("Host", "")))
    passed_on = any(name in request.headers for name in _ADDED_BY_PROXIES)
    return named and is_loopback(request.remote_addr or "") and not passed_on


def add_headers(response: Response) -> Response:
    for header, value in HEADERS.items():
        response.headers.setdefault(header, value)
    if urlsplit(whole_context().settings["web.base_url"]).scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", TRANSPORT)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.vary.update(ACTORS_SHOWN_BY)
    return response
