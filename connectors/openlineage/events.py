"""An OpenLineage event as it came, read and checked. Source: the OpenLineage specification, version 2.

Only what is needed is asked for, so that producers which leave out the rest, or add to it, are understood too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from connectors.payloads import UnmappableError, identifier, moment, text_of


class State(StrEnum):
    """What an event says of its run, in the order in which events of the same moment are read."""

    OTHER = "OTHER"
    START = "START"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAIL = "FAIL"
    ABORT = "ABORT"


ENDS: Final = frozenset({State.COMPLETE, State.FAIL, State.ABORT})
_ORDER: Final = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One event of one run of one job; `reads` and `writes` are names of data sets."""

    at: datetime
    state: State
    run_id: str
    namespace: str
    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    run_facets: Mapping[str, Any] = field(default_factory=dict)
    job_facets: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, int]:
        """Events of a run are read by their own time, not in the order in which they arrived."""
        return self.at, _ORDER[self.state]


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What a job reads and writes, said without a run."""

    at: datetime
    namespace: str
    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetEvent:
    """What a data set is like. Nothing follows from it for runs or edges."""

    at: datetime
    dataset: str


Event = RunEvent | JobEvent | DatasetEvent


def read_event(payload: Any) -> Event:
    """The event in a payload. Raises UnmappableError that says which part is missing or wrong."""
    if not isinstance(payload, dict):
        raise UnmappableError("an event is a JSON object")
    at = moment(payload.get("eventTime"), "eventTime")
    if "run" in payload or "eventType" in payload:
        return _run_event(payload, at)
    if "job" in payload:
        namespace, name = _named(payload, "job")
        return JobEvent(at, namespace, name, _datasets(payload, "inputs"), _datasets(payload, "outputs"))
    if "dataset" in payload:
        return DatasetEvent(at, "/".join(_named(payload, "dataset")))
    raise UnmappableError("neither run, job nor dataset in it")


def _run_event(payload: dict[str, Any], at: datetime) -> RunEvent:
    run = _object(payload, "run")
    namespace, name = _named(payload, "job")
    return RunEvent(
        at,
        _state(payload.get("eventType")),
        identifier(run.get("runId"), "run.runId"),
        namespace,
        name,
        _datasets(payload, "inputs"),
        _datasets(payload, "outputs"),
        _facets(run),
        _facets(payload["job"]),
    )


def _state(value: Any) -> State:
    """An event without a type adds facts to a run, as OTHER does."""
    if value is None:
        return State.OTHER
    try:
        return State(str(value).upper())
    except ValueError:
        raise UnmappableError(f"eventType {value!r} is none of {', '.join(State)}") from None


def _object(payload: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = payload.get(key)
    if not isinstance(value, dict):
        raise UnmappableError(f"no {key} in it")
    return value


def _named(payload: Mapping[str, Any], key: str) -> tuple[str, str]:
    value = _object(payload, key)
    return identifier(value.get("namespace"), f"{key}.namespace"), identifier(value.get("name"), f"{key}.name")


def _facets(value: Mapping[str, Any]) -> dict[str, Any]:
    found = value.get("facets")
    return {key: facet for key, facet in found.items() if isinstance(facet, dict)} if isinstance(found, dict) else {}


def _datasets(payload: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The names of the data sets in the list, each under all names it goes by."""
    listed = payload.get(key)
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise UnmappableError(f"{key} is not a list")
    return tuple(sorted({name for place, item in enumerate(listed) for name in _names(item, f"{key}[{place}]")}))


def _names(item: Any, where: str) -> Iterator[str]:
    """The data set's own name, and those that its `symlinks` facet gives: another tool may know it by one of them."""
    if not isinstance(item, dict):
        raise UnmappableError(f"{where} is not a data set")
    yield _dataset_name(item, where)
    links = _facets(item).get("symlinks", {}).get("identifiers")
    for place, link in enumerate(links if isinstance(links, list) else ()):
        if isinstance(link, dict) and text_of(link.get("name")) and text_of(link.get("namespace")):
            yield _dataset_name(link, f"{where}.symlinks[{place}]")


def _dataset_name(item: Mapping[str, Any], where: str) -> str:
    parts = (identifier(item.get(part), f"{where}.{part}") for part in ("namespace", "name"))
    return identifier("/".join(parts), where)
