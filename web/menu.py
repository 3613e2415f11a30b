"""The pages one can go to from every other, and the keys for it; the header and the dialog of keys are made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from web.access import Actor, Role


@dataclass(frozen=True, slots=True)
class Entry:
    """One page. `key` follows `g`; `whole`: only for who may see all tenants."""

    endpoint: str
    text: str
    key: str = ""
    role: Role = Role.VIEWER
    whole: bool = False

    @property
    def part(self) -> str:
        """The blueprint, whose other pages belong to this one."""
        return self.endpoint.split(".")[0]

    def is_for(self, actor: Actor) -> bool:
        return actor.role >= self.role and not (self.whole and actor.restricted)


FIRST: Final = (
    Entry("overview.show", "Overview", "o"),
    Entry("check.show", "Check", "c"),
    Entry("incident.index", "Incidents", "i"),
    Entry("jobs.show", "Jobs", "j"),
    Entry("handover.index", "Handover", "h"),
    Entry("reports.show", "Reports", "r"),
)
"""What one reaches for during an incident."""
MORE: Final = (
    Entry("rules.show", "Rules", "u"),
    Entry("actions.index", "Actions", "a"),
    Entry("asks.show", "Asks", "k"),
    Entry("sources.show", "Sources", "s", whole=True),
    Entry("customer.index", "Messages", "m"),
    Entry("settings.show", "Settings", role=Role.ADMIN, whole=True),
    Entry("audit.show", "Audit log", role=Role.ADMIN, whole=True),
    Entry("tokens.show", "API tokens", role=Role.ADMIN, whole=True),
)


def seen_by(actor: Actor, entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.is_for(actor)]


def current(entry: Entry, endpoint: str | None) -> str:
    """`aria-current` of a link to this page: `page` on it, `true` on a page below it, else "".

    >>> current(FIRST[3], "jobs.show"), current(FIRST[3], "jobs.job"), current(FIRST[3], "check.show")
    ('page', 'true', '')
    """
    if endpoint == entry.endpoint:
        return "page"
    return "true" if endpoint and endpoint.split(".")[0] == entry.part else ""
