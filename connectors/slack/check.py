"""Whether the token is good, what it may do, and whether the channel can be read. Nothing is written to find out."""

from __future__ import annotations

from typing import Final

from connectors.payloads import dig, text_of
from connectors.probing import patience_to_check, probe
from connectors.retries import Patience
from connectors.slack.client import SlackClient
from connectors.slack.sink import TOKEN, WEBHOOK, build, build_client
from correlator.errors import SourceError
from correlator.ports import Found, Probe
from correlator.settings import Settings

_WRITE: Final = "chat:write"


def check(settings: Settings, patience: Patience | None = None) -> list[Probe]:
    """Probes of the token and the channel. Raises SettingsError."""
    patience = patience or patience_to_check()
    if settings.has_secret(WEBHOOK) and not settings.has_secret(TOKEN):
        build(settings, patience)
        said = "an incoming webhook can only be written to"
        return [Probe("incoming webhook", Found.UNKNOWN, said=said, without="messages cannot be updated", needed=False)]
    client = build_client(settings, patience)
    without = "no messages are written"
    return [
        probe("token", lambda: _token(client), permission=_WRITE, without=without),
        probe(
            "channel",
            lambda: _channel(client, settings["slack.channel"]),
            permission="channels:history or groups:history",
            without="a message whose answer was lost cannot be found again",
        ),
    ]


def _token(client: SlackClient) -> str:
    answer = client.get("/auth.test")
    scopes = answer.headers.get("x-oauth-scopes")
    if scopes is not None and _WRITE not in {scope.strip() for scope in scopes.split(",")}:
        raise SourceError(
            f"the token lacks the scope {_WRITE}", hint="add it to the app and install it anew", permanent=True
        )
    return f"writes as {text_of(dig(answer.document, 'user')) or 'somebody who is not named'}"


def _channel(client: SlackClient, channel: str) -> str:
    client.get("/conversations.history", {"channel": channel, "limit": "1"})
    return "can be read"
