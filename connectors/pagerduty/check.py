"""What the key may do, and whether notes could be written: nothing is written to find out."""

from __future__ import annotations

from typing import Any, Final

from connectors.pagerduty.client import NotFoundError, PagerDutyClient
from connectors.pagerduty.lists import items_of
from connectors.pagerduty.source import build_client
from connectors.payloads import dig, text_of
from connectors.probing import patience_to_check, probe
from connectors.retries import Patience
from correlator.errors import SourceError
from correlator.ports import Probe
from correlator.settings import Settings

_NOBODY: Final = "PNOSUCHINCIDENT"
"""Longer than ids are: no incident has it, so a note on it can only be refused or not find its place."""
_LISTS: Final = (
    ("incidents", "nothing to lay findings beside, and nowhere to write them"),
    ("services", "no names of services, and not what they depend on"),
    ("log_entries", "no history of who did what in an incident"),
)


def check(settings: Settings, patience: Patience | None = None) -> list[Probe]:
    """Probes of the lists that pulls read, of what the plan holds, and of the note. Raises SettingsError."""
    patience = patience or patience_to_check()
    client = build_client(settings, patience)
    seen: list[str] = []
    probes = [_list(client, name, without, seen) for name, without in _LISTS]
    for incident_id in seen[:1]:
        probes += [_of_incident(client, incident_id, what) for what in ("related_incidents", "past_incidents")]
    if settings["pagerduty.attach"]:
        probes += [_author(client, settings["pagerduty.from"]), _write(client)]
    return probes


def _list(client: PagerDutyClient, name: str, without: str, seen: list[str]) -> Probe:
    """A list of one item; the id of an incident goes into `seen`."""

    def ask() -> str:
        items = items_of(client.get(f"/{name}", {"limit": 1}), name)
        if name == "incidents":
            seen.extend(found for item in items if (found := text_of(dig(item, "id"))))
        return "allowed"

    return probe(f"read {name}", ask, permission="a read-only key", without=without, needed=name == "incidents")


def _of_incident(client: PagerDutyClient, incident_id: str, what: str) -> Probe:
    def ask() -> str:
        client.get(f"/incidents/{incident_id}/{what}", {})
        return "allowed"

    words = what.replace("_", " ")
    return probe(f"read {words}", ask, permission="in the plan", without=f"no {words} beside a finding", needed=False)


def _author(client: PagerDutyClient, address: str) -> Probe:
    """Whether the user under whose name notes are written exists: PagerDuty refuses the note when not."""

    def ask() -> str:
        if not address:
            raise SourceError(
                "pagerduty.from is not set",
                hint="set it to the e-mail address of a PagerDuty user, or pagerduty.attach to false",
                permanent=True,
            )
        users = items_of(client.get("/users", {"query": address, "limit": 100}), "users")
        if not any(_same(user, address) for user in users):
            raise SourceError(
                f"no user of this account has the address of pagerduty.from ({address})",
                hint="an address that exists in PagerDuty; it stands as the note's author",
                permanent=True,
            )
        return f"{address} is a user"

    return probe("author of notes", ask, permission="pagerduty.from", without="no notes are written")


def _same(user: Any, address: str) -> bool:
    return (text_of(dig(user, "email")) or "").lower() == address.lower()


def _write(client: PagerDutyClient) -> Probe:
    """A note on an incident that cannot exist: a key that may write is told so, one that may not is refused."""

    def ask() -> str:
        try:
            client.post(f"/incidents/{_NOBODY}/notes", {"note": {"content": "May this key write notes?"}})
        except NotFoundError:
            return "allowed"
        raise SourceError(f"PagerDuty took a note on {_NOBODY}, which cannot exist", permanent=True)

    return probe("write notes", ask, permission="a full-access key", without="no notes are written")
