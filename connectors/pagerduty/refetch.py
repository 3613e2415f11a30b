"""Asks PagerDuty once more for an item that a bundle quotes. The bundle may be a stranger's: what it says was asked is
read strictly, and only single items are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from connectors.pagerduty.client import NotFoundError, PagerDutyClient
from connectors.pagerduty.incidents import INCLUDE
from connectors.pagerduty.source import build_client
from connectors.retries import Patience
from correlator.errors import InputError
from correlator.settings import Settings

_INCIDENT: Final = re.compile(r"GET (/incidents/\w{1,40})\?include\[\]=\w{1,60}")
_ALERT: Final = re.compile(r"GET (/incidents/\w{1,40}/alerts/\w{1,60})")
_CHANGE: Final = re.compile(r"GET (/change_events/\w{1,60})")
_Form = tuple[re.Pattern[str], str, dict[str, Any]]
_ITEMS: Final[tuple[_Form, ...]] = (
    (_INCIDENT, "incident", INCLUDE),
    (_ALERT, "alert", {}),
    (_CHANGE, "change_event", {}),
)


@dataclass(frozen=True, slots=True)
class PagerDutyAsker:
    """Implements `ports.Asker`."""

    client: PagerDutyClient

    def refetch(self, request: str, body: Any) -> Any:
        """The item as it is now; None when PagerDuty has it no more.

        Raises InputError for a request that this source never makes, SourceError when PagerDuty cannot be asked.
        """
        for form, key, params in _ITEMS:
            if found := form.fullmatch(request):
                return self._item(found.group(1), key, params)
        raise InputError("PagerDuty is never asked like this, so it is not asked again")

    def _item(self, path: str, key: str, params: dict[str, Any]) -> Any:
        try:
            return self.client.get(path, params).get(key)
        except NotFoundError:
            return None


def build(settings: Settings, patience: Patience | None = None) -> PagerDutyAsker:
    """As configured. Raises SettingsError."""
    return PagerDutyAsker(build_client(settings, patience))
