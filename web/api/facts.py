"""Facts as the API gives them in short, wherever they stand beside something else."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from correlator.model import Attempt, Incident, Status, Verdict
from web.api.kinds import Answer
from web.reading.incidents import Stored
from web.reading.jobs import About

At = Annotated[datetime, Meta(tz=True)]


class AttemptInShort(Answer, frozen=True, kw_only=True):
    """One execution of a job; `/api/v1/attempts` has the rest."""

    run_id: str
    logical_run_id: str | None
    job: str
    tenant: str
    attempt: int | None
    status: Status
    started_at: At
    finished_at: At | None
    error: str | None


class StoredIncident(Answer, frozen=True, kw_only=True):
    """An incident with the source that told it."""

    source: str
    incident_id: str
    created_at: At
    resolved_at: At | None
    title: str | None
    service: str | None
    urgency: str | None
    job: str | None
    tenant: str
    url: str | None
    status: str | None
    priority: str | None


class FindingInShort(Answer, frozen=True, kw_only=True):
    """A finding that stands; `/api/v1/findings/{id}` has the rest."""

    id: str
    tenant: str
    job: str
    verdict: Verdict
    root_job: str | None


def attempt_in_short(attempt: Attempt) -> AttemptInShort:
    return AttemptInShort(**{name: getattr(attempt, name) for name in AttemptInShort.__struct_fields__})


def stored_incident(stored: Stored) -> StoredIncident:
    incident: Incident = stored.incident
    names = [name for name in StoredIncident.__struct_fields__ if name != "source"]
    return StoredIncident(source=stored.source, **{name: getattr(incident, name) for name in names})


def finding_in_short(about: About) -> FindingInShort:
    return FindingInShort(
        id=about.id, tenant=about.tenant, job=about.job, verdict=Verdict(about.verdict), root_job=about.root_job
    )
