"""Check: the verdict for runs or jobs that somebody asks about, and the packet about just these."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from correlator.store.names import known_jobs, known_tenants
from web.access import Role, needs
from web.api.kinds import PLAIN, Answer, Asked, Body, DataAsOf, Name, Text, Words
from web.api.models import AsChecked, AsJudged, data_as_of
from web.api.routes import get, post
from web.check import answers
from web.check.names import MOST_NAMES
from web.context import context
from web.errors import unprocessable
from web.views.check import OFFERED, found_about, judge, packets_about, result_of

LARGEST_PASTED = 2 * 1024 * 1024
"""Bytes: as many characters as the page takes, however they are written."""
_PASTED: Any = {"text": "run-1 run-2\nhttps://example.com/incidents/Q1EXPORT"}
_JOB: Any = {"job": "export_ads", "tenant": "tenant-07"}


class CheckAsked(Asked, frozen=True, kw_only=True):
    """`run_id`, once or more: run ids, logical run ids, job names or incident ids. Or else `job`, and with it
    `tenant`; without one in every tenant that runs it."""

    run_id: Annotated[tuple[Words, ...], Meta(max_length=MOST_NAMES)] = ()
    job: Name | None = None
    tenant: Text | None = None


class Checked(Answer, frozen=True, kw_only=True):
    """One answer a job, the names nobody knows, known ones that are near them, and where they were looked for.
    `more_jobs`: so many beyond those answered; `about`: which column of a table was read; `silent`: links that name
    nothing."""

    data_as_of: DataAsOf
    findings: list[AsChecked]
    unknown: list[str]
    looked_in: str
    near: dict[str, list[str]]
    more_jobs: int
    about: str
    silent: list[str]


class Pasted(Body, frozen=True, kw_only=True):
    """`text`: ids, names and links with white space or commas between them, or a table that holds them."""

    text: Annotated[str, Meta(pattern=PLAIN)]


class AskedPacket(Body, frozen=True, kw_only=True):
    """`text`: as a check takes it. Or else `job`, and with it `tenant`; without one in every tenant that runs it."""

    text: Annotated[str, Meta(pattern=PLAIN)] = ""
    job: Text = ""
    tenant: Text | None = None


class CheckPacket(Answer, frozen=True, kw_only=True):
    """The packets of these findings, about just the runs that were asked about."""

    finding_ids: list[str]
    markdown: str


class JudgeNow(Body, frozen=True, kw_only=True):
    """`tenant` left out is the unnamed tenant."""

    job: Name
    tenant: Text = ""


class JudgedNow(Answer, frozen=True, kw_only=True):
    """`finding` null: the job never ran there."""

    job: str
    tenant: str
    finding: AsJudged | None


class KnownNames(Answer, frozen=True, kw_only=True):
    """Names of jobs and tenants that ever ran, sorted: the first few hundred. The unnamed tenant is ""."""

    jobs: list[str]
    tenants: list[str]


@get("/check", tag="check", asked=CheckAsked, answer=Checked)
def check(asked: CheckAsked) -> dict[str, Any]:
    """The verdict for `run_id` (may be repeated), or for `job` and, optionally, `tenant`."""
    if bool(asked.run_id) == bool(asked.job):
        raise unprocessable("check takes run_id, once or more, or job", "e.g. /api/v1/check?run_id=run-1&run_id=run-2")
    engine = context().engine
    result = (
        answers.check_names(engine, asked.run_id)
        if asked.run_id
        else answers.check_job(engine, asked.job or "", asked.tenant)
    )
    return _told(result)


@post("/check", tag="check", body=Pasted, answer=Checked, status=200, example=_PASTED, largest=LARGEST_PASTED)
@needs(Role.VIEWER)
def check_pasted(body: Pasted) -> dict[str, Any]:
    """The verdict for whatever was pasted, also where it is too long for an address. Nothing is stored."""
    here = context()
    return _told(answers.check_text(here.engine, body.text, here.settings["datadog.tags"]))


def _told(result: answers.Result) -> dict[str, Any]:
    return {"data_as_of": data_as_of(), **result.to_dict()}


@post(
    "/check/packet",
    tag="check",
    body=AskedPacket,
    answer=CheckPacket,
    status=200,
    errors=(404,),
    example=_JOB,
    largest=LARGEST_PASTED,
)
@needs(Role.VIEWER)
def check_packet(body: AskedPacket) -> CheckPacket:
    """The packets about just these runs, to hand on. 404 where nothing is said about any of them."""
    if bool(body.text.strip()) == bool(body.job.strip()):
        raise unprocessable("a packet is about text, or about a job", "one of the two")
    answers = found_about(result_of(body.text, body.job, body.tenant))
    return CheckPacket(finding_ids=[one.finding_id or "" for one in answers], markdown=packets_about(answers))


@post("/check/now", tag="check", body=JudgeNow, answer=JudgedNow, status=200, example=_JOB)
@needs(Role.VIEWER, whole=True)
def judge_now(body: JudgeNow) -> JudgedNow:
    """Judges one job now, in a process of its own, where no verdict stands about it yet. Nothing is stored."""
    judged = judge(body.job, body.tenant)
    return JudgedNow(job=judged.job, tenant=judged.tenant, finding=judged.finding.to_dict() if judged.finding else None)


@get("/names", tag="check", answer=KnownNames)
def names() -> KnownNames:
    """Jobs and tenants to choose from."""
    engine = context().engine
    return KnownNames(jobs=known_jobs(engine, OFFERED), tenants=known_tenants(engine, OFFERED))
