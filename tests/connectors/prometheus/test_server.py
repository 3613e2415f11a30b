"""The source against the real server: what is stored in it comes back, once, and nothing else."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.prometheus.check import check
from connectors.prometheus.source import PrometheusSource, build
from correlator.errors import SourceError
from correlator.model import Attempt, MetricPoint, Status
from correlator.ports import Found, Interest, Page, PullWindow
from correlator.pulling.pull import pull_source
from correlator.settings import Settings, load_settings
from correlator.store.database import open_store
from correlator.store.facts import store_page
from tests.connectors.prometheus.conftest import END, GAP, JOBS, START, expected
from tests.web.factory import full_store, settings_for
from web.app import create_app

ROWS = 'max by (job, tenant, host) (job_rows{job=~"$job", tenant=~"$tenant"})'
LOOKBACK = timedelta(minutes=5)
"""How long Prometheus goes on with a value that no other follows."""


def settings(url: str, metrics: dict[str, str], **values: Any) -> Settings:
    loaded = load_settings(environment={"CORRELATOR_PROMETHEUS_URL": url, "CORRELATOR_PROMETHEUS_ENABLED": "true"})
    named = {f"prometheus.{name}": value for name, value in values.items()}
    return replace(loaded, values={**loaded.values, "prometheus.metrics": metrics, **named})


def source(url: str, metrics: dict[str, str], **values: Any) -> PrometheusSource:
    return build(settings(url, metrics, **values))


def window(start: datetime, end: datetime, jobs: tuple[str, ...] = JOBS, tenant: str = "tenant-07") -> PullWindow:
    """A window in which this is of interest."""
    return PullWindow(END, interests=tuple(Interest(tenant, job, start, end) for job in jobs))


def points(pages: list[Page]) -> list[MetricPoint]:
    return [fact for page in pages for fact in page.facts if isinstance(fact, MetricPoint)]


def minutes(start: datetime, end: datetime) -> list[datetime]:
    """The minutes at which there is a value: those of the gap have none once the last one is too old."""
    every = [start + timedelta(minutes=n) for n in range(int((end - start) / timedelta(minutes=1)))]
    return [at for at in every if not GAP[0] + LOOKBACK <= at < GAP[1]]


def test_everything_stored_comes_back_at_every_step(prometheus: str) -> None:
    pages = list(source(prometheus, {"rows": ROWS}).pages("metrics", None, window(START, END)))
    found = {(point.job, point.at): point for point in points(pages)}
    assert sorted(found) == sorted((job, at) for job in JOBS for at in minutes(START, END))
    outside = [point for point in found.values() if not GAP[0] <= point.at < GAP[1]]
    assert all(point.value == expected(str(point.job), point.at) for point in outside)
    assert {(point.metric, point.tenant, point.host) for point in found.values()} == {("rows", "tenant-07", "a")}
    assert pages[-1].done
    assert pages[-1].clock_offset_seconds == pytest.approx(0, abs=1)


def test_what_is_too_much_for_the_server_comes_in_halves(prometheus: str) -> None:
    """It loads 4,000 samples a query at most; every five seconds of two hours are 1,440 of each of two series."""
    fine = source(prometheus, {"rows": ROWS}, step_seconds=5)
    pages = list(fine.pages("metrics", None, window(START, START + timedelta(hours=2))))
    assert len(set(points(pages))) == len(points(pages)) == len(JOBS) * 2 * 720
    assert sum(page.requests for page in pages) > len(pages)


def test_where_nobody_says_what_is_of_interest_every_job_is_read(prometheus: str) -> None:
    upto = START + timedelta(hours=1)
    pages = list(source(prometheus, {"rows": ROWS}).pages("metrics", None, PullWindow(upto, START)))
    found = {(point.job, point.at) for point in points(pages)}
    assert found >= {(job, at) for job in JOBS for at in minutes(START, upto)}
    assert all(START <= at < upto for _, at in found)


def test_only_what_is_of_interest_is_asked_for_and_only_once(prometheus: str) -> None:
    rows = source(prometheus, {"rows": ROWS})
    at, hour = START + timedelta(hours=3), timedelta(hours=1)

    def pulled(end: datetime, position: dict[str, Any] | None) -> list[Page]:
        return list(rows.pages("metrics", position, window(at, end, ("load.ads",))))

    first = pulled(at + hour, None)
    assert {point.job for point in points(first)} == {"load.ads"}
    assert [point.at for point in points(first)] == minutes(at, at + hour)
    more = pulled(at + 2 * hour, first[-1].position)
    assert [point.at for point in points(more)] == minutes(at + hour, at + 2 * hour)
    nothing = pulled(at + 2 * hour, more[-1].position)
    assert [(page.requests, page.facts, page.done) for page in nothing] == [(0, (), True)]


def test_hours_between_those_of_interest_are_not_kept(prometheus: str) -> None:
    interests = tuple(
        Interest("tenant-07", "load", START + timedelta(hours=hour), START + timedelta(hours=hour + 1))
        for hour in (1, 4)
    )
    pages = list(source(prometheus, {"rows": ROWS}).pages("metrics", None, PullWindow(END, interests=interests)))
    assert [point.at for point in points(pages)] == [at for one in interests for at in minutes(one.start, one.end)]
    assert sum(page.requests for page in pages) == 1


def test_a_dot_in_a_name_is_a_dot(prometheus: str) -> None:
    asked = window(START, START + timedelta(hours=1), ("loadXads",))
    assert points(list(source(prometheus, {"rows": ROWS}).pages("metrics", None, asked))) == []


def test_what_is_no_number_is_missing(prometheus: str) -> None:
    asked = window(START, START + timedelta(minutes=5), tenant="")
    page, _ = source(prometheus, {"odd": 'odd{job=~"$job"}'}).pages("metrics", None, asked)
    assert [point.value for point in points([page])] == [1.0, 5.0]
    assert page.notices == ("odd: infinite values are left out, as if they were missing",)


def test_series_that_cannot_be_told_apart_or_have_no_job_are_set_aside(prometheus: str) -> None:
    asked = window(START, START + timedelta(minutes=5), tenant="")
    page, _ = source(prometheus, {"shared": 'shared{job=~"$job|"}'}).pages("metrics", None, asked)
    assert len(points([page])) == 5
    assert sorted(item.reason for item in page.set_aside) == [
        "another series of job load: let the query aggregate, e.g. max by (job)",
        "no label `job` (the job) on it",
    ]


def test_a_query_that_is_none_needs_a_person(prometheus: str) -> None:
    with pytest.raises(SourceError, match=r"for rows: cannot be answered: .*parse error") as caught:
        list(source(prometheus, {"rows": 'max by (job) (rows{job=~"$job"}'}).pages("metrics", None, window(START, END)))
    assert caught.value.permanent
    assert caught.value.hint == "check `prometheus.metrics`"


def test_the_step_goes_into_the_query(prometheus: str) -> None:
    asked = window(START + timedelta(minutes=30), START + timedelta(hours=1))
    counted = source(prometheus, {"n": 'count_over_time(job_rows{job=~"$job"}[$step])'}, step_seconds=300)
    found = points(list(counted.pages("metrics", None, asked)))
    assert {point.value for point in found} <= {5.0, 6.0}
    assert sorted({point.at for point in found}) == [START + timedelta(minutes=n) for n in range(30, 60, 5)]


def test_the_check_says_version_retention_and_what_each_query_gives(prometheus: str) -> None:
    metrics = {
        "recent": 'recent{job=~"$job"}',
        "none": 'absent_metric{job=~"$job"}',
        "wrong": 'sum(recent{job=~"$job"}',
        "unlabelled": 'sum(recent{job=~"$job"})',
    }
    probes = {probe.name: probe for probe in check(settings(prometheus, metrics))}
    assert probes["server"].said.startswith("answers queries; version 2.")
    assert probes["retention"].said == "keeps metrics for 100y"
    assert probes["metric recent"].said == "values of 1 job in the last hour"
    assert probes["metric none"].said == "no values in the last hour"
    assert [probes[f"metric {name}"].found for name in metrics] == [Found.OK, Found.OK, Found.MISSING, Found.MISSING]
    assert "prometheus.labels" in probes["metric unlabelled"].hint
    assert [probe.name for probe in probes.values() if probe.fails] == ["metric wrong", "metric unlabelled"]


def test_what_our_own_process_exposes_is_as_prometheus_wants_it(tmp_path: Path) -> None:
    """promtool complains about units, suffixes and missing texts, and about what cannot be parsed."""
    full_store(tmp_path).dispose()
    client = create_app(settings_for(tmp_path)).test_client()
    client.get("/")
    exposed = client.get("/metrics").data
    checked = subprocess.run(["promtool", "check", "metrics"], input=exposed, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_a_pull_stores_what_lies_around_failures_and_asks_for_it_once(prometheus: str, tmp_path: Path) -> None:
    """What is of interest comes from the runs in the store, and a kill costs the page that was under way."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    failed = Attempt("r1", "load.ads", START + timedelta(hours=12), Status.FAILED, "tenant-07")
    store_page(engine, "files", Page("tables", (failed,), {}), END)
    rows = source(prometheus, {"rows": ROWS})
    first = pull_source(engine, rows, PullWindow(END), END)
    assert (first.error, first.clock_offset_seconds) == (None, 0)
    assert first.stored == {"metrics": 5 * 60}  # three hours before the one of the failure, and one after
    again = pull_source(engine, rows, PullWindow(END + timedelta(hours=1)), END + timedelta(hours=1))
    assert (again.requests, again.stored, again.repeated) == (0, {}, 0)
    engine.dispose()
