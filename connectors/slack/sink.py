"""Slack as a sink: one message a finding in one channel, found again by its metadata and updated in place.

With an incoming webhook instead of a bot's token nothing can be looked up or updated: then each verdict is told once,
and never again when its answer was lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.payloads import dig, text_of
from connectors.plain_http import PlainClient, RefusedError, Words
from connectors.retries import LostAnswerError, Patience, patience_to_write
from connectors.slack.client import SlackClient
from connectors.slack.mapping import is_ours, message, text_of_note
from correlator.errors import SettingsError
from correlator.ports import Attached, Note, Place, Way
from correlator.settings import Settings

TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of a variable, no secret
WEBHOOK: Final = "SLACK_WEBHOOK_URL"
_EARLIER: Final = timedelta(minutes=10)
"""How far before a message was first to be written it is looked for: clocks differ."""
_PAGES: Final = 20
_GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message was deleted, or can no longer be changed: a new one is due."""


class SlackSink:
    """Implements `ports.Sink` with a bot's token. A `note_id` is `CHANNEL:TS`."""

    name = "slack"
    ways: Mapping[Place, Way] = MappingProxyType({Place.FINDING: Way()})

    def __init__(self, client: SlackClient, channel: str) -> None:
        self._client = client
        self._channel = channel

    def attach(self, note: Note) -> Attached:
        """Write the message about a finding, or update it. Raises SourceError."""
        channel, _, ts = note.note_id.partition(":")
        if ts:
            return self._update(note, channel, ts)
        existing = self._existing(note)
        if existing is None:
            return Attached("", written=False) if note.only_if_there else self._create(note)
        return self._changed(note, existing)

    def rendered(self, note: Note) -> str:
        """The text as it goes out."""
        return text_of_note(note)

    def _existing(self, note: Note) -> dict[str, Any] | None:
        """Our oldest message about this finding since it was first to be written."""
        since = None if note.since is None else str((note.since - _EARLIER).timestamp())
        params = {"channel": self._channel, "include_all_metadata": "true", "limit": "200"}
        params |= {"oldest": since} if since else {}
        ours: list[dict[str, Any]] = []
        for _ in range(_PAGES):
            document = self._client.get("/conversations.history", params).document
            ours += [item for item in document.get("messages") or [] if is_ours(item, note.target)]
            cursor = text_of(dig(document, "response_metadata.next_cursor"))
            if cursor is None:
                break
            params["cursor"] = cursor
        return min(ours, key=lambda item: str(item.get("ts")), default=None)

    def _changed(self, note: Note, existing: dict[str, Any]) -> Attached:
        ts = str(existing.get("ts"))
        if existing.get("text") == text_of_note(note):
            return Attached(f"{self._channel}:{ts}", written=False)
        return self._update(note, self._channel, ts)

    def _create(self, note: Note) -> Attached:
        try:
            answer = self._client.write(
                "POST", "/chat.postMessage", {"channel": self._channel, **message(note)}
            ).document
        except LostAnswerError:
            existing = self._existing(note)
            if existing is None:
                raise
            return Attached(f"{self._channel}:{existing.get('ts')}", written=True)
        return Attached(f"{answer.get('channel') or self._channel}:{answer.get('ts')}", written=True)

    def _update(self, note: Note, channel: str, ts: str) -> Attached:
        try:
            self._client.write("POST", "/chat.update", {"channel": channel, "ts": ts, **message(note)})
        except RefusedError as error:
            if error.code not in _GONE:
                raise
            return self._create(note)
        return Attached(f"{channel}:{ts}", written=True)


class IncomingWebhookSink:
    """Implements `ports.Sink` with the address of an incoming webhook, which takes messages and gives nothing back."""

    name = "slack"
    ways: Mapping[Place, Way] = MappingProxyType({Place.FINDING: Way(in_place=False, again=False)})

    def __init__(self, client: PlainClient) -> None:
        self._client = client

    def attach(self, note: Note) -> Attached:
        """Send the message once. Raises SourceError when it was not sent."""
        try:
            self._client.write("POST", "", {"text": text_of_note(note), "unfurl_links": False, "unfurl_media": False})
        except LostAnswerError:
            return Attached("", written=True, unsure=True)
        return Attached("", written=True)

    def rendered(self, note: Note) -> str:
        """The text as it goes out."""
        return text_of_note(note)


def build_client(settings: Settings, patience: Patience | None = None) -> SlackClient:
    """The client for a bot's token. Raises SettingsError for a missing token or channel."""
    if not settings["slack.channel"]:
        raise SettingsError("slack.channel is not set", hint="the id of the channel, e.g. C024BE91L")
    patience = patience or patience_to_write()
    return SlackClient(url=settings["slack.url"], token=settings.secret(TOKEN), patience=patience)


def build(settings: Settings, patience: Patience | None = None) -> SlackSink | IncomingWebhookSink:
    """The sink as configured: by a bot's token where there is one. Raises SettingsError."""
    if settings.has_secret(TOKEN) or not settings.has_secret(WEBHOOK):
        return SlackSink(build_client(settings, patience), settings["slack.channel"])
    url = settings.secret(WEBHOOK)
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise SettingsError(f"{WEBHOOK} is no address", hint="it begins with https://hooks.slack.com/services/")
    words = Words("Slack", f"check {WEBHOOK}", f"check {WEBHOOK}")
    patience = patience or patience_to_write()
    return IncomingWebhookSink(PlainClient(url, words, secrets=(url, parts.path), patience=patience))
