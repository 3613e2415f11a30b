"""Names behind ids: PagerDuty refers to services and priorities by id, and forgets the name here and there.

Names are looked up once and kept in the position of the stream that needs them. What the plan does not have, or is
gone, has no name; that is said once as a notice and not asked for again within the pull.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.pagerduty.client import PagerDutyClient, UnavailableError
from connectors.pagerduty.lists import whole_list
from connectors.payloads import dig, text_of

_KEPT: Final = 2000


class Names:
    """Ids and names, known or still to be asked for. `notices` says which of them could not be had."""

    def __init__(self, client: PagerDutyClient, known: Mapping[str, str | None] | None = None) -> None:
        self._client = client
        self._known: dict[str, str | None] = dict(known or {})
        self._listed = False
        self.notices: list[str] = []

    def service(self, reference: Any) -> str | None:
        """The name of a service that a payload refers to; None when nobody can tell. Raises SourceError."""
        return self._name(reference, self._ask_service)

    def priority(self, reference: Any) -> str | None:
        """The name of a priority (`P1`). Raises SourceError."""
        return self._name(reference, self._ask_priority)

    def to_position(self) -> dict[str, str | None]:
        """What is kept: the latest names, as a JSON object. What has none may have one tomorrow."""
        return dict([item for item in self._known.items() if item[1] is not None][-_KEPT:])

    def _name(self, reference: Any, ask: Callable[[str], str | None]) -> str | None:
        key = text_of(dig(reference, "id"))
        given = text_of(dig(reference, "summary")) or text_of(dig(reference, "name"))
        if key is None or given is not None:
            return given
        if key not in self._known:
            self._known[key] = ask(key)
        return self._known[key]

    def _ask_service(self, key: str) -> str | None:
        try:
            found = self._client.get(f"/services/{key}").get("service")
        except UnavailableError as error:
            self.notices.append(f"service {key} has no name for us: {error.short}")
            return None
        return text_of(dig(found, "name")) or text_of(dig(found, "summary"))

    def _ask_priority(self, key: str) -> str | None:
        """All priorities at once: there are few, and no operation gives one of them."""
        if not self._listed:
            self._listed = True
            self._known |= {key: None} | self._priorities()
        return self._known.get(key)

    def _priorities(self) -> dict[str, str | None]:
        try:
            items, _ = whole_list(self._client.get, "/priorities", "priorities")
        except UnavailableError as error:
            self.notices.append(f"priorities have no names for us: {error.short}")
            return {}
        return {
            key: text_of(dig(item, "name")) or text_of(dig(item, "summary"))
            for item in items
            if (key := text_of(dig(item, "id")))
        }
