"""Check: paste whatever names runs, jobs or an incident; the verdict line first. The question stands in the URL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.errors import CorrelatorError
from correlator.model import Finding
from correlator.store.names import known_jobs, known_tenants
from correlator.text.quantities import plural
from web import reading
from web.access import Role, needs, note_audit
from web.check import answers as answering
from web.check.names import MOST_NAMES
from web.check.packet import asked_packets
from web.context import context
from web.errors import not_found, unprocessable
from web.process.children import Done, a_turn, run_own

pages: Final = Blueprint("check", __name__)
LONGEST_ADDRESS: Final = 4000
"""Characters of a question that still fit into an address: proxies and chats cut longer ones."""
OFFERED: Final = 500
RUNS_SHOWN: Final = 100
JUDGE_SECONDS: Final = 120
_NOTHING: Final = answering.Result(())


@dataclass(frozen=True, slots=True)
class Page:
    """`has_address`: the question stands in the page's address."""

    asked: bool
    query: str
    job: str
    tenant: str
    jobs: tuple[str, ...]
    tenants: tuple[str, ...]
    title: str = ""
    result: answering.Result = _NOTHING
    looked_in: str = answering.LOOKED_IN
    has_address: bool = True
    most: int = MOST_NAMES
    shown: int = RUNS_SHOWN


@pages.get("/check")
def show() -> str:
    return _rendered(request.args.get("q", ""), has_address=True)


@pages.post("/check")
@needs(Role.VIEWER)
def post() -> AnyResponse:
    """A long question: sent on to its address where it fits into one, else answered here."""
    query = request.form.get("q", "")
    if len(url_for("check.show", q=query)) <= LONGEST_ADDRESS:
        return redirect(url_for("check.show", q=query), 303)
    return Response(_rendered(query, has_address=False))


@pages.route("/check/packet.md", methods=["GET", "POST"])
@needs(Role.VIEWER)
def packet() -> Response:
    """The packets about just these runs, as one Markdown file; 404 where nothing is said about any of them."""
    values = request.values
    answers = found_about(result_of(values.get("q", ""), values.get("job", ""), values.get("tenant")))
    text = packets_about(answers)
    name = answers[0].finding_id if len(answers) == 1 else plural(len(answers), "packet").replace(" ", "-")
    disposition = f'attachment; filename="check-{name}.md"'
    return Response(text, content_type="text/markdown; charset=utf-8", headers={"Content-Disposition": disposition})


def found_about(result: answering.Result) -> list[answering.Answer]:
    """Those of the answers that a finding stands behind. Raises RefusedError (404) where there are none."""
    answers = [answer for answer in result.answers if answer.stored is not None]
    if not answers:
        raise not_found("nothing is said about any of these, so there is no packet", "the Check page says why")
    return answers


def packets_about(answers: Sequence[answering.Answer]) -> str:
    """Their packets as Markdown, each noted in the audit log."""
    text = asked_packets(answers)
    for answer in answers:
        note_audit("packet", answer.finding_id or "", {"runs": len(answer.asked_ids)})
    return text


@pages.post("/check/now")
@needs(Role.VIEWER, whole=True)
def judge_now() -> str:
    """One job judged now, in a process of its own, where no verdict stands about it yet; nothing is stored."""
    job, tenant = request.form.get("job", "").strip(), request.form.get("tenant", "")
    if not job:
        raise unprocessable("which job? the form has none", "for example job=export_ads and tenant=tenant-01")
    judged = judge(job, tenant)
    return render_template("judged.html", judged=judged, freshness=reading.freshness_in_short(context().engine))


@dataclass(frozen=True, slots=True)
class Judged:
    """What `correlator check` says of one job; `finding` is None for one that never ran there."""

    job: str
    tenant: str
    finding: Finding | None


def judge(job: str, tenant: str) -> Judged:
    """Raises CorrelatorError where the command gives no answer."""
    arguments = ["check", f"--job={job}", f"--tenant={tenant}", "--json"]
    with a_turn():
        done = run_own(context().settings, arguments, JUDGE_SECONDS)
    return judged_now(job, tenant, done)


def judged_now(job: str, tenant: str, done: Done) -> Judged:
    """The answer of `check --json`. Raises CorrelatorError where it gave none."""
    try:
        found = json.loads(done.output)["findings"]
    except (ValueError, KeyError) as error:
        raise CorrelatorError(f"{job} could not be judged now", hint=done.last_words) from error
    return Judged(job, tenant, Finding.from_dict(found[0]) if found else None)


def _rendered(query: str, *, has_address: bool) -> str:
    page = page_of(query, has_address=has_address)
    return render_template("check.html", page=page, freshness=reading.freshness_in_short(context().engine))


def page_of(query: str, *, has_address: bool = True) -> Page:
    """From what was pasted, else from `job` with `tenant` in the URL."""
    engine = context().engine
    job, tenant = request.args.get("job", ""), request.args.get("tenant", "")
    offered = (tuple(known_jobs(engine, OFFERED)), tuple(known_tenants(engine, OFFERED)))
    if not query.strip() and not job.strip():
        return Page(False, query, job, tenant, *offered)
    result = result_of(query, job, request.args.get("tenant"))
    title = answering.title_of(result)
    return Page(True, query, job, tenant, *offered, title, result, has_address=has_address)


def result_of(query: str, job: str, tenant: str | None) -> answering.Result:
    """Of what was pasted, else of the job."""
    here = context()
    if query.strip():
        return answering.check_text(here.engine, query, here.settings["datadog.tags"])
    return answering.check_job(here.engine, job.strip(), tenant)
