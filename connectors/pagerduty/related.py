"""Related and past incidents, one request each an incident: asked for while it is open, if the plan has them.

What the plan does not have is asked for again a day later; until then each pull says so as a notice. Fails open: an
incident without them is still an incident.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.pagerduty.client import NotAllowedError, NotFoundError, PagerDutyClient
from connectors.pagerduty.lists import items_of
from connectors.pagerduty.relations import past_from, related_from
from connectors.payloads import UnmappableError, set_aside
from correlator.model import iso
from correlator.ports import IncidentRelation, SetAside

_ASKED_AGAIN: Final = timedelta(days=1)
_KINDS: Final[Mapping[str, Callable[[Any, str], IncidentRelation]]] = {
    "related_incidents": related_from,
    "past_incidents": past_from,
}


@dataclass(slots=True)
class Beside:
    """`gated` is kept in the position: what is not to be had, in words, and until when it is not asked for."""

    client: PagerDutyClient
    now: datetime
    gated: dict[str, dict[str, str]] = field(default_factory=dict)
    wanted: bool = True
    _missed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gated = {name: gate for name, gate in self.gated.items() if gate["until"] > iso(self.now)}

    def of(self, incident_id: str) -> Iterator[IncidentRelation | SetAside]:
        """What lies beside this incident, and what of it could not be mapped. Raises SourceError."""
        for name in _KINDS if self.wanted else ():
            for item in self._asked(name, incident_id):
                try:
                    yield _KINDS[name](item, incident_id)
                except UnmappableError as error:
                    yield set_aside(item, f"{name} of {incident_id}: {error}")

    @property
    def notices(self) -> tuple[str, ...]:
        """What is missing, in sentences."""
        return (*(gate["said"] for gate in self.gated.values()), *self._missed.values())

    def _asked(self, name: str, incident_id: str) -> list[Any]:
        if name in self.gated or name in self._missed:
            return []
        words = name.replace("_", " ")
        try:
            return items_of(self.client.get(f"/incidents/{incident_id}/{name}"), name)
        except NotAllowedError as error:
            said = f"{words} are not read: {error.short}"
            self.gated[name] = {"said": said, "until": iso(self.now + _ASKED_AGAIN)}
        except NotFoundError as error:  # the plan, or an incident that is gone: for the rest of this pull
            self._missed[name] = f"{words} are not read: {error.short}"
        return []
