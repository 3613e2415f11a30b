"""The base URL of a server, as somebody configured it."""

from __future__ import annotations

from urllib.parse import urlsplit

from correlator.errors import SettingsError
from correlator.settings import Settings


def base_url(settings: Settings, name: str, *, instead: str, example: str) -> str:
    """The value of the setting `name`. Raises SettingsError for one that is no address, or that holds a user or a
    password, which stand in `instead`: addresses are shown and logged."""
    url: str = settings[name]
    where = f"{settings.origin[name]}: `{name}`"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SettingsError(f"{where} is no address: {error}") from None
    if parts.username or parts.password:
        raise SettingsError(f"{where} holds a user or a password", hint=f"use {instead} instead")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsError(f"{where} is no address: {url}", hint=f"for example {example}")
    return url
