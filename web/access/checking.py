"""Settings of access that cannot be right are refused before anything is served."""

from __future__ import annotations

from urllib.parse import urlsplit

from correlator.errors import SettingsError
from correlator.settings import Settings
from web.access.grants import check_grants
from web.access.methods import by_oidc
from web.access.proxy import check_proxy
from web.http.security import is_loopback

_METRICS = ("login", "loopback")
_POSITIVE = ("idle_seconds", "longest_seconds", "costly_per_minute", "logins_per_minute")


def check_access(settings: Settings) -> None:
    """Raises SettingsError."""
    check_grants(settings)
    check_proxy(settings)
    for name in _POSITIVE:
        if settings[f"access.{name}"] < 1:
            raise SettingsError(f"access.{name} must be 1 or more")
    if settings["access.metrics"] not in _METRICS:
        raise SettingsError(f"access.metrics must be one of {', '.join(_METRICS)}")
    if by_oidc(settings):
        _check_oidc(settings)


def _check_oidc(settings: Settings) -> None:
    if not settings["access.oidc_client_id"]:
        raise SettingsError(
            "access.oidc_client_id is missing", hint="the provider gives it when a client is registered"
        )
    if not settings["web.base_url"]:
        raise SettingsError("web.base_url is missing", hint="the provider sends people back to it, below /login/back")
    if "openid" not in settings["access.oidc_scopes"]:
        raise SettingsError("access.oidc_scopes must name `openid`")
    for name in ("access.oidc_issuer", "web.base_url"):
        parts = urlsplit(settings[name])
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise SettingsError(
                f"{name}: {settings[name]!r} is not https", hint="codes and cookies must not go in clear"
            )
