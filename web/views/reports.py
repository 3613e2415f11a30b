"""Reports: what was asked for most by month, by ask, team, rule, job or tenant; questions that people keep; CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from correlator.lifecycle.ledger import read_asks
from correlator.statistics.rate_difference import Rate
from correlator.store.names import jobs_named
from correlator.store.questions import (
    Question,
    add_question,
    change_question,
    delete_question,
    get_question,
    list_questions,
)
from correlator.text.spreadsheets import csv_text
from web import reading
from web.access import Role, current_actor, needs, note_audit
from web.context import context
from web.errors import RefusedError, not_found, unprocessable
from web.reading.report_trends import Trend, trends
from web.reading.reports import BY, Report, Wanted, counted_months, read_report
from web.reports.asked import fields_of, narrowed, query_of, wanted_of
from web.reports.lines import COLUMNS, report_lines
from web.steps.acting import acting, names_are_given

pages: Final = Blueprint("reports", __name__)
MEASURE_WORDS: Final = {
    "laid": "Failures attributed to a cause",
    "minutes": "Minutes lost",
    "needed_retry": "Passed on retry",
    "failed_first": "Failed first",
    "tenants": "Tenants hit",
}
FILTER_WORDS: Final = {
    "team": "team",
    "rule_id": "rule",
    "root_job": "root of the trouble",
    "job": "job",
    "tenant": "tenant",
}


@dataclass(frozen=True, slots=True)
class Page:
    """`query`: the address of this report, behind its `?`; `question`: the kept one that it is, if it is one."""

    report: Report
    trends: Mapping[tuple[str, ...], Trend]
    query: str
    questions: tuple[Question, ...]
    question: Question | None
    may_change: bool

    @property
    def wanted(self) -> Wanted:
        return self.report.wanted


@pages.get("/reports")
def show() -> str:
    wanted = _wanted(request.args.to_dict())
    page = page_of(wanted)
    words = {"measures": MEASURE_WORDS, "filters": FILTER_WORDS, "kinds": tuple(BY), "narrowed": narrowed, "zip": zip}
    return render_template(
        "reports.html",
        page=page,
        names_are_given=names_are_given(),
        freshness=reading.freshness_in_short(context().engine),
        **words,
    )


def page_of(wanted: Wanted) -> Page:
    engine, query = context().engine, query_of(wanted)
    questions = questions_seen()
    question = next((one for one in questions if one.query == query), None)
    report = read_report(engine, wanted)
    return Page(
        report, trends_of(wanted), query, questions, question, may_change=question is not None and _may_change(question)
    )


@pages.get("/reports.csv")
def as_csv() -> Response:
    """Every row and month of the report, not only those that are shown."""
    wanted = _wanted(request.args.to_dict())
    report = read_report(context().engine, wanted, most=None)
    note_audit("report downloaded", f"/reports?{query_of(wanted)}")
    return csv_answer(csv_text(COLUMNS, report_lines(report, trends_of(wanted))), f"report-by-{wanted.by}.csv")


@pages.app_template_filter("rate")
def rate_words(rate: Rate) -> str:
    """`4.1 % (3.2 to 5.2)`: a rate with its interval."""
    return f"{100 * rate.value:.1f} % ({100 * rate.low:.1f} to {100 * rate.high:.1f})"


def csv_answer(text: str, name: str) -> Response:
    """UTF-8 with its mark, by which spreadsheets know it."""
    answer = Response("\ufeff" + text, content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _wanted(fields: Mapping[str, str]) -> Wanted:
    return wanted_of(fields, counted_months(context().engine), datetime.now(UTC))


def trends_of(wanted: Wanted) -> dict[tuple[str, ...], Trend]:
    """Of asks that were accepted; of a finding that was asked about twice the last one counts."""
    engine = context().engine
    if not wanted.laid_only:
        return {}
    accepted = {one.finding_id: one.accepted_at for one in read_asks(engine, datetime.now(UTC)) if one.accepted_at}
    return trends(engine, wanted, accepted)


@pages.post("/reports/questions")
@needs(Role.VIEWER)
def keep() -> AnyResponse:
    """Keep a report under a name; then that report."""
    made = keep_question(request.form.get("name", ""), request.form.get("query", ""), acting(request.form))
    return _to_report(made.query)


def keep_question(name: str, query: str, actor: str) -> Question:
    """Raises RefusedError (422) for what is no report, UsageError without names."""
    kept = _kept_query(query)
    made = add_question(context().engine, name, kept, _whose(kept), actor, datetime.now(UTC))
    note_audit("question kept", f"question {made.id}", {"name": made.name, "query": kept})
    return made


@pages.post("/reports/questions/<question_id>")
@needs(Role.VIEWER)
def change(question_id: str) -> AnyResponse:
    """Another name, or another report under the name: by whoever made it, or an admin."""
    old, form = own_question(question_id), request.form
    query = put_question(old, form.get("name", old.name), form.get("query", old.query), acting(form))
    return _to_report(query)


def put_question(old: Question, name: str, query: str, actor: str) -> str:
    """Its address now. Raises as `keep_question` does, and StepRefusedError where somebody was quicker."""
    kept = _kept_query(query)
    change_question(context().engine, old, name, kept, _whose(kept), actor, datetime.now(UTC))
    note_audit("question changed", f"question {old.id}", {"name": name, "query": kept})
    return kept


@pages.post("/reports/questions/<question_id>/delete")
@needs(Role.VIEWER)
def forget(question_id: str) -> AnyResponse:
    old = own_question(question_id)
    forget_question(old)
    return _to_report(old.query)


def forget_question(old: Question) -> None:
    """Raises StepRefusedError where somebody was quicker."""
    delete_question(context().engine, old)
    note_audit("question deleted", f"question {old.id}", {"name": old.name})


def _kept_query(given: str) -> str:
    """As it is written in an address: only what is a report is kept."""
    return query_of(_wanted(fields_of(given)))


def _whose(query: str) -> str:
    """The tenant that a report is about; "" for all. Raises RefusedError (422) for one that may not be seen or is none:
    others would read the report's name, and whoever keeps it would not find it again."""
    tenant, seen = fields_of(query).get("tenant", ""), current_actor().tenants
    if seen is not None and tenant not in {"", *seen}:
        raise unprocessable(f"tenant: {tenant!r} is none that you may see", "leave it out for all that you may see")
    return tenant


def _to_report(query: str) -> AnyResponse:
    return redirect(f"{url_for('reports.show')}?{query}#questions", 303)


def questions_seen() -> tuple[Question, ...]:
    """By name; none that names a job of which whoever asks knows nothing."""
    return _known_to_actor(list_questions(context().engine))


def kept_question(question_id: str) -> Question:
    """Raises RefusedError (404)."""
    found = get_question(context().engine, question_id)
    if found is None or not _known_to_actor((found,)):
        raise not_found(f"there is no question {question_id}", "it may have been deleted meanwhile")
    return found


def _known_to_actor(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """Without those that others keep about a job that only ever ran for tenants that may not be seen."""
    actor = current_actor()
    if not actor.restricted:
        return questions
    named = {one.id: _jobs_in(one) for one in questions if one.made_by != actor.name}
    known = {one.job for one in jobs_named(context().engine, frozenset[str]().union(*named.values()), most=1)}
    return tuple(one for one in questions if named.get(one.id, frozenset()) <= known)


def _jobs_in(question: Question) -> frozenset[str]:
    fields = fields_of(question.query)
    return frozenset(fields[name] for name in ("job", "root_job") if fields.get(name))


def own_question(question_id: str) -> Question:
    """For who made it, and for admins. Raises RefusedError: 404, 403."""
    found = kept_question(question_id)
    if not _may_change(found):
        raise RefusedError(403, "not_allowed", f"{found.made_by} made this question", hint="keep one of your own")
    return found


def _may_change(question: Question) -> bool:
    actor = current_actor()
    return actor.role >= Role.ADMIN or (actor.name != "" and actor.name == question.made_by)
