"""Check: the verdict for runs or jobs that somebody asks about."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from web import checking
from web.api.kinds import Answer, Asked, DataAsOf, Name, Text, Words
from web.api.models import AsChecked, data_as_of
from web.api.routes import get
from web.asked_names import MOST_NAMES
from web.errors import unprocessable
from web.place import place


class CheckAsked(Asked, frozen=True, kw_only=True):
    """`run_id`, once or more: run ids, logical run ids, job names or incident ids. Or else `job`, and with it
    `tenant`; without one in every tenant that runs it."""

    run_id: Annotated[tuple[Words, ...], Meta(max_length=MOST_NAMES)] = ()
    job: Name | None = None
    tenant: Text | None = None


class Checked(Answer, frozen=True, kw_only=True):
    """One answer a job, the names nobody knows, known ones that are near them, and where they were looked for.
    `more_jobs`: so many beyond those answered."""

    data_as_of: DataAsOf
    findings: list[AsChecked]
    unknown: list[str]
    looked_in: str
    near: dict[str, list[str]]
    more_jobs: int


@get("/check", tag="check", asked=CheckAsked, answer=Checked)
def check(asked: CheckAsked) -> dict[str, Any]:
    """The verdict for `run_id` (may be repeated), or for `job` and, optionally, `tenant`."""
    if bool(asked.run_id) == bool(asked.job):
        raise unprocessable("check takes run_id, once or more, or job", "e.g. /api/v1/check?run_id=run-1&run_id=run-2")
    engine = place().engine
    result = (
        checking.check_names(engine, asked.run_id)
        if asked.run_id
        else checking.check_job(engine, asked.job or "", asked.tenant)
    )
    return {"data_as_of": data_as_of(), **result.to_dict()}
