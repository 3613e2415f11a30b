"""Airflow's task instances to attempts, and its tasks and assets to edges. Pure.

A task instance holds the newest try; the ones before are in its list of tries, which has no ids of its own, so a try is
known by DAG, DAG run, task, map index and number. Source: Airflow's OpenAPI document, version 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.naming import Naming
from connectors.payloads import UnmappableError, dig, identifier, moment, optional_moment, text_of
from correlator.model import Attempt, Dependency, Origin, Status

STATES: Final[Mapping[str, Status]] = {
    "success": Status.SUCCESS,
    "failed": Status.FAILED,
    "up_for_retry": Status.FAILED,
    "skipped": Status.SKIPPED,
    "upstream_failed": Status.UPSTREAM_FAILED,
    "running": Status.RUNNING,
    "restarting": Status.RUNNING,
    "deferred": Status.RUNNING,
    "up_for_reschedule": Status.RUNNING,
    "awaiting_input": Status.RUNNING,
}
_NOT_BEGUN: Final = frozenset({"", "none", "scheduled", "queued", "removed"})
NO_MAP: Final = -1


@dataclass(frozen=True, slots=True)
class Place:
    """Which task of which DAG run: `map_index` is -1 but for the copies of a mapped task."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int

    @property
    def logical_run_id(self) -> str:
        """One for all tries; ids of DAG runs are times, and alike in every DAG, so the DAG stands before them."""
        return f"{self.dag_id}/{self.run_id}{self._copy}"

    def attempt_id(self, number: int) -> str:
        return identifier(f"{self.dag_id}/{self.run_id}/{self.task_id}{self._copy}/{number}", "id of the try")

    @property
    def _copy(self) -> str:
        return "" if self.map_index == NO_MAP else f"[{self.map_index}]"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a task instance beside the item itself: its tenant, and the errors of its tries by number."""

    tenant: str = ""
    errors: Mapping[int, str] = field(default_factory=dict)


def place_of(item: Any) -> Place:
    """Where a task instance, or a try of one, belongs. Raises UnmappableError."""
    if not isinstance(item, dict):
        raise UnmappableError("a task instance is a JSON object")
    dag_id, run_id, task_id = (identifier(item.get(name), name) for name in ("dag_id", "dag_run_id", "task_id"))
    return Place(dag_id, run_id, task_id, _number(item.get("map_index"), "map_index", NO_MAP))


def try_number(item: Mapping[str, Any]) -> int:
    """The number of the try; 0 for a task that never began."""
    return _number(item.get("try_number"), "try_number", 0)


def state_of(item: Mapping[str, Any]) -> Status | None:
    """What became of the try; None for one that has not begun. Raises UnmappableError for an unknown state."""
    state = (text_of(item.get("state")) or "").lower()
    if state in _NOT_BEGUN:
        return None
    if state not in STATES:
        raise UnmappableError(f"state {state!r} is none that this program knows")
    return STATES[state]


def attempt_from(item: Any, whole: Mapping[str, Any], naming: Naming, known: Known) -> Attempt | None:
    """The attempt of a try; None for one that has not begun. Raises UnmappableError.

    `whole` is the task instance, which alone says when its DAG run was due.
    """
    place = place_of(item)
    status, number = state_of(item), try_number(item)
    ended = optional_moment(item.get("end_date"), "end_date")
    started = optional_moment(item.get("start_date"), "start_date") or ended
    if status is None or (status is Status.RUNNING and started is None):
        return None
    if started is None:
        started = _due(whole)
    tenant, job = naming.of(f"{place.dag_id}.{place.task_id}", f"{place.dag_id}.{place.task_id}")
    error = known.errors.get(number)
    return Attempt(
        run_id=place.attempt_id(number),
        job=job,
        tenant=tenant or known.tenant,
        started_at=started,
        status=Status.TIMED_OUT if status is Status.FAILED and "AirflowTaskTimeout" in (error or "") else status,
        finished_at=None if status is Status.RUNNING or ended is None else max(ended, started),
        logical_run_id=place.logical_run_id,
        attempt=number or None,
        scheduled_at=_due(whole),
        error=error,
        host=text_of(item.get("hostname")),
        tags=_tags(place, item, whole),
    )


def _due(whole: Mapping[str, Any]) -> datetime:
    """When the run was to begin. The logical date of a daily run may lie a day before that, so it comes second."""
    found = optional_moment(whole.get("run_after"), "run_after")
    return found if found is not None else moment(whole.get("logical_date"), "run_after and no logical_date")


def _tags(place: Place, item: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "airflow.dag": place.dag_id,
        "airflow.dag_run_id": place.run_id,
        "airflow.task": place.task_id,
        "airflow.state": text_of(item.get("state")),
        "airflow.logical_date": text_of(whole.get("logical_date")),
        "airflow.operator": text_of(item.get("operator")),
        "airflow.pool": text_of(item.get("pool")),
    }
    return {key: value for key, value in found.items() if value}


def error_from_log(document: Mapping[str, Any]) -> str | None:
    """The error a try ended with: the last exception in its log, else the last line at level error."""
    lines = document.get("content")
    told = [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    for line in reversed(told):
        if exception := _exception(line.get("error_detail")):
            return exception
    return next((text_of(line.get("event")) for line in reversed(told) if line.get("level") in _LOUD), None)


_LOUD: Final = ("error", "critical")


def _exception(chain: Any) -> str | None:
    """The first of a chain of exceptions is the one that was raised last."""
    first = chain[0] if isinstance(chain, list) and chain else None
    kind, value = (text_of(dig(first, name)) for name in ("exc_type", "exc_value"))
    return f"{kind}: {value}" if kind and value else kind


# --- edges -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dag:
    """The tasks of a DAG: (upstream, downstream) pairs, and those that stand at its beginning."""

    dag_id: str
    pairs: tuple[tuple[str, str], ...]
    roots: tuple[str, ...]


def dag_from(dag_id: str, document: Mapping[str, Any]) -> Dag:
    """A DAG out of the answer of its tasks. Raises UnmappableError."""
    tasks = document.get("tasks")
    if not isinstance(tasks, list):
        raise UnmappableError(f"no tasks of {dag_id}")
    pairs = sorted({pair for task in tasks for pair in _pairs(task)})
    behind = {downstream for _, downstream in pairs}
    return Dag(dag_id, tuple(pairs), tuple(sorted(name for task in tasks if (name := _task_id(task)) not in behind)))


def _pairs(task: Any) -> Iterator[tuple[str, str]]:
    for name in dig(task, "downstream_task_ids") or ():
        yield _task_id(task), identifier(name, "downstream task")


def _task_id(task: Any) -> str:
    return identifier(dig(task, "task_id"), "task_id")


def task_edges(dag: Dag, naming: Naming) -> Iterator[Dependency]:
    for upstream, downstream in dag.pairs:
        yield from _edge(naming, (dag.dag_id, upstream), (dag.dag_id, downstream))


def asset_edges(asset: Any, dags: Mapping[str, Dag], naming: Naming) -> Iterator[Dependency]:
    """From the tasks that make an asset to the first tasks of the DAGs it sets off, and to the tasks that read it."""
    made, read = _tasks(asset, "producing_tasks", dags), _tasks(asset, "consuming_tasks", dags)
    set_off = [dags[name] for name in _dag_ids(asset, "scheduled_dags") if name in dags]
    read += [(dag.dag_id, root) for dag in set_off for root in dag.roots]
    for upstream in made:
        for downstream in read:
            yield from _edge(naming, upstream, downstream)


def _dag_ids(asset: Any, key: str) -> list[str]:
    return [name for one in dig(asset, key) or () if (name := text_of(dig(one, "dag_id")))]


def _tasks(asset: Any, key: str, dags: Mapping[str, Dag]) -> list[tuple[str, str]]:
    """The tasks in the list, of the DAGs that are wanted."""
    listed = [(text_of(dig(one, "dag_id")), text_of(dig(one, "task_id"))) for one in dig(asset, key) or ()]
    return [(dag_id, task_id) for dag_id, task_id in listed if dag_id and dag_id in dags and task_id]


def _edge(naming: Naming, upstream: tuple[str, str], downstream: tuple[str, str]) -> Iterable[Dependency]:
    """None where naming makes one job of both, or puts them under two tenants."""
    (above, maker), (below, reader) = (_named(naming, *one) for one in (upstream, downstream))
    if maker != reader and above in ("", below):
        yield Dependency(maker, reader, below or None, origin=Origin.ORCHESTRATOR)


def _named(naming: Naming, dag_id: str, task_id: str) -> tuple[str, str]:
    return naming.of(f"{dag_id}.{task_id}", f"{dag_id}.{task_id}")


def _number(value: Any, name: str, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool) and -1 <= value < 2**31:
        return value
    raise UnmappableError(f"{name} is no number: {value!r}")
