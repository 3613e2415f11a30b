"""The incidents, and one of them on one clock."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert

from correlator.evidence.charts.svg import svg
from correlator.evidence.charts.theme import MOST_MARKS, marks
from correlator.incident_matching import Explanation, explain
from correlator.model import Attempt, Dependency, Incident, Pair, Status
from correlator.ports import Page as Pulled
from correlator.store.database import writing
from correlator.store.facts import store_page
from correlator.store.incidents import relations_of
from correlator.store.schema import incident_relations, incidents, runs
from correlator.text.times import micros
from tests.web import cast, incident_cast
from tests.web.factory import full_store, settings_for
from tests.web.plans import asked
from tests.web.test_pages import text_of
from web.app import create_app
from web.incidents.scene import (
    LONGEST,
    Stand,
    Window,
    all_lanes,
    lanes_that_matter,
    most_telling,
    notes_of,
    scene_of,
    window_of,
)
from web.incidents.words import course_of
from web.reading.incidents import (
    INCIDENTS_SHOWN,
    Cursor,
    Event,
    Stored,
    earlier_of_job,
    events_of,
    incidents_before,
    incidents_named,
    jobs_of_service,
    open_incidents,
    systemic_findings,
)

MINE = "/incidents/Q1EXPORT"
OPENED = incident_cast.OPENED
Opening = Callable[[Path], FlaskClient]
MANY = 2 * INCIDENTS_SHOWN + 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cast with what stands beside its incident; read only."""
    made = tmp_path_factory.mktemp("incidents")
    engine = full_store(made)
    incident_cast.put(engine)
    engine.dispose()
    return made


@pytest.fixture
def site(folder: Path) -> Iterator[FlaskClient]:
    app = create_app(settings_for(folder))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


# --- the list --------------------------------------------------------------------------------------------------


def test_open_incidents_stand_above_all_others(site: FlaskClient) -> None:
    page = text_of(site, "/incidents")
    assert "1 incident is open" in page
    assert page.index("Q3OPEN exports are late ● open exports") < page.index("Q1EXPORT export_ads is blank ✓ resolved")
    assert "40 min pagerduty" in page


def test_no_incident_says_nothing_about_the_platform(empty_client: FlaskClient) -> None:
    page = text_of(empty_client, "/incidents")
    assert "No incident was pulled yet This does not mean that there were none" in page
    assert "pagerduty.enabled" in page


def test_a_list_whose_incidents_are_all_over_says_so(client: FlaskClient) -> None:
    assert "No incident of the last 30 days is open" in text_of(client, "/incidents")


# --- one incident ----------------------------------------------------------------------------------------------


def test_an_incident_tells_what_broke_first_what_followed_and_how_long_after(site: FlaskClient) -> None:
    page = text_of(site, MINE)
    course = (
        "Systemic, caused upstream by ingest_events",
        "ingest_events broke first, 2026-03-15 03:45 UTC : timed out after 45 min",
        "export_ads failed 2026-03-15 04:08 UTC , begun 23 min after it, usually 23 min: blank export",
        "The incident was opened 2026-03-15 04:09 UTC , 60 s after that",
        "it names this job and tenant",
        "Ask data-platform: Raise the worker memory",
        "Timeline",
    )
    places = [page.index(words) for words in course]
    assert places == sorted(places)


def test_lanes_run_from_the_root_down_and_show_every_attempt_and_link(site: FlaskClient) -> None:
    body = site.get(MINE).text
    picture = body[body.index('id="clock-picture"') : body.index('id="attempts"')]
    assert re.findall(r'<text x="6"[^>]*>([a-z_]+)', picture) == [cast.INGEST, cast.RESOLVE, cast.EXPORT]
    drawn = re.findall(r"<g><title>[^<]* · (\S+) · attempt", picture)
    assert sorted(drawn) == sorted(
        one.run_id for one in cast.premium_day(13) if one.scheduled_at and one.scheduled_at.hour < 5
    )
    links = re.findall(r"<title>([^<]*) in trouble, then ([^<]*) failed, 23 min later<", picture)
    assert links == [("ingest_events-tenant-07-20260315T0300-1", "export_ads-tenant-07-20260315T0400-1")]


def test_the_interactive_picture_is_the_drawn_one_with_the_same_rows(site: FlaskClient) -> None:
    page = site.get(f"{MINE}?lanes=all").text
    (address,) = re.findall(r'data-chart="([^"]+)"', html.unescape(page))
    light, dark = site.get(address).json, site.get(f"{address}&theme=dark").json
    assert light is not None and dark is not None  # noqa: PT018
    assert svg(light["specification"]) in page
    assert light["renderer"] == "svg"
    assert 0 < light["marks"] == marks(light["specification"]) < MOST_MARKS
    assert light["specification"]["background"] != dark["specification"]["background"]
    assert "lanes=all" in address
    assert site.get(f"/incidents/{incident_cast.NAMELESS}/chart.json").status_code == 404


def test_its_log_changes_and_monitors_are_numbered_alike_in_picture_and_table(site: FlaskClient) -> None:
    body = site.get(MINE).text
    said = html.unescape(body)
    picture = body[body.index('id="clock-picture"') : body.index('id="attempts"')]
    numbers = re.findall(r'<text x="[\d.]+" y="162[^>]*>([^<]+)<', picture)
    assert numbers == ["1", "5", "2–3", "4", "6"]
    for line in (
        "1. 03:49:00 UTC · monitor: alert: ingest is late",
        f"3. 04:09:12 UTC · alert: segment table is empty {cast.HOSTILE}",
        "5. 04:29:00 UTC · change: rollback of the segment table",
    ):
        assert line in said
    page = text_of(site, MINE)
    assert "4 2026-03-15 04:13:00 log entry acknowledged by the on-call engineer – pagerduty" in page
    assert "1 change of other jobs in this time is left out" in page


def test_everything_is_shown_when_it_is_asked_for(site: FlaskClient) -> None:
    page = text_of(site, f"{MINE}?lanes=all")
    assert "warn: disk another_job" in page
    assert "Show only the path" in page
    assert site.get(f"{MINE}?lanes=none").status_code == 422


def test_past_and_related_incidents_are_told_with_how_long_they_lasted(site: FlaskClient) -> None:
    page = text_of(site, MINE)
    assert "Q0BEFORE past blank export 2026-03-13 04:09:00 31 min the same title" in page
    assert "Q9ELSE related crm is late 2026-03-15 04:09:00 – open at the same time" in page
    assert "Earlier incidents of export_ads Q0BEFORE" in page


def test_the_status_update_is_plain_text_for_those_who_wait(site: FlaskClient) -> None:
    answer = site.get(f"{MINE}/status.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "Incident Q1EXPORT: export_ads is blank"
    assert lines[1] == "Opened 2026-03-15 04:09 UTC, resolved 2026-03-15 04:49 UTC, after 40 min"
    assert lines[2].startswith("Known: export_ads: Systemic, caused upstream by ingest_events")
    assert "Asked of data-platform" in lines[6]
    assert lines[7].startswith("Data as of 2026-03-15 10:00 UTC; 1 of 2 sources reached; not pagerduty")
    assert lines[8] == f"http://localhost{MINE}"


def test_an_incident_of_a_flaky_job_is_not_explained_by_force(site: FlaskClient) -> None:
    page = text_of(site, f"/incidents/{incident_cast.UNEXPLAINED}")
    assert "No systemic cause explains it" in page
    assert "The finding about export_email: ○ Transient" in page
    assert "The first failure among the jobs shown: export_email failed 2026-03-13 07:04 UTC" in page
    update = site.get(f"/incidents/{incident_cast.UNEXPLAINED}/status.txt").text
    assert "Not explained by a systemic cause. Of export_email: Transient" in update


def test_an_incident_younger_than_all_runs_says_what_may_be_missing(site: FlaskClient) -> None:
    page = text_of(site, f"/incidents/{incident_cast.OPEN}")
    assert "The newest stored event is from 2026-03-15 10:00 UTC , before this incident" in page
    assert "pagerduty was not reached since 2026-03-15 23:58 UTC : this incident may look different there now" in page
    assert "no systemic finding is about a job of exports" in page
    assert "Missing runs do not mean the jobs are healthy" in page
    assert "still open" in page


def test_an_incident_that_names_nothing_says_so(site: FlaskClient) -> None:
    body = site.get(f"/incidents/{incident_cast.NAMELESS}").text
    assert "it names neither a job nor a service" in body
    assert "<script>alert" not in body
    assert "Not known yet" in site.get(f"/incidents/{incident_cast.NAMELESS}/status.txt").text


def test_the_stretch_of_time_stands_in_the_address(site: FlaskClient) -> None:
    body = site.get(MINE).text
    (longer,) = re.findall(r'href="([^"]+)#clock">Zoom out', body)
    wide = site.get(html.unescape(longer)).text
    assert "ingest_events-tenant-07-20260315T0300-1" in wide
    assert "export_ads-tenant-07-20260315T0500-1" in wide
    assert "export_ads-tenant-07-20260315T0500-1" not in body
    assert "Around the incident" in wide
    for bad in ("from=2026-03-15T00:00:00Z&to=2026-03-14T00:00:00Z", "from=2026-01-01T00:00Z&to=2026-03-14T00:00Z"):
        assert site.get(f"{MINE}?{bad}").status_code == 422


@pytest.mark.parametrize("path", ["/incidents/Q9", "/incidents/Q9/status.txt", f"{MINE}?source=datadog"])
def test_an_unknown_incident_is_not_found(site: FlaskClient, path: str) -> None:
    assert site.get(path).status_code == 404


def test_a_service_s_incident_is_explained_by_the_jobs_that_ran_under_it(tmp_path: Path, open_client: Opening) -> None:
    engine = full_store(tmp_path)
    serviced = [
        Attempt("s-1", cast.EXPORT, OPENED - timedelta(minutes=3), Status.FAILED, cast.PREMIUM, service="exports")
    ]
    incident = Incident("Q5", OPENED, None, "late", service="exports")
    store_page(engine, "datadog", Pulled("more", (*serviced, incident), {}), cast.END)
    engine.dispose()
    page = text_of(open_client(tmp_path), "/incidents/Q5")
    assert "Systemic, caused upstream by ingest_events" in page
    assert "its service runs this job" in page


def test_an_incident_of_the_root_is_explained_by_what_it_breaks(tmp_path: Path, open_client: Opening) -> None:
    engine = full_store(tmp_path)
    root = Incident("Q6", OPENED, None, "ingest", job=cast.INGEST, tenant=cast.PREMIUM)
    store_page(engine, "pagerduty", Pulled("more", (root,), {}), cast.END)
    engine.dispose()
    page = text_of(open_client(tmp_path), "/incidents/Q6")
    assert "it names the job where the trouble starts" in page


# --- what is drawn ---------------------------------------------------------------------------------------------

EDGES = [Dependency("a", "b"), Dependency("b", "c"), Dependency("c", "d"), Dependency("x", "c")]


def at(minutes: float) -> datetime:
    return OPENED + timedelta(minutes=minutes)


def test_without_an_explanation_the_job_stands_below_what_it_reads_from() -> None:
    assert lanes_that_matter(Incident("Q", OPENED, job="c"), None, EDGES, ()) == ("b", "x", "c")
    assert lanes_that_matter(Incident("Q", OPENED), None, EDGES, ("c", "b")) == ("b", "c")


def test_all_lanes_are_everything_up_and_down_in_order() -> None:
    assert all_lanes(("b", "c"), EDGES) == ("a", "x", "b", "c", "d")


def test_an_incident_that_stays_open_is_not_drawn_for_ever() -> None:
    window = window_of(Incident("Q", OPENED), None, (), OPENED + timedelta(days=9))
    assert window.end - OPENED < LONGEST * 1.1
    assert window.start < OPENED - timedelta(hours=2)


def test_of_too_many_attempts_the_failed_runs_are_kept() -> None:
    passed = [Attempt(f"p{n}", "c", at(n), Status.SUCCESS, finished_at=at(n + 1)) for n in range(20)]
    failed = Attempt("f", "c", at(-5), Status.FAILED, finished_at=at(-4))
    kept = [one.run_id for one in most_telling([failed, *passed], 6 + 3 * 2)]
    assert kept == ["f", "p17", "p18", "p19"]
    assert most_telling(passed, 2 * 20) == passed


def test_jobs_without_an_attempt_get_no_lane_and_are_named() -> None:
    run = Attempt("p", "c", at(1), Status.SUCCESS, finished_at=at(2))
    scene = scene_of(("b", "c"), [run], Window(at(0), at(9)), Stand())
    assert [bar.attempt.job for bar in scene.timeline.bars] == ["c"]
    assert scene.silent == ("b",)
    assert scene.left_out == ""


def test_events_too_near_for_two_numbers_share_one() -> None:
    events = [Event(at(minute), "change", f"m{minute}", "s") for minute in (-5, 10, 10.5, 50)]
    drawn = notes_of(Window(at(0), at(100)), Stand(events=events, then=at(60)))
    assert [note.label for note in drawn] == ["2–3", "4", ""]
    assert "m10; 3." in drawn[0].words
    assert "looked back from here" in drawn[2].words


# --- a larger store --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("large")
    engine = full_store(folder)
    incident_cast.put(engine)
    minute, known = 60_000_000, {"known_at": 0, "revised_at": 0, "source": "datadog"}
    first = micros(cast.START) - MANY * minute
    many = [{"incident_id": f"I{n:04}", "created_at": first + n // 2 * minute, "job": "j"} | known for n in range(MANY)]
    rows = [
        {"run_id": f"r{n}", "job": "j", "started_at": first - n * minute, "status": "success"} | known
        for n in range(10_000)
    ]
    beside = [{"incident_id": f"I{n:04}", "kind": "past", "other_id": "I0000"} | known for n in range(MANY)]
    with writing(engine) as connection:
        connection.execute(insert(incidents), many)
        connection.execute(insert(incident_relations), beside)
        connection.execute(insert(runs), rows)
        connection.exec_driver_sql("ANALYZE")
    yield engine
    engine.dispose()


def test_the_list_goes_on_where_it_stopped_also_between_two_of_one_moment(large: Engine) -> None:
    seen, cursor = list[str](), None
    while page := incidents_before(large, cursor)[:INCIDENTS_SHOWN]:
        seen += [one.incident.incident_id for one in page]
        cursor = Cursor(page[-1].incident.created_at, page[-1].incident.incident_id)
    assert len(seen) == len(set(seen)) == MANY + 5
    assert seen[-1] == incident_cast.NAMELESS


def test_no_question_goes_through_the_history(large: Engine) -> None:
    (mine,) = incidents_named(large, ["Q1EXPORT"])
    of_service = Stored("pagerduty", Incident("Q3OPEN", OPENED, service="exports"))
    with asked(large) as heard:
        incidents_before(large, Cursor(OPENED, "Q"))
        open_incidents(large)
        incidents_named(large, ["Q1EXPORT", "Q0BEFORE"])
        earlier_of_job(large, mine.incident)
        events_of(large, mine, OPENED - timedelta(hours=1), OPENED)
        jobs_of_service(large, of_service.incident)
        relations_of(large, "Q1EXPORT")
    assert len(heard.statements) == 10
    assert heard.scans("runs", "incident_entries", "incident_relations") == []
    listed = [step for step in heard.scans("incidents") if "USING INDEX ix_incidents_created_at" not in step]
    assert [step for step in listed if "COVERING INDEX ix_incidents_created_at" not in step] == []


def test_an_incident_s_page_asks_as_often_of_a_large_store_as_of_a_small_one(folder: Path, large: Engine) -> None:
    counts = []
    for store in (folder, Path(str(large.url.database)).parent):
        app = create_app(settings_for(store))
        engine = app.extensions["correlator"].engine
        with asked(engine) as heard:
            assert app.test_client().get(MINE).status_code == 200
        counts.append(len(heard.statements))
        engine.dispose()
    assert counts[0] == counts[1] <= 40


def test_only_systemic_findings_of_the_tenant_are_candidates(large: Engine) -> None:
    jobs = [cast.EXPORT, "export_email"]
    (found,) = systemic_findings(large, jobs, cast.PREMIUM)
    assert found == cast.systemic()
    assert systemic_findings(large, jobs, "tenant-02") == []
    assert explain(cast.incidents()[0], systemic_findings(large, jobs, ""), {}) is not None


def test_a_root_that_was_still_at_work_is_told_by_its_beginning() -> None:
    """It broke after the failure it led to: "broke first" beside a later time would be read as a mistake."""
    finding = cast.systemic()
    pair = finding.pairs[0]
    assert pair.failed_at
    pair = replace(pair, upstream_failed_at=pair.failed_at + timedelta(minutes=49))
    assert pair.upstream_job
    assert pair.failed_at
    incident = Incident("Q1", OPENED, job=finding.job, tenant=finding.tenant)
    explanation = Explanation(incident, replace(finding, pairs=(pair,)), 0, pair.failed_at)
    root = Attempt("r1", pair.upstream_job, cast.START, Status.TIMED_OUT, logical_run_id=pair.upstream_logical_run_id)
    first, second, *_ = course_of(incident, explanation, pair, [root])
    assert f"{pair.upstream_job} was in trouble first, at work since 2026-03-02 00:00" in first
    assert "begun " in second


def test_a_root_that_was_not_seen_yet_is_told_by_when_it_was_due() -> None:
    finding = cast.systemic()
    failed_at = OPENED - timedelta(minutes=3)
    pair = Pair("export-1", cast.INGEST, failed_at=failed_at, upstream_due_at=OPENED - timedelta(minutes=70))
    incident = Incident("Q1", OPENED, job=finding.job, tenant=finding.tenant)
    explanation = Explanation(incident, replace(finding, pairs=(pair,)), 0, failed_at)
    first, *_ = course_of(incident, explanation, pair, [])
    due = f"{OPENED - timedelta(minutes=70):%Y-%m-%d %H:%M}"
    assert first.startswith(f"{cast.INGEST} was late first: of its run due {due}")
