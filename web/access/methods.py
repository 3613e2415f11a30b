"""Which ways in are configured."""

from __future__ import annotations

from correlator.settings import Settings


def by_oidc(settings: Settings) -> bool:
    return bool(settings["access.oidc_issuer"])


def by_proxy(settings: Settings) -> bool:
    return bool(settings["access.proxy_header"])


def by_token(settings: Settings) -> bool:
    return bool(settings["access.tokens"])


def is_configured(settings: Settings) -> bool:
    """Where it is not, the pages are for this machine alone."""
    return by_oidc(settings) or by_proxy(settings) or by_token(settings)
