"""The list of jobs by what their retries cost, and the page of one job."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert

from correlator.model import Analysis, Dependency, Origin, RetryDebt, Status, Verdict
from correlator.ports import Page as Pulled
from correlator.store.database import open_store, writing
from correlator.store.facts import store_page
from correlator.store.findings import save_analysis
from correlator.store.schema import runs
from correlator.text.times import micros, moment
from tests.web import cast
from tests.web.plans import asked
from tests.web.test_pages import text_of
from web import reading
from web.http.arguments import stamp
from web.pictures.job_map import MOST_EACH_WAY, ROW, TOP, draw_map
from web.pictures.job_map import About as OnMap
from web.reading.jobs import (
    ATTEMPTS_SHOWN,
    JOBS_SHOWN,
    attempts_before,
    caused_by,
    findings_of,
    latest_attempts,
    retry_debts,
)
from web.reading.paths import around, edges_of, upstream_first

EXPORT = f"/job?job={cast.EXPORT}&tenant={cast.PREMIUM}"
LISTED = re.compile(r'<tr data-key="[^"]*" data-says="(\S+) of')
Opening = Callable[[Path], FlaskClient]
MANY = 10 * JOBS_SHOWN + 7


def test_jobs_are_sorted_by_needed_retries(client: FlaskClient) -> None:
    assert LISTED.findall(client.get("/jobs").text)[:2] == ["export_ads", "export_email"]
    page = text_of(client, "/jobs")
    assert "3 jobs have failed attempts" in page
    assert "export_ads tenant-07 ■ Systemic 6 (7 %) 84 84 12 156 2026-03-15 04:08:00" in page


def test_the_list_can_be_narrowed_to_a_tenant(client: FlaskClient) -> None:
    page = text_of(client, "/jobs?tenant=tenant-02")
    assert "1 job has failed attempts" in page
    assert "export_ads" not in page


@pytest.mark.parametrize("query", ["sort=height", "page=0", "page=x", "page=²"])
def test_an_order_or_a_page_that_is_none_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/jobs?{query}").status_code == 422


def test_an_empty_store_is_not_a_healthy_platform(empty_client: FlaskClient) -> None:
    page = text_of(empty_client, "/jobs")
    assert "Nothing was pulled or imported yet" in page
    assert "not a healthy platform" in page


def test_runs_that_nobody_looked_at_are_said_to_be_so(tmp_path: Path, open_client: Opening) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store_page(engine, "datadog", Pulled("all", tuple(cast.attempts()), {}), cast.END)
    engine.dispose()
    client = open_client(tmp_path)
    assert "Runs are stored, but not analysed yet" in text_of(client, "/jobs")
    page = text_of(client, EXPORT)
    assert "Not analysed yet" in page
    assert "failed first, passed on attempt 3" in page
    assert "not analysed yet" in page
    assert "blank export: segment table has <n> rows for <n>-<n>" in page
    assert "No dependency of this job is known, so no upstream job could be checked" in page


def test_a_quiet_look_says_when_it_was_and_what_it_covered(tmp_path: Path, open_client: Opening) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store_page(engine, "datadog", Pulled("all", tuple(cast.flaky_day(0)), {}), cast.END)
    save_analysis(engine, cast.analysis(), cast.END)
    save_analysis(engine, Analysis(cast.END, ()), cast.END + timedelta(minutes=5))
    engine.dispose()
    client = open_client(tmp_path)
    assert "No job needed a second attempt Nothing failed in the window of the analysis of 2026-03-16" in text_of(
        client, "/jobs"
    )
    assert "Its earlier finding was closed 2026-03-16 00:05 UTC" in text_of(client, EXPORT)


def test_a_job_shows_its_verdict_debt_runs_path_lag_and_errors(client: FlaskClient) -> None:
    page = text_of(client, EXPORT)
    parts = (
        "Systemic, caused upstream",
        "Passed on retry 6",
        "Attempts 60",
        "Recent runs",
        "Dependencies",
        "Lag",
        "signatures",
    )
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "resolve_identity 1 directly declared success" in page
    assert "ingest_events 2 resolve_identity declared success" in page
    assert "Median 23 min" in page
    assert "ingest_events run ingest_events-tenant-07-20260315T0300, which failed; begun 23 min after it" in page
    assert "blank export: segment table has # rows 6 6" in page


def test_the_root_lists_the_trouble_that_starts_there(client: FlaskClient) -> None:
    page = text_of(client, f"/job?job={cast.INGEST}&tenant={cast.PREMIUM}")
    assert "Failures caused by this job export_ads of tenant-07: ■ Systemic" in page
    assert "export_ads 2 resolve_identity declared success 2026-03-15" in page
    assert "No finding about this job" in page


def test_earlier_attempts_are_one_link_away_and_nothing_is_shown_twice(client: FlaskClient) -> None:
    drawn, path = list[str](), EXPORT
    while path:
        body = client.get(path).text
        drawn += re.findall(r"<g><title>[^<]* · (\S+) · attempt", body)
        found = re.search(r'href="(/job[^"#]+)#attempts-title">← Earlier', body)
        path = found[1].replace("&amp;", "&") if found else ""
    exports = [one.run_id for one in cast.attempts() if one.job == cast.EXPORT]
    assert len(exports) > ATTEMPTS_SHOWN
    assert sorted(drawn) == sorted(exports)


def test_a_job_can_be_asked_for_without_the_tenant_that_alone_runs_it(client: FlaskClient) -> None:
    answer = client.get("/job?job=export_ads&before=2026-03-10T00:00:00Z")
    wanted = f"/job?job=export_ads&tenant={cast.PREMIUM}&before=2026-03-10T00:00:00Z"
    assert (answer.status_code, unquote(answer.location)) == (302, wanted)
    elsewhere = client.get("/job?job=export_email&tenant=tenant-99")
    assert (elsewhere.status_code, "It runs for tenant-02: name the tenant." in elsewhere.text) == (404, True)


def test_a_job_that_nobody_knows_is_not_found(client: FlaskClient) -> None:
    unknown = client.get("/job?job=export_ad")
    assert (unknown.status_code, "Did you mean export_ads" in unknown.text) == (404, True)
    assert client.get("/job").status_code == 422
    assert client.get(f"{EXPORT}&before=yesterday").status_code == 422
    assert client.get(f"{EXPORT}&before=2026-03-01T00:00:00").status_code == 422


def test_names_of_jobs_are_never_markup(client: FlaskClient) -> None:
    name = quote(cast.HOSTILE)
    for path in (f"/job?job={name}&tenant={name}", f"/jobs?tenant={name}"):
        body = client.get(path).text
        assert "<script>alert" not in body
        assert "&lt;script&gt;" in body


def test_paths_end_in_circles_and_the_strongest_origin_counts() -> None:
    edges = [Dependency("a", "b"), Dependency("b", "c"), Dependency("c", "a", origin=Origin.INFERRED)]
    near = around(edges, ("a",))
    assert [(step.job, step.distance) for step in near.downstream] == [("b", 1), ("c", 2)]
    assert [(step.job, step.distance, step.origin) for step in near.upstream] == [
        ("c", 1, Origin.INFERRED),
        ("b", 2, Origin.DECLARED),
    ]
    assert upstream_first(edges[:2], ("c", "b", "a", "x")) == ("a", "x", "b", "c")
    assert set(upstream_first(edges, ("c", "b", "a"))) == {"a", "b", "c"}


# --- a larger store --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Some hundred findings, twenty thousand attempts, edges of several sources."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('large') / 'store.db'}")
    found = [
        replace(cast.transient(), tenant=f"tenant-{n:03}", retry_debt=RetryDebt(90, 90, n, 99, n, 9.0 * (MANY - n)))
        for n in range(MANY)
    ]
    save_analysis(engine, Analysis(cast.END, tuple(found)), cast.END)
    edges = (*cast.dependencies(), Dependency(cast.INGEST, cast.EXPORT, origin=Origin.INFERRED))
    store_page(engine, "f", Pulled("all", edges, {}), cast.END)
    store_page(engine, "g", Pulled("all", (Dependency(cast.INGEST, cast.EXPORT),), {}), cast.END)
    minute = micros(cast.START + timedelta(minutes=1)) - micros(cast.START)
    known = {"known_at": 0, "revised_at": 0, "source": "f", "status": "success"}
    rows = [
        {"run_id": f"r{n}", "job": f"job-{n % 40}", "tenant": f"tenant-{n % 9:03}", "started_at": n * minute} | known
        for n in range(20_000)
    ]
    with writing(engine) as connection:
        connection.execute(insert(runs), rows)
        connection.exec_driver_sql("ANALYZE")
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("sort", "first"), [("retries", MANY - 1), ("minutes", 0), ("name", 0)])
def test_every_page_of_the_list_has_its_own_jobs(large: Engine, sort: str, first: int) -> None:
    pages = [retry_debts(large, sort, number) for number in range(1, 12)]
    tenants = [row.tenant for rows, _ in pages for row in rows]
    assert tenants[0] == f"tenant-{first:03}"
    assert len(tenants) == len(set(tenants)) == MANY
    assert {number for _, number in pages} == {MANY}


def test_no_question_goes_through_the_history(large: Engine) -> None:
    with asked(large) as heard:
        for sort in ("retries", "minutes"):
            retry_debts(large, sort, 2)
        names = [f"job-{n}" for n in range(40)]
        assert len(attempts_before(large, "job-3", "tenant-003", None)) == 56
        attempts_before(large, "job-3", "tenant-003", cast.END)
        latest_attempts(large, "tenant-003", names)
        findings_of(large, "tenant-003", names)
        caused_by(large, cast.INGEST, "", names)
    assert len(heard.statements) == 9
    assert heard.scans("runs", "findings") == []


def test_a_job_s_page_asks_as_often_for_a_long_path_as_for_a_short_one(large: Engine) -> None:
    with asked(large) as heard:
        found = latest_attempts(large, "tenant-003", [f"job-{n}" for n in range(40)])
    assert len(heard.statements) == 1
    assert {attempt.tenant for attempt in found.values()} == {"tenant-003"}


def test_the_top_of_a_page_says_the_same_in_short_and_never_reads_the_history(full_folder: Path, large: Engine) -> None:
    engine = open_store(f"sqlite:///{full_folder / 'store.db'}")
    for store in (engine, large):
        long, short = reading.freshness(store), reading.freshness_in_short(store)
        for name in ("newest_event", "last_pull", "silent", "coverage", "last_correlate"):
            assert getattr(short, name) == getattr(long, name), name
    engine.dispose()
    with asked(large) as heard:
        reading.freshness_in_short(large)
    assert heard.scans("runs", "findings", "job_runs") == []


def test_jobs_without_runs_of_their_own_are_read_from_the_unnamed_tenant(large: Engine) -> None:
    with asked(large) as heard:
        found = reading.attempts(large, "tenant-003", ["job-3", "job-99"], moment(0), cast.END)
    assert {attempt.job for attempt in found} == {"job-3"}
    assert heard.scans("runs") == []
    assert reading.attempts(large, "tenant-003", [], moment(0), cast.END) == []


def test_an_edge_of_two_sources_is_told_once_by_the_stronger(large: Engine) -> None:
    edges = {(edge.upstream, edge.downstream): edge.origin for edge in edges_of(large, cast.PREMIUM)}
    assert edges[cast.INGEST, cast.EXPORT] is Origin.DECLARED
    assert len(edges) == 3


# --- edges, the map, and looking back --------------------------------------------------------------------------


def test_edges_are_listed_by_the_retries_they_cost(client: FlaskClient, empty_client: FlaskClient) -> None:
    page = text_of(client, "/jobs/edges")
    assert "Failed runs are attributed to 2 edges" in page
    assert "ingest_events export_ads tenant-07 6 ■ Systemic" in page
    assert "1 edge" in text_of(client, f"/jobs/edges?tenant={cast.PREMIUM}")
    assert (
        "Failures caused by upstream jobs Upstream Tenant Failed runs attributed to it ingest_events tenant-07 6"
        in text_of(client, EXPORT)
    )
    root = text_of(client, f"/job?job={cast.INGEST}&tenant={cast.PREMIUM}")
    assert "Failures caused in downstream jobs" in root
    assert "export_ads of tenant-07: ■ Systemic , 23 min later (23 min to 23 min, 6 pairs)" in root
    assert "Not analysed yet" in text_of(empty_client, "/jobs/edges")
    assert client.get("/jobs/edges?page=2").status_code == 404


def test_the_map_leads_to_every_job_and_marks_the_way_of_the_trouble(client: FlaskClient) -> None:
    body = client.get(EXPORT).text
    figure = body[body.index('<figure class="map">') : body.index("</figure>", body.index('<figure class="map">'))]
    assert (
        figure.index("ingest_events</text>") < figure.index("resolve_identity</text>") < figure.index("export_ads</t")
    )
    assert figure.count('class="edge laid"') == 2
    assert f'href="/job?job={cast.INGEST}&amp;tenant={cast.PREMIUM}"' in figure


def test_a_map_of_many_jobs_shows_the_nearest_and_counts_the_others() -> None:
    edges = [Dependency(f"up-{n:02}", "here") for n in range(20)] + [Dependency("here", "down", origin=Origin.INFERRED)]
    drawn = draw_map("here", edges, around(edges, ("here",)), ("up-03", "here"), lambda _: OnMap())
    assert [node.job for node in drawn.nodes][-2:] == ["here", "down"]
    assert (len(drawn.nodes), drawn.left_out) == (MOST_EACH_WAY + 2, 20 - MOST_EACH_WAY)
    assert [(arc.laid, arc.sure) for arc in drawn.arcs[-2:]] == [(False, False), (True, True)]
    assert {node.y for node in drawn.nodes} == {TOP + ROW * (row + 0.5) for row in range(len(drawn.nodes))}


def test_looking_back_shows_what_was_known_and_said_then(tmp_path: Path, open_client: Opening) -> None:
    engine, hour = open_store(f"sqlite:///{tmp_path / 'store.db'}"), timedelta(hours=1)
    ends = (3.0, Status.FAILED, "blank"), (4.0, Status.SUCCESS, "")
    first, second = cast.run(cast.EXPORT, cast.PREMIUM, cast.START, 0, *ends)
    running = replace(first, status=Status.RUNNING, finished_at=None, error=None)
    store_page(engine, "v", Pulled("all", (running, Dependency(cast.INGEST, cast.EXPORT)), {}), cast.START + hour)
    unsure = replace(cast.systemic(), verdict=Verdict.INCONCLUSIVE)
    save_analysis(engine, Analysis(cast.START, (unsure,)), cast.START + hour)
    store_page(engine, "v", Pulled("all", (first, second), {}), cast.START + 3 * hour)
    save_analysis(engine, Analysis(cast.START, (cast.systemic(),)), cast.START + 3 * hour)
    engine.dispose()
    client = open_client(tmp_path)

    def at(hours: int) -> str:
        return text_of(client, f"{EXPORT}&as_of={stamp(cast.START + hours * hour)}")

    assert "There was no finding about this job by then" in at(0)
    assert "No run of this job was known by then" in at(0)
    assert "■ Systemic, caused" not in at(2)
    assert "◆ Inconclusive" in at(2)
    assert "1 shown, 0 of them failed" in at(2)
    assert "2 shown, 1 of them failed" in at(3)
    assert "■ Systemic, caused upstream" in at(3)
    assert "2 shown, 1 of them failed" in text_of(client, EXPORT)
