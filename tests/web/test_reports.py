"""Reports: the sums by month, the same as CSV, questions that people keep; and the ledger of asks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert

from correlator.lifecycle import transitions
from correlator.lifecycle.asking import Handover, escalate
from correlator.lifecycle.following import follow
from correlator.lifecycle.steps import Answer
from correlator.lifecycle.transitions import enter_step
from correlator.model import Analysis, Attempt, Finding, Pair, Status
from correlator.ports import Page
from correlator.settings import load_settings
from correlator.store.database import open_store, writing
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, get_finding, save_analysis
from correlator.store.schema import monthly_sums
from correlator.sums import sum_up
from tests.web import cast
from tests.web.factory import Rule
from tests.web.test_pages import text_of
from web.access import Actor, Role
from web.reports.lines import COLUMNS

Open = Callable[[Path], FlaskClient]
BEGIN = datetime(2026, 2, 20, tzinfo=UTC)
ACCEPTED = datetime(2026, 3, 12, 9, tzinfo=UTC)
END = datetime(2026, 3, 27, tzinfo=UTC)
FORMULA = "=HYPERLINK(1)"
BY_ASK = "/reports?by=ask&from=2026-02&to=2026-03"


def attempts(tenant: str, job: str) -> Iterator[Attempt]:
    """Six runs a day. Up to the answer the first one fails and passes on retry; after it none does."""
    for hour in range(0, 24 * 35, 4):
        at = BEGIN + timedelta(hours=hour)
        name, bad = f"{job}-{tenant}-{hour}", at < ACCEPTED and at.hour == 0
        for number, status in enumerate((Status.FAILED, Status.SUCCESS) if bad else (Status.SUCCESS,), 1):
            begin = at + timedelta(minutes=20 * number)
            end = begin + timedelta(minutes=10)
            yield Attempt(f"{name}-{number}", job, begin, status, tenant, name, number, at, end)


def finding(tenant: str, job: str) -> Finding:
    days = [BEGIN + timedelta(days=day) for day in range(20)]
    pairs = tuple(Pair(f"{job}-{tenant}-{24 * n}", "ingest", failed_at=day) for n, day in enumerate(days))
    window = {"window_start": END - timedelta(days=35), "window_end": END}
    return replace(cast.systemic(), tenant=tenant, job=job, root_job="ingest", pairs=pairs, **window)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tenants' exports are attributed to one root; the ask about one of them was accepted, and failures stopped."""
    folder = tmp_path_factory.mktemp("reports")
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    streams = (("tenant-01", "export"), ("tenant-02", "export"), ("tenant-02", FORMULA))
    facts = [attempt for stream in streams for attempt in attempts(*stream)]
    store_page(engine, "datadog", Page("all", tuple(facts), {}, done=True), END)
    save_analysis(engine, Analysis(END, tuple(finding(*stream) for stream in streams[:2])), END, Rule())
    follow(engine, END, ACCEPTED - timedelta(hours=4))
    for number, tenant in enumerate(("tenant-01", "tenant-02")):
        stored = get_finding(engine, finding_id(tenant, "export"))
        assert stored is not None
        at = ACCEPTED - timedelta(hours=3)
        enter_step(engine, stored, transitions.confirm("first responder", "seen it", at))
        enter_step(engine, stored, escalate(stored, "first responder", Handover(), load_settings(None, {}), at))
        if not number:
            enter_step(engine, stored, transitions.answer("owner", Answer.ACCEPTED, "=on it", ACCEPTED))
    sum_up(engine, load_settings(None, {}), END)
    engine.dispose()
    return folder


@pytest.fixture
def pages(folder: Path, open_client: Open) -> FlaskClient:
    return open_client(folder)


def test_asks_by_month_with_what_they_cost_and_how_it_went_on(pages: FlaskClient) -> None:
    page = text_of(pages, BY_ASK)
    assert "data-platform ingest-memory ingest 18 22 40 2 420" in page  # February, March, in all, tenants, minutes
    assert "fewer failures 16.7 % (" in page
    assert ") of first attempts failed before, 0.0 % (0.0 to " in page
    assert "accepted 2026-03-12 09:00 UTC" in page


def test_nothing_is_claimed_of_months_of_which_no_run_is_stored(pages: FlaskClient) -> None:
    page = text_of(pages, "/reports?by=ask&from=2025-12&to=2026-03")
    assert "data-platform ingest-memory ingest – – 18 22 40" in page
    assert "no runs stored for this month" in page
    assert "no runs stored for this month" not in text_of(pages, BY_ASK)


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("by=team", "data-platform 18 22 40 2 420"),
        ("by=rule", "ingest-memory 18 22 40 2 420"),
        ("by=job", "export 18 22 40 2 420 42"),
        ("by=tenant", "tenant-01 9 11 20 1 210 21"),
        ("by=job&measure=minutes&tenant=tenant-01", "export 90 120 210 1 21"),
    ],
)
def test_the_same_by_whatever_one_asks(pages: FlaskClient, query: str, row: str) -> None:
    assert row in text_of(pages, f"/reports?from=2026-02&to=2026-03&{query}")


def test_the_csv_holds_every_row_and_month_and_no_formula(pages: FlaskClient) -> None:
    answer = pages.get("/reports.csv?by=job&from=2026-02&to=2026-03")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeffmonth,team,rule_id,root_job,job,tenant,runs,failed_first,laid_to_the_cause,")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    told = [(row["month"], row["job"], row["failed_first"], row["laid_to_the_cause"]) for row in rows]
    assert told == [
        ("2026-02", "export", "18", "18"),
        ("2026-03", "export", "24", "22"),
        ("2026-02", f"'{FORMULA}", "9", "0"),
        ("2026-03", f"'{FORMULA}", "12", "0"),
    ]
    asked = pages.get("/reports.csv?by=ask&from=2026-02&to=2026-03").text
    assert asked.splitlines()[0] == "\ufeff" + ",".join(COLUMNS)
    assert ",2026-03-12T09:00:00Z,fewer failures,120,20,0.166667," in asked
    ledger = pages.get("/asks.csv").text
    assert "tenant-02,export,data-platform" in ledger


@pytest.mark.parametrize(
    "query",
    [
        "by=nobody",
        "measure=luck",
        "from=2026-13",
        "from=2026-03&to=2026-01",
        "from=2020-01&to=2026-01",
        "x=1",
        "without=x",
    ],
)
def test_what_is_no_report_is_refused(pages: FlaskClient, query: str) -> None:
    assert pages.get(f"/reports?{query}").status_code in (404, 422)
    assert pages.post("/reports/questions", data={"query": query, "name": "a", "actor": "b"}).status_code in (404, 422)


def test_rows_lead_on_to_what_they_are_made_of(pages: FlaskClient) -> None:
    page = pages.get("/reports?by=team&from=2026-02&to=2026-03").text
    link = page.split('<th scope="row"><a href="')[1].split('"')[0].replace("&amp;", "&")
    assert link.startswith("/reports?by=job&")
    assert "team data-platform" in text_of(pages, link)
    unnamed = text_of(pages, "/reports?by=job&from=2026-02&to=2026-03&without=team")
    assert "team no team" in unnamed
    assert "Clear filters" in unnamed
    again = pages.get("/reports?by=job&from=2026-02&to=2026-03&without=team").text
    assert '<input type="hidden" name="without" value="team">' in again
    assert 'href="/reports?by=job&amp;measure=laid&amp;from=2026-02&amp;to=2026-03">Clear filters' in again


def test_an_empty_store_says_what_reports_are_made_of(empty_client: FlaskClient) -> None:
    page = text_of(empty_client, "/reports")
    assert "Nothing counted yet" in page
    assert "This store is empty" in page
    assert "How asks are created" in text_of(empty_client, "/asks")


def test_while_counting_is_not_through_the_page_says_what_is_complete(tmp_path: Path, open_client: Open) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store_page(engine, "datadog", Page("all", tuple(attempts("tenant-01", "export")), {}, done=True), END)
    sum_up(engine, load_settings(None, {}), END, seconds=0)
    engine.dispose()
    pages = open_client(tmp_path)
    page = text_of(pages, "/reports?by=job&from=2026-02&to=2026-03")
    assert "Counting is in progress. Months after 2026-03 are complete" in page
    assert "Nothing counted yet" not in page
    assert pages.get("/api/v1/reports?by=job&from=2026-02&to=2026-02").get_json()["waiting"] == "2026-02"
    assert pages.get("/api/v1/reports?by=job&from=2026-04&to=2026-04").get_json()["waiting"] is None


def test_a_month_in_which_nothing_was_laid_to_a_cause_says_so(pages: FlaskClient) -> None:
    assert "No failure in these months is attributed to a cause" in text_of(pages, "/reports?from=2025-01&to=2025-02")


def kept(client: FlaskClient, **fields: str) -> Any:
    return client.post("/reports/questions", data={"query": "by=team&from=2026-02", "actor": "on call", **fields})


def test_a_question_is_kept_shared_by_its_address_changed_and_deleted(pages: FlaskClient) -> None:
    assert kept(pages, name="").status_code == 422
    answer = kept(pages, name="What does each team owe us?")
    assert answer.status_code == 303
    page = text_of(pages, answer.location.split("#")[0])
    assert page.startswith("What does each team owe us?")
    assert "on call, 2026-11" in page or "on call, 20" in page
    (mine,) = [one for one in questions(pages) if one.name.startswith("What does")]
    changed = pages.post(f"/reports/questions/{mine.id}", data={"name": "Teams", "actor": "an admin"})
    assert changed.status_code == 303
    assert "Teams on call," in text_of(pages, "/reports")
    assert "changed by an admin" in text_of(pages, "/reports")
    assert pages.post(f"/reports/questions/{mine.id}/delete").status_code == 303
    assert pages.post(f"/reports/questions/{mine.id}/delete").status_code == 404
    assert "Teams on call," not in text_of(pages, "/reports")


def questions(client: FlaskClient) -> Any:
    from correlator.store.questions import list_questions

    return list_questions(client.application.extensions["correlator"].engine)


def test_only_its_maker_or_an_admin_changes_a_question(pages: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def come(name: str, role: Role) -> None:
        monkeypatch.setattr("web.access.gate.actor_of_request", lambda _: Actor(name, role, None, "token"))

    come("ada", Role.VIEWER)
    assert kept(pages, name="Ada's own", actor="").status_code == 303
    (mine,) = [one for one in questions(pages) if one.name == "Ada's own"]
    assert mine.made_by == "ada"
    come("bob", Role.RESPONDER)
    assert pages.post(f"/reports/questions/{mine.id}/delete").status_code == 403
    assert pages.get("/settings").status_code == 403
    come("ada", Role.VIEWER)
    assert pages.post(f"/reports/questions/{mine.id}", data={"name": "Ada's"}).status_code == 303
    come("root", Role.ADMIN)
    assert pages.post(f"/reports/questions/{mine.id}/delete").status_code == 303


def test_who_may_see_one_tenant_reads_its_sums_alone(pages: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    only = Actor("ada", Role.ADMIN, frozenset({"tenant-01"}), "token")
    kept(pages, name="About the other", query="by=job&tenant=tenant-02", actor="root")
    monkeypatch.setattr("web.access.gate.actor_of_request", lambda _: only)
    for path in (
        BY_ASK,
        "/reports?by=tenant&from=2026-02&to=2026-03",
        "/reports.csv?by=tenant&from=2026-02",
        "/asks",
        "/asks.csv",
        "/",
    ):
        assert "tenant-02" not in pages.get(path).text, path
    assert "data-platform ingest-memory ingest 9 11 20 1 210" in text_of(pages, BY_ASK)
    assert "About the other" not in text_of(pages, "/reports")
    assert pages.get("/settings").status_code == 403


def test_the_ledger_says_who_waits_and_how_teams_answer(pages: FlaskClient) -> None:
    page = text_of(pages, "/asks")
    assert "1 ask overdue, 0 waiting" in page
    assert page.index("export tenant-02 data-platform") < page.index("export tenant-01 data-platform")
    assert "accepted first answer after 3 h, ✓ in time" in page
    assert "data-platform 2 1 0 0 1 0 1 of 2 3 h" in page
    assert "Team: data-platform." in text_of(pages, "/asks?team=data-platform")
    assert "Nobody waits for an answer" in text_of(pages, "/asks?rule=other")
    assert pages.get("/asks?job=export").status_code == 422


def test_a_report_costs_as_much_as_its_months_not_as_all_history(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    assert _steps(engine, 200) == pytest.approx(_steps(engine, 4000), rel=0.2)
    engine.dispose()


def _steps(engine: Engine, months: int) -> int:
    """How much SQLite does for three months of a history of so many."""
    from web.reading.reports import Wanted, read_report

    with writing(engine) as connection:
        connection.execute(monthly_sums.delete())
        rows = [
            {"month": f"{1000 + n // 12}-{n % 12 + 1:02d}", "tenant": "", "job": f"job-{job}", "days": "{}", "laid": 1}
            for n in range(months)
            for job in range(4)
        ]
        connection.execute(insert(monthly_sums), rows)
    counted = [0]

    def step() -> int:
        counted[0] += 1
        return 0

    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.set_progress_handler(step, 50)
        read_report(engine, Wanted("ask", "1003-01", "1003-03"))
        raw.set_progress_handler(None, 0)
    return counted[0]
