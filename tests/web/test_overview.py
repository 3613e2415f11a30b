"""The overview: what is systemic, gets worse, waits or is watched; and the states in which it knows less."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from correlator.lifecycle import transitions
from correlator.lifecycle.asking import Handover, escalate
from correlator.lifecycle.fixing import claim_fix
from correlator.lifecycle.following import follow
from correlator.lifecycle.steps import Answer
from correlator.lifecycle.transitions import enter_step
from correlator.model import Analysis, Cause, Dependency, Episode, Finding, Pair, ProofOfFix, Verdict
from correlator.ports import Page, PullReport
from correlator.settings import load_settings
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import finding_history, finding_id, get_finding, save_analysis
from correlator.store.ledger import finish_job, start_job
from correlator.store.sources import record_pull
from tests.web import cast
from tests.web.factory import Rule
from tests.web.test_pages import text_of
from web.reading.overview import KINDS, count_kinds, lists

Open = Callable[[Path], FlaskClient]
NOW = datetime.now(UTC)
ID = finding_id(cast.PREMIUM, cast.EXPORT)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


def like(number: int, verdict: Verdict = Verdict.SYSTEMIC, **changes: object) -> Finding:
    """The cast's case in another job."""
    cause = Cause.UPSTREAM if verdict is Verdict.SYSTEMIC else Cause.NONE
    return replace(cast.systemic(), job=f"job-{number:05}", verdict=verdict, cause=cause, **changes)  # type: ignore[arg-type]


def judged(engine: Engine, *findings: Finding) -> None:
    save_analysis(engine, Analysis(cast.END, findings), cast.END, Rule())


def with_failures(number: int, early: int, late: int) -> Finding:
    days = [cast.START + timedelta(days=1)] * early + [cast.END - timedelta(days=1)] * late
    return like(number, pairs=tuple(Pair(f"run-{n}", failed_at=day) for n, day in enumerate(days)))


def test_it_leads_with_what_is_systemic_and_whom_to_ask(client: FlaskClient) -> None:
    page = text_of(client, "/")
    assert page.index("1 job has systemic trouble") < page.index("Systemic, caused upstream by ingest_events")
    assert "Ask data-platform: Raise the worker memory" in page
    assert page.index("Systemic now") < page.index("Getting worse") < page.index("Waiting for an answer")
    assert (
        page.index("Fixes being verified")
        < page.index("Inconclusive Too early")
        < page.index("Transient noise The test")
    )
    assert "about 6 more failed runs" in page
    assert "export_ads tenant-07 ■ Systemic 84 84 6 (7 %) 12 156" in page


def test_what_is_old_or_came_from_some_sources_only_is_said_at_the_top(client: FlaskClient) -> None:
    page = text_of(client, "/")
    assert "The data is" in page
    assert "Nothing was pulled since 2026-03-15 23:56 UTC" in page
    assert "Not all sources were reached: pagerduty." in page
    assert "PAGERDUTY_API_KEY is refused" in page


def test_an_empty_store_says_that_nothing_was_pulled_and_how_to(empty_client: FlaskClient) -> None:
    page = text_of(empty_client, "/")
    assert "Nothing was pulled or imported yet" in page
    assert "not a healthy platform" in page
    assert "correlator import FOLDER" in page
    assert "Data as of nothing yet" in page
    assert "The data is" not in page
    assert "No dependencies between jobs" not in page


def test_without_edges_it_is_said_that_no_cause_upstream_can_be_found(
    engine: Engine, tmp_path: Path, open_client: Open
) -> None:
    store_page(engine, "datadog", Page("all", tuple(cast.attempts()[:3]), {}, done=True), NOW)
    judged(engine, cast.systemic())
    client = open_client(tmp_path)
    assert "No dependencies between jobs are known" in text_of(client, "/")
    edge = Dependency(cast.INGEST, cast.EXPORT)
    store_page(engine, "files", Page("all", (edge,), {}, done=True), NOW)
    assert "No dependencies between jobs" not in text_of(client, "/")


def test_quiet_looks_quiet_and_says_what_was_checked(engine: Engine, tmp_path: Path, open_client: Open) -> None:
    counts = store_page(engine, "datadog", Page("all", tuple(cast.attempts()[:3]), {}, done=True), NOW)
    record_pull(engine, PullReport("datadog", 1, dict(counts.stored)), NOW, NOW)
    client = open_client(tmp_path)
    assert "but not analysed yet" in text_of(client, "/")
    finish_job(engine, start_job(engine, "correlate", NOW), NOW, ok=True, detail="")
    judged(engine)
    page = text_of(client, "/")
    assert "No findings" in page
    assert "All quiet" in page
    assert "with 3 stored attempts were analysed" in page
    assert "none had a failed or timed-out attempt since 2026-02-09" in page
    assert "The data is" not in page


def test_what_one_job_upstream_fails_stands_under_one_ask(engine: Engine, tmp_path: Path, open_client: Open) -> None:
    apart = replace(like(3, observed=4), root_job="other")
    others = (like(1, observed=5), replace(like(2, observed=3), tenant="tenant-02"))
    judged(engine, cast.systemic(), apart, *others)
    page = text_of(open_client(tmp_path), "/")
    lead, rest = page.split(f"Also attributed to {cast.INGEST}: ")
    assert lead.count("Ask data-platform:") == 1
    assert rest.startswith("job-00001 : 5 of ")
    assert rest.index("job-00003") < rest.index("job-00002")  # another job's, and another tenant's, stand alone
    assert "4 jobs have systemic trouble" in page


HALF_AN_HOUR = timedelta(minutes=30)


def in_outages(number: int, *episodes: Episode) -> Finding:
    pairs = tuple(Pair(f"run-{number}-{n}", failed_at=one.end) for n, one in enumerate(episodes))
    return replace(like(number), cause=Cause.SHARED, root_job=None, path=(), episodes=episodes, pairs=pairs)


def test_jobs_hit_by_one_outage_are_listed_together_and_do_not_fill_the_page(
    engine: Engine, tmp_path: Path, open_client: Open
) -> None:
    day = timedelta(days=1)
    first, second = (Episode(cast.START + n * day, cast.START + n * day + HALF_AN_HOUR, ("a", "b"), 9) for n in (0, 1))
    hit = [in_outages(1, first), in_outages(2, first, second), in_outages(3, first)]
    judged(engine, cast.systemic(), *hit)
    client = open_client(tmp_path)
    page = text_of(client, "/")
    assert "1 job has systemic trouble, 3 jobs hit by 2 shared outages" in page
    assert "2026-03-02 00:00:00 30 min 3 1 3 job-00001, job-00002, job-00003" in page
    assert page.index("2026-03-03 00:00:00 30 min 1 1 1 job-00002") < page.index("2026-03-02 00:00:00 30 min")
    listed = text_of(client, "/?show=shared&outage=2026-03-03T00:00:00Z")
    assert "1 job hit by the outage of 2026-03-03 00:00 UTC" in listed
    assert "job-00001" not in listed
    assert "2026-03-02 00:00 UTC to 00:30, 2026-03-03 00:00 UTC to 00:30" in listed
    assert "data-says" not in page
    told = client.get("/api/v1/overview").get_json()["outages"]
    assert [(one["findings"], one["failed"]) for one in told] == [(1, 1), (3, 3)]
    judged(engine, cast.systemic())
    assert client.get("/api/v1/overview").get_json()["outages"] == []


def test_of_many_findings_as_many_are_read_as_are_shown(engine: Engine, tmp_path: Path, open_client: Open) -> None:
    many = [like(n, observed=n) for n in range(230)] + [like(300 + n, Verdict.TRANSIENT) for n in range(7)]
    judged(engine, *many)
    client = open_client(tmp_path)
    page = text_of(client, "/")
    assert "230 jobs have systemic trouble" in page
    assert "job-00229" in page  # the most failures first
    assert "job-00209" not in page
    assert "Show all 230" in page
    assert "Show all 7" in page
    last = text_of(client, "/?show=systemic&page=3")
    assert "201 to 230 of 230" in last
    assert "job-00000" in last
    assert client.get("/?show=systemic&page=4").status_code == 404
    assert client.get("/?show=everything").status_code == 422


def test_getting_worse_is_said_only_of_what_stands_out_among_all_that_were_tested(
    engine: Engine, tmp_path: Path, open_client: Open
) -> None:
    client = open_client(tmp_path)
    judged(engine, with_failures(1, 1, 7))
    assert "job-00001 tenant-07 – 1 7 0.035" in text_of(client, "/")
    judged(engine, with_failures(1, 1, 7), *(with_failures(n, 4, 4) for n in range(2, 10)))
    page = text_of(client, "/")  # among nine, one p-value of 0.035 is what chance gives
    assert "None of 9 tested findings" in page
    judged(engine, with_failures(1, 1, 30), *(with_failures(n, 4, 4) for n in range(2, 10)))
    page = text_of(client, "/")
    assert "job-00001 tenant-07 – 1 30 < 0.001" in page
    assert "1 of them getting worse" in page


def _escalated(engine: Engine, now: datetime) -> None:
    stored = get_finding(engine, ID)
    assert stored is not None
    follow(engine, cast.END, now)
    enter_step(engine, stored, transitions.confirm("first responder", "seen it", now))
    enter_step(engine, stored, escalate(stored, "first responder", Handover(), load_settings(None, {}), now))


def test_an_ask_waits_until_somebody_says_something(engine: Engine, tmp_path: Path, open_client: Open) -> None:
    judged(engine, cast.systemic())
    _escalated(engine, NOW)
    client = open_client(tmp_path)
    page = text_of(client, "/")
    assert "1 ask without an answer" in page
    assert "overdue" not in page
    assert page.count("escalated") == 1
    stored = get_finding(engine, ID)
    assert stored is not None
    enter_step(engine, stored, transitions.answer("owner", Answer.ACCEPTED, "on it", NOW + timedelta(seconds=5)))
    assert "No ask is waiting for an answer" in text_of(client, "/")


def test_an_overdue_ask_stands_first(engine: Engine, tmp_path: Path, open_client: Open) -> None:
    judged(engine, cast.systemic())
    _escalated(engine, NOW - timedelta(days=30))
    page = text_of(open_client(tmp_path), "/")
    assert "1 ask without an answer, 1 overdue" in page
    assert "✗ overdue" in page


def test_a_claimed_fix_is_watched_with_its_progress(engine: Engine, tmp_path: Path, open_client: Open) -> None:
    judged(engine, replace(cast.systemic(), proof_of_fix=ProofOfFix(0.07, 41)))
    _escalated(engine, NOW)
    stored = get_finding(engine, ID)
    assert stored is not None
    enter_step(
        engine, stored, claim_fix(stored, finding_history(engine, ID), "owner", "more memory", NOW, since=cast.END)
    )
    client = open_client(tmp_path)
    assert "fix claimed not counted yet," in text_of(client, "/")
    follow(engine, cast.END, NOW)
    page = text_of(client, "/")
    assert "1 fix being verified" in page
    assert "watching 0 0 of 41" in page
    assert "more memory" in page


def test_all_it_counts_and_sorts_stands_in_indexes(engine: Engine) -> None:
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    count_kinds(engine)
    lists(engine, dict.fromkeys(KINDS, 10), 10)
    plans = []
    with engine.connect() as connection:
        for statement, parameters in [one for one in asked if "gone_at IS NULL" in one[0]]:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans += [str(step[3]) for step in steps if "findings" in str(step[3])]
    assert len(plans) == 9
    assert all(plan.startswith("SEARCH findings USING COVERING INDEX") for plan in plans), plans
