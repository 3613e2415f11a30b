"""Whether the token is good, its user an agent, and tickets can be searched. Nothing is written to find out."""

from __future__ import annotations

from connectors.payloads import dig, text_of
from connectors.plain_http import PlainClient
from connectors.probing import patience_to_check, probe
from connectors.retries import Patience
from connectors.zendesk.sink import build, build_client
from correlator.errors import SourceError
from correlator.ports import Probe
from correlator.settings import Settings


def check(settings: Settings, patience: Patience | None = None) -> list[Probe]:
    """Probes of the user and of the search. Raises SettingsError."""
    patience = patience or patience_to_check()
    build(settings, patience)
    client = build_client(settings, patience)
    without = "no notes are written on tickets"
    return [
        probe("user", lambda: _user(client), permission="an agent", without=without),
        probe("search", lambda: _search(client), permission="an agent", without=without),
    ]


def _user(client: PlainClient) -> str:
    """Who the token stands for: Zendesk answers a wrong one with 200 and nobody."""
    user = client.get("/api/v2/users/me.json").document
    role = text_of(dig(user, "user.role"))
    if text_of(dig(user, "user.id")) is None or role == "end-user":
        raise SourceError(
            f"the user is {'no agent' if role else 'not known'}",
            hint="check zendesk.user and ZENDESK_API_TOKEN; internal notes are for agents",
            permanent=True,
        )
    return f"is {role}"


def _search(client: PlainClient) -> str:
    client.get("/api/v2/search.json", {"query": "type:ticket status<solved", "per_page": "1"})
    return "allowed"
