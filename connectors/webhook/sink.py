"""A signed webhook as a sink: each piece of news is one delivery, under an id that stays the same when it is repeated.

A delivery whose answer was lost is sent again: who receives drops repeats by the id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from connectors.plain_http import PlainClient, Words
from connectors.retries import Patience, patience_to_write
from connectors.webhook.mapping import message, message_id
from connectors.webhook.signing import keys_of, signed
from correlator.errors import SettingsError
from correlator.ports import Attached, Note, Place, Way
from correlator.settings import Settings

SECRET: Final = "WEBHOOK_SECRET"  # noqa: S105 - the name of a variable, no secret
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class WebhookSink:
    """Implements `ports.Sink`. `now` gives seconds since 1970."""

    name = "webhook"
    ways: Mapping[Place, Way] = MappingProxyType({Place.FINDING: Way(in_place=False)})

    def __init__(self, client: PlainClient, keys: tuple[bytes, ...], now: Callable[[], float] = time.time) -> None:
        self._client = client
        self._keys = keys
        self._now = now

    def attach(self, note: Note) -> Attached:
        """Deliver the news; a 2xx takes it. Raises SourceError."""
        body, known_as = _encoded(note).encode(), message_id(note)
        self._client.write("POST", "", body, signed(self._keys, known_as, int(self._now()), body), again=True)
        return Attached(known_as, written=True)

    def rendered(self, note: Note) -> str:
        """The body of the delivery."""
        return _encoded(note, indent=1)


def _encoded(note: Note, indent: int | None = None) -> str:
    return json.dumps(message(note), ensure_ascii=False, indent=indent)


def build_client(settings: Settings, patience: Patience | None = None) -> PlainClient:
    """The client as configured. Raises SettingsError for an address that is none, or not encrypted."""
    url = settings["webhook.url"]
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise SettingsError(f"webhook.url is no address: {url!r}", hint="e.g. https://hooks.example.com/findings")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SettingsError("webhook.url is not encrypted", hint="use https; http is for this machine alone")
    words = Words("webhook", "does the receiver check the signature with the same WEBHOOK_SECRET?", "check webhook.url")
    secrets = tuple(settings.secret(SECRET).split())  # some receivers answer with what they were sent
    return PlainClient(url, words, secrets=secrets, patience=patience or patience_to_write())


def build(settings: Settings, patience: Patience | None = None) -> WebhookSink:
    """The sink as configured. Raises SettingsError for a missing or unusable address or secret."""
    return WebhookSink(build_client(settings, patience), keys_of(settings.secret(SECRET), SECRET))
