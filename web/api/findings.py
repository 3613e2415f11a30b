"""Findings: those that hold now, one of them, and what was said about it before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec
from flask import Response
from sqlalchemy import Engine

from correlator.model import Verdict, iso
from correlator.store.findings import Version, finding_history
from web.access import current_actor
from web.api.cursors import key_in, page_of
from web.api.kinds import USUAL, Answer, Asked, Cursor, DataAsOf, Limit, Next, Text
from web.api.models import AsFinding, data_as_of
from web.api.routes import Link, get
from web.context import context
from web.reading.findings import (
    Standing,
    Wanted,
    documents,
    documents_in_parts,
    standing_findings,
    state_of_findings,
)
from web.views.finding import stored_finding


class FindingsAsked(Asked, frozen=True, kw_only=True):
    """`tenant` without a value is the unnamed tenant. Without `limit` and `after` the whole list is given."""

    verdict: Verdict | None = None
    tenant: Text | None = None
    job: Text | None = None
    limit: Limit | None = None
    after: Cursor | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.verdict, self.tenant, self.job)


class Findings(Answer, frozen=True, kw_only=True):
    """Findings that hold now, by tenant and job."""

    data_as_of: DataAsOf
    findings: list[AsFinding]
    next: Next = None


class FindingVersion(Answer, frozen=True, kw_only=True):
    """What was said since `at`, until the next version."""

    at: str
    verdict: Verdict
    cause: str
    root_job: str | None
    confidence: float | None


class Versions(Answer, frozen=True, kw_only=True):
    """Every change of mind about a finding, oldest first."""

    finding_id: str
    versions: list[FindingVersion]


_FIRST = {"finding_id": "findings/0/id"}
_LEADS_TO = ("one_finding", "packet", "life", "ask_in_words", "create_bundle", "make_link", "begin_message")
_LINKS = tuple(Link(name, _FIRST) for name in _LEADS_TO)


@get("/findings", tag="findings", asked=FindingsAsked, answer=Findings, links=_LINKS)
def list_findings(asked: FindingsAsked) -> Findings | Response:
    """All findings that hold now, by tenant and job; `verdict`, `tenant` and `job` narrow them.

    Without `limit` and `after` the whole list comes in one answer, as long as it may be; `next` is null then.
    """
    if asked.limit is None and asked.after is None:
        return _whole(asked.wanted)
    limit = asked.limit or USUAL
    last = key_in(asked.after, tuple[str, str])
    found = standing_findings(context().engine, asked.wanted, last, limit + 1)
    rows, following = page_of(found, limit, lambda row: (row.tenant, row.job))
    return Findings(data_as_of=data_as_of(), findings=documents(context().engine, rows), next=following)


def _whole(wanted: Wanted) -> Response:
    """The whole list, a part at a time: it may be larger than what the process has to keep it in."""
    engine, as_of = context().engine, data_as_of()
    response = Response(mimetype="application/json")
    told = msgspec.json.encode((as_of, state_of_findings(engine), sorted(current_actor().tenants or ())))
    response.set_etag(hashlib.sha256(told).hexdigest()[:32], weak=True)
    written = _written(engine, standing_findings(engine, wanted), as_of)
    response.response = chain([next(written)], written)  # what fails up to here is an error of the usual shape
    response.implicit_sequence_conversion = False  # nobody is to put it together for its length
    return response


def _written(engine: Engine, rows: list[Standing], as_of: str | None) -> Iterator[bytes]:
    apart = b'{"data_as_of":' + msgspec.json.encode(as_of) + b',"findings":['
    for part in documents_in_parts(engine, rows):
        if part:
            yield apart + b",".join(part)
            apart = b","
    yield (apart if apart != b"," else b"") + b'],"next":null}'


@get("/findings/<finding_id>", tag="findings", answer=AsFinding, errors=(404,))
def one_finding(finding_id: str) -> dict[str, Any]:
    """One finding, also one that no longer holds."""
    return stored_finding(finding_id).document


@get("/findings/<finding_id>/versions", tag="findings", answer=Versions, errors=(404,))
def versions(finding_id: str) -> Versions:
    """What was said about it and when: a version for each change of verdict, cause or root, oldest first."""
    stored = stored_finding(finding_id)
    found = finding_history(context().engine, stored.id)
    return Versions(finding_id=stored.id, versions=[_version(one) for one in found])


def _version(one: Version) -> FindingVersion:
    return FindingVersion(
        at=iso(one.at),
        verdict=Verdict(one.verdict),
        cause=one.cause,
        root_job=one.root_job,
        confidence=one.confidence,
    )
