"""OpenLineage run events to attempts. Pure: what is made of a run's events does not depend on their order of arrival.

Facets read: `nominalTime`, `errorMessage`, `parent` (OpenLineage), `airflow` and `airflowDagRun` (Apache Airflow's
provider). What one event of a run leaves out another gives, so all of them are read together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.naming import Naming, compiled
from connectors.openlineage.events import ENDS, JobEvent, RunEvent, State
from connectors.payloads import UnmappableError, dig, optional_moment, storable, text_of
from correlator.model import Attempt, Status
from correlator.settings import Settings

_STATUS: Final = {
    State.COMPLETE: Status.SUCCESS,
    State.FAIL: Status.FAILED,
    State.ABORT: Status.CANCELLED,
}
_ROOTS: Final = ("parent.root.run.runId", "root.run.runId", "parent.run.runId")
_TRIES: Final = ("airflow.taskInstance.try_number", "airflow.taskInstance.tryNumber", "try_number")
_DUE: Final = ("airflow.dagRun.run_after", "nominalTime.nominalStartTime", "airflow.dagRun.logical_date")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is made of events: how jobs are called, which runs are no jobs of their own."""

    naming: Naming = field(default_factory=Naming)
    skipped_types: frozenset[str] = frozenset()

    def job(self, event: RunEvent | JobEvent) -> tuple[str, str]:
        """(tenant, job) of the event's job."""
        return self.naming.of(f"{event.namespace}/{event.name}", event.name)

    def skips(self, event: RunEvent | JobEvent) -> bool:
        """Whether the run only stands for others (a DAG for its tasks), so that it is no job of its own."""
        facets = event.job_facets if isinstance(event, RunEvent) else {}
        return str(dig(facets, "jobType.jobType") or "").upper() in self.skipped_types


def plan_from(settings: Settings) -> Plan:
    """The plan that is configured. Raises SettingsError for a pattern that is none."""
    patterns = compiled(settings["openlineage.job_patterns"], "openlineage.job_patterns")
    return Plan(Naming(patterns), frozenset(kind.upper() for kind in settings["openlineage.skip_job_types"]))


def attempt_of(events: Sequence[RunEvent], plan: Plan) -> Attempt | None:
    """The attempt that all known events of one run tell of; None while none says that it began or ended."""
    told = sorted(events, key=lambda event: event.order)
    lived = [event for event in told if event.state is not State.OTHER]
    if not lived or any(plan.skips(event) for event in told):
        return None
    begins = [event.at for event in lived if event.state is State.START] or [event.at for event in lived]
    ends = [event for event in lived if event.state in ENDS]
    facets = _merged(told)
    tenant, job = plan.job(lived[-1])
    started_at = min(begins)
    return Attempt(
        run_id=lived[0].run_id,
        job=job,
        tenant=tenant,
        started_at=started_at,
        status=_status(ends[-1].state, _error(facets)) if ends else Status.RUNNING,
        finished_at=max(ends[-1].at, started_at) if ends else None,
        logical_run_id=_logical_run_id(facets),
        attempt=_try_number(facets),
        scheduled_at=_due(facets),
        error=_error(facets) if ends and ends[-1].state is not State.COMPLETE else None,
        host=_first_text(facets, ("airflow.taskInstance.hostname",)),
        tags=_tags(lived, facets),
    )


def touched(event: RunEvent | JobEvent) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(data sets read, data sets written). One that a job both reads and writes is its own affair."""
    both = set(event.reads) & set(event.writes)
    return tuple(n for n in event.reads if n not in both), event.writes


def _merged(events: Iterable[RunEvent]) -> dict[str, Any]:
    """The run's facets, a later event's over an earlier one's."""
    merged: dict[str, Any] = {}
    for event in events:
        merged |= event.run_facets
    return merged


def _first_text(facets: dict[str, Any], paths: Iterable[str]) -> str | None:
    return next((found for path in paths if (found := text_of(dig(facets, path)))), None)


def _logical_run_id(facets: dict[str, Any]) -> str | None:
    """What all tries share; the copies of a mapped task are runs of their own, though they share the same parent."""
    shared, copy = _first_text(facets, _ROOTS), _first_text(facets, ("airflow.taskInstance.map_index",))
    return shared if shared is None or copy in (None, "-1") else f"{shared}[{copy}]"


def _try_number(facets: dict[str, Any]) -> int | None:
    text = _first_text(facets, _TRIES)
    if text is None or not text.isdecimal() or len(text) > len(str(2**31)):
        return None
    return int(text) if 0 < int(text) < 2**31 else None


def _due(facets: dict[str, Any]) -> datetime | None:
    """When the run was due. A facet with a time nobody can read is worth no less for the rest that it says."""
    for path in _DUE:
        try:
            if (found := optional_moment(dig(facets, path), path)) is not None:
                return found
        except UnmappableError:
            continue
    return None


def _status(state: State, error: str | None) -> Status:
    """A failure whose error is Airflow's own time limit is a time-out; other errors that speak of one are the job's."""
    return Status.TIMED_OUT if state is State.FAIL and "AirflowTaskTimeout" in (error or "") else _STATUS[state]


def _error(facets: dict[str, Any]) -> str | None:
    return _first_text(facets, ("errorMessage.message",))


def _tags(lived: Sequence[RunEvent], facets: dict[str, Any]) -> dict[str, str]:
    found = {
        "openlineage.namespace": lived[-1].namespace,
        "openlineage.job": lived[-1].name,
        "openlineage.parent": _first_text(facets, ("parent.job.name",)),
        "airflow.dag_run_id": _first_text(facets, ("airflow.dagRun.run_id",)),
        "openlineage.start": None if any(event.state is State.START for event in lived) else "not told",
    }
    return {key: storable(value) for key, value in found.items() if value}
