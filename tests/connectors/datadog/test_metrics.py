"""The stream of metrics: what matters, once, at the resolution wanted, in few requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.datadog import metrics
from connectors.datadog.metrics import MetricQueries
from connectors.datadog.timeseries import full_query
from connectors.windows import Progress
from correlator.errors import SourceError
from correlator.model import MetricPoint
from correlator.ports import Interest, Page, PullWindow

NAMES = {"job": "job", "tenant": "customer"}
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
UNTIL = T0 + 30 * HOUR


class Asked:
    """Answers each request with one point a query, and keeps the requests."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        self.bodies.append(body)
        series = [
            {"group_tags": ["job:export_ads", "customer:tenant-07"], "query_index": index}
            for index in range(len(body["queries"]))
        ]
        attributes = {"series": series, "times": [body["from"]], "values": [[4.5]] * len(series)}
        return {"data": {"attributes": attributes}}

    @property
    def queries(self) -> list[str]:
        return [query["query"] for body in self.bodies for query in body["queries"]]

    def times(self) -> list[tuple[float, float]]:
        start = T0.timestamp() * 1000
        return [((body["from"] - start) / 3_600_000, (body["to"] - start) / 3_600_000) for body in self.bodies]


def stream(asked: Asked, *entries: str, interval: int = 300) -> MetricQueries:
    queries = tuple(full_query(entry, NAMES) for entry in entries or ("memory",))
    return MetricQueries(asked, queries, NAMES, interval, sent=lambda: len(asked.bodies))


def interest(start: float, end: float, job: str = "Export_Ads", tenant: str = "tenant-07") -> Interest:
    return Interest(tenant, job, T0 + start * HOUR, T0 + end * HOUR)


def pull(
    source: MetricQueries, *interests: Interest, position: dict[str, Any] | None = None, until: datetime = UNTIL
) -> list[Page]:
    window = PullWindow(until=until, interests=interests)
    return list(source.pages(Progress.from_position(position), window))


def test_only_jobs_of_interest_are_asked_for_and_only_then() -> None:
    asked = Asked()
    (page,) = pull(stream(asked), interest(3, 5))
    assert asked.queries == ["avg:memory{job:export_ads AND customer:tenant-07} by {job,customer}"]
    assert asked.times() == [(3, 5)]
    assert page.facts == (MetricPoint("memory", T0 + 3 * HOUR, 4.5, job="Export_Ads", tenant="tenant-07"),)
    assert page.done
    assert page.position["watermark"] == "2026-03-02T06:00:00Z"
    assert pull(stream(asked)) == []


def test_nothing_is_asked_twice_and_what_is_new_is() -> None:
    asked = Asked()
    (page,) = pull(stream(asked), interest(3, 5))
    assert pull(stream(asked), interest(3, 5), position=page.position) == []
    pull(stream(asked), interest(2, 6), position=page.position)
    assert asked.times() == [(3, 5), (2, 6)]
    (page,) = pull(stream(asked), interest(3, 7), position=page.position)
    assert asked.times()[-1] == (5, 7)


def test_the_newest_points_are_asked_for_again_until_they_have_settled() -> None:
    asked = Asked()
    (page,) = pull(stream(asked), interest(28, 31))
    assert asked.times() == [(28, 30)]
    pull(stream(asked), interest(28, 31), position=page.position, until=UNTIL + HOUR / 2)
    assert asked.times()[-1] == (29.75, 30.5)


def test_other_metrics_or_another_interval_are_asked_for_anew() -> None:
    asked = Asked()
    (page,) = pull(stream(asked), interest(3, 5))
    pull(stream(asked, "memory", "cpu"), interest(3, 5), position=page.position)
    pull(stream(asked, interval=60), interest(3, 5), position=page.position)
    assert asked.times() == [(3, 5), (3, 5), (3, 4.8), (4.8, 5)]


def test_a_stretch_read_again_is_asked_for_again() -> None:
    asked = Asked()
    (page,) = pull(stream(asked), interest(3, 9))
    again = PullWindow(until=T0 + 6 * HOUR, since=T0 + 4 * HOUR, interests=(interest(3, 9),))
    (page,) = stream(asked).pages(Progress.from_position(page.position), again)
    assert asked.times() == [(3, 9), (4, 6)]
    assert pull(stream(asked), interest(3, 9), position=page.position) == []


def test_a_stretch_read_again_goes_on_after_a_cut() -> None:
    asked, rest = Asked(), Asked()
    (page,) = pull(stream(asked, interval=60), interest(0, 4))
    again = PullWindow(until=T0 + 20 * HOUR, since=T0, interests=(interest(0, 20),))
    position = page.position
    for page in list(stream(asked, interval=60).pages(Progress.from_position(position), again))[:2]:
        position = page.position
    pages = list(stream(rest, interval=60).pages(Progress.from_position(position), again))
    assert rest.times() == asked.times()[3:]
    assert "read_again" not in pages[-1].position
    assert pages[-1].position["read"]


def test_slices_are_short_enough_to_keep_the_resolution() -> None:
    asked = Asked()
    pages = pull(stream(asked, interval=60), interest(0, 26))
    assert all(body["to"] - body["from"] <= 288 * 60_000 and body["interval"] == 60_000 for body in asked.bodies)
    assert [end for _, end in asked.times()[:-1]] == [start for start, _ in asked.times()[1:]]
    assert [page.done for page in pages] == [False] * (len(pages) - 1) + [True]


def test_a_pull_that_was_cut_goes_on_after_its_last_page() -> None:
    asked = Asked()
    first = pull(stream(asked, interval=60), interest(0, 26))[1]
    rest = pull(stream(whole := Asked(), interval=60), interest(0, 26), position=first.position)
    assert whole.times() == asked.times()[2:]
    assert rest[-1].done


def test_jobs_of_the_same_tenants_share_a_query_and_queries_share_a_request() -> None:
    asked = Asked()
    tenants = ("tenant-01", "tenant-02")
    wanted = [interest(3, 5, job, tenant) for job in ("a", "b") for tenant in tenants]
    pull(stream(asked, "memory", "rows"), *wanted, interest(4, 6, "c", "tenant-03"), interest(3, 4, "d", ""))
    assert len(asked.bodies) == 1
    assert asked.times() == [(3, 6)]
    assert asked.queries[:2] == [
        "avg:memory{job:d} by {job,customer}",
        "avg:rows{job:d} by {job,customer}",
    ]
    assert "avg:rows{job IN (a,b) AND customer IN (tenant-01,tenant-02)} by {job,customer}" in asked.queries
    assert len(asked.queries) == 6


def test_many_jobs_take_several_requests_and_each_is_covered_with_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "JOBS_A_QUERY", 2)
    monkeypatch.setattr(metrics, "QUERIES_A_REQUEST", 1)
    asked = Asked()
    wanted = [interest(3, 5, f"job_{number}") for number in range(5)]
    pages = pull(stream(asked), *wanted)
    assert len(asked.bodies) == 3
    pull(stream(later := Asked()), *wanted, position=pages[1].position)
    assert later.queries == asked.queries[2:]


def test_a_query_that_knows_no_jobs_is_asked_as_it_is_at_the_same_times() -> None:
    asked = Asked()
    (page,) = pull(stream(asked, "avg:warehouse.load{env:prod}"), interest(3, 5), interest(4, 6, "b"))
    assert asked.queries == ["avg:warehouse.load{env:prod}"]
    assert asked.times() == [(3, 6)]
    assert pull(stream(asked, "avg:warehouse.load{env:prod}"), interest(3, 6), position=page.position) == []


def test_what_is_older_than_everything_of_interest_is_forgotten() -> None:
    asked = Asked()
    (page,) = pull(stream(asked), interest(3, 5))
    (page,) = pull(stream(asked), interest(20, 21, "b"), position=page.position)
    assert list(page.position["read"]) == ["tenant-07\tb"]


def test_an_error_with_status_200_is_an_error_and_columns_that_do_not_fit_are_set_aside() -> None:
    def failing(_: Any) -> dict[str, Any]:
        return {"errors": "unknown metric"}

    def odd(_: Any) -> dict[str, Any]:
        return {"data": {"attributes": {"series": [{}], "times": [], "values": []}}}

    window = PullWindow(until=UNTIL, interests=(interest(3, 5),))
    query = (full_query("memory", NAMES),)
    with pytest.raises(SourceError, match="unknown metric"):
        list(MetricQueries(failing, query, NAMES, 300, sent=lambda: 0).pages(Progress(), window))
    (page,) = MetricQueries(odd, query, NAMES, 300, sent=lambda: 0).pages(Progress(), window)
    assert [aside.reason for aside in page.set_aside] == ["1 series but 0 rows of values"]


def test_where_nobody_says_what_matters_everything_is_asked_for_and_where_nothing_does_nothing() -> None:
    asked = Asked()
    both = stream(asked, "memory", "avg:warehouse.load{env:prod}")
    (page,) = both.pages(Progress(), PullWindow(until=UNTIL, since=T0 + 25 * HOUR))
    assert asked.queries == ["avg:memory{*} by {job,customer}", "avg:warehouse.load{env:prod}"]
    assert asked.times() == [(25, 30)]
    assert [fact.job for fact in page.facts if isinstance(fact, MetricPoint)] == ["export_ads", "export_ads"]
    assert list(both.pages(Progress(), PullWindow(until=UNTIL, since=T0, interests=()))) == []


def test_a_pull_of_everything_goes_on_where_the_last_one_ended() -> None:
    asked = Asked()
    *_, page = stream(asked).pages(Progress(), PullWindow(until=UNTIL))
    assert asked.times() == [(6, 24), (24, 30)]
    list(stream(asked).pages(Progress.from_position(page.position), PullWindow(until=UNTIL + HOUR)))
    assert asked.times()[2:] == [(29.75, 31)]
