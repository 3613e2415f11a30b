"""All tries of one task instance: the newest from the list, the ones before and the errors of failed ones asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from connectors.airflow.client import AirflowClient, NotFoundError, part
from connectors.airflow.mapping import (
    NO_MAP,
    Known,
    Place,
    attempt_from,
    error_from_log,
    place_of,
    state_of,
    try_number,
)
from connectors.naming import Naming
from connectors.payloads import dig, text_of
from correlator.errors import SourceError
from correlator.model import FAILURES, Attempt
from correlator.ports import RawAnswer

_TENANTS_KEPT: Final = 10_000


@dataclass(slots=True)
class Tries:
    """What is asked for each task instance. `silent` counts the failed tries whose log told no error."""

    client: AirflowClient
    naming: Naming
    tenant_conf: str
    errors: bool
    silent: int = 0
    _tenants: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, item: Any) -> Iterator[tuple[Attempt, RawAnswer | None]]:
        """The attempts of a task instance, with the answers that a finding may quote: of those that failed or were
        tried again. Raises UnmappableError for an instance that cannot be read, SourceError."""
        place = place_of(item)
        told = self._told(place, item)
        known = Known(self._tenant(place), self._errors(place, told) if self.errors else {})
        for _, one in sorted(told.items()):
            attempt = attempt_from(one, item, self.naming, known)
            if attempt is not None:
                quotable = attempt.status in FAILURES or len(told) > 1
                yield attempt, RawAnswer(attempt.run_id, f"GET {_path(place)}/tries", one) if quotable else None

    def _told(self, place: Place, item: dict[str, Any]) -> dict[int, dict[str, Any]]:
        """The tries by number. The list of them is asked for only where there were others than the newest."""
        newest = try_number(item)
        told = {newest: item}
        if newest > 1:
            listed = self._absent_is_empty(partial(self.client.get, f"{_path(place)}/tries")).get("task_instances")
            earlier = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
            told |= {number: one for one in earlier if (number := try_number(one)) != newest}
        return told

    def _errors(self, place: Place, told: Mapping[int, dict[str, Any]]) -> dict[int, str]:
        failed = [number for number, one in told.items() if number > 0 and state_of(one) in FAILURES]
        return {number: error for number in failed if (error := self._error(place, number)) is not None}

    def _error(self, place: Place, number: int) -> str | None:
        """Fails open: a try without an error text is still a failed try. Whoever reads the notices knows how many."""
        query = {} if place.map_index == NO_MAP else {"map_index": place.map_index}
        path = f"{_path(place, copy=False)}/logs/{number}"
        try:
            found = error_from_log(self.client.get(path, query))
        except SourceError as error:
            if not isinstance(error, NotFoundError) and not error.permanent:
                raise
            found = None
        self.silent += found is None
        return found

    def _tenant(self, place: Place) -> str:
        """The tenant that the DAG run's `conf` names; asked for once a run."""
        if not self.tenant_conf:
            return ""
        key = (place.dag_id, place.run_id)
        if key not in self._tenants:
            if len(self._tenants) >= _TENANTS_KEPT:
                self._tenants.clear()
            path = f"/dags/{part(place.dag_id)}/dagRuns/{part(place.run_id)}"
            conf = self._absent_is_empty(partial(self.client.get, path)).get("conf")
            self._tenants[key] = text_of(dig(conf, self.tenant_conf)) or ""
        return self._tenants[key]

    def _absent_is_empty(self, ask: Any) -> dict[str, Any]:
        """The answer, or nothing where the run was deleted between two questions."""
        try:
            answer: dict[str, Any] = ask()
        except NotFoundError:
            return {}
        return answer


def _path(place: Place, *, copy: bool = True) -> str:
    path = f"/dags/{part(place.dag_id)}/dagRuns/{part(place.run_id)}/taskInstances/{part(place.task_id)}"
    return f"{path}/{place.map_index}" if copy and place.map_index != NO_MAP else path
