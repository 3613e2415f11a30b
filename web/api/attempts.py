"""Attempts of one job of one tenant."""

from __future__ import annotations

from msgspec import field

from web.api.cursors import key_in, page_of
from web.api.kinds import Answer, DataAsOf, Moment, Name, Next, Paged, Text
from web.api.models import data_as_of
from web.api.routes import get
from web.context import context
from web.reading.pages import AttemptKey, StoredAttempt, Stretch, attempts_page


class AttemptsAsked(Paged, frozen=True, kw_only=True):
    """Those that started in `[from, to)`; `tenant` left out is the unnamed tenant."""

    job: Name
    tenant: Text = ""
    start: Moment | None = field(default=None, name="from")
    end: Moment | None = field(default=None, name="to")


class Attempts(Answer, frozen=True, kw_only=True):
    """Attempts, the newest first."""

    data_as_of: DataAsOf
    attempts: list[StoredAttempt]
    next: Next


@get("/attempts", tag="jobs", asked=AttemptsAsked, answer=Attempts)
def attempts(asked: AttemptsAsked) -> Attempts:
    """Every attempt of a job of a tenant, the newest first. Attempts of one scheduled run share `logical_run_id`."""
    stretch = Stretch(asked.job, asked.tenant, asked.start, asked.end)
    found = attempts_page(context().engine, stretch, key_in(asked.after, AttemptKey), asked.limit + 1)
    rows, following = page_of(found, asked.limit, lambda one: (one.started_at, one.run_id, one.source))
    return Attempts(data_as_of=data_as_of(), attempts=rows, next=following)
