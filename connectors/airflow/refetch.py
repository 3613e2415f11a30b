"""Asks Airflow once more for a try that a bundle quotes. The bundle may be a stranger's: what it says was asked is read
strictly, and only the tries of a task are listed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from connectors.airflow.client import AirflowClient, NotFoundError
from connectors.airflow.source import build_client
from connectors.payloads import dig
from connectors.retries import Patience
from correlator.errors import InputError
from correlator.settings import Settings

_PART: Final = r"(?!\.{1,2}/)[\w.~%+-]{1,500}"
_TRIES: Final = re.compile(rf"GET (/dags/{_PART}/dagRuns/{_PART}/taskInstances/{_PART}(?:/\d{{1,9}})?/tries)")


@dataclass(frozen=True, slots=True)
class AirflowAsker:
    """Implements `ports.Asker`."""

    client: AirflowClient

    def refetch(self, request: str, body: Any) -> Any:
        """The try of the same number; None when Airflow has it no more.

        Raises InputError for a request that this source never makes, SourceError when Airflow cannot be asked.
        """
        found = _TRIES.fullmatch(request)
        if found is None:
            raise InputError("Airflow is never asked like this, so it is not asked again")
        try:
            listed = self.client.get(found.group(1)).get("task_instances")
        except NotFoundError:
            return None
        wanted = dig(body, "try_number")
        tries = listed if isinstance(listed, list) else []
        return next((one for one in tries if dig(one, "try_number") == wanted), None)


def build(settings: Settings, patience: Patience | None = None) -> AirflowAsker:
    """As configured. Raises SettingsError for a setting or secret that is wrong or missing."""
    return AirflowAsker(build_client(settings, patience))
