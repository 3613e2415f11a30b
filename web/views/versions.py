"""What was said of a finding and when, and what changed between two versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, render_template

from correlator.evidence.differences import Change, finding_changes
from correlator.store.findings import StoredFinding
from web import reading
from web.context import context
from web.errors import unprocessable
from web.http.arguments import asked_moment
from web.reading.versions import Said, document_at, versions_of
from web.views.finding import stored_finding

pages: Final = Blueprint("versions", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    """`before` and `after` are the moments compared; `after` None: what stands now. `changes` None: there is nothing to
    compare."""

    stored: StoredFinding
    versions: tuple[Said, ...]
    before: datetime | None
    after: datetime | None
    changes: tuple[Change, ...] | None


@pages.get("/findings/<finding_id>/versions")
def show(finding_id: str) -> str:
    page = page_of(stored_finding(finding_id), asked_moment("from"), asked_moment("to"))
    return render_template("versions.html", page=page, freshness=reading.freshness_in_short(context().engine))


def page_of(stored: StoredFinding, before: datetime | None, after: datetime | None) -> Page:
    """Compared are the versions of two moments; unasked, the one before the last change and what stands now."""
    versions = versions_of(context().engine, stored.id)
    if before is None and len(versions) > 1:
        before = versions[1].at
    if before is None:
        return Page(stored, tuple(versions), None, after, None)
    if after is not None and after < before:
        before, after = after, before
    return Page(stored, tuple(versions), before, after, tuple(_changes(stored, before, after)))


def _changes(stored: StoredFinding, before: datetime, after: datetime | None) -> list[Change]:
    engine = context().engine
    old = document_at(engine, stored.id, before)
    new = stored.document if after is None else document_at(engine, stored.id, after)
    if old is None or new is None:
        raise unprocessable("nothing was said at one of these moments", "the list of versions has those there are")
    return list(finding_changes(old, new))
