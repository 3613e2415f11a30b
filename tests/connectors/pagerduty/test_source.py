"""Streams of the PagerDuty source: windows, pages that end when they say so, incidents that change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from connectors.pagerduty.source import PagerDutySource, build
from correlator.errors import SettingsError, SourceError
from correlator.model import Incident
from correlator.ports import IncidentEntry, Page, PullWindow
from correlator.settings import load_settings
from tests.connectors.scripted import Script, Slept, failure

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
Asked = tuple[str, str, dict[str, Any], Any]


def source(script: Script, **environment: str) -> PagerDutySource:
    plain = {"PAGERDUTY_API_KEY": "test-rest-key", "CORRELATOR_PAGERDUTY_RELATED": "false"}
    values = {**plain, "CORRELATOR_PAGERDUTY_URL": script.url, **environment}
    return build(load_settings(environment=values), Slept().patience())


def incident(key: str, status: str = "resolved", at: datetime = NOW - DAY / 2, alerts: int = 0) -> dict[str, Any]:
    times = {"created_at": at.isoformat(), "updated_at": at.isoformat(), "resolved_at": (at + DAY / 24).isoformat()}
    return {"id": key, "title": "Late", "status": status, "alert_counts": {"all": alerts}, **times}


def entry(key: str) -> dict[str, Any]:
    return {"id": key, "summary": "Triggered", "created_at": "2026-03-01T12:00:00Z", "incident": {"id": "PINC001"}}


def listed(wrapper: str, *items: Any, more: bool = False) -> dict[str, Any]:
    return {wrapper: list(items), "limit": 100, "offset": 0, "more": more, "total": None}


def incidents(pages: list[Page]) -> list[Incident]:
    return [fact for page in pages for fact in page.facts if isinstance(fact, Incident)]


def paths(script: Script) -> list[str]:
    return [path for _, path, _, _ in script.asked]


def test_since_and_until_are_both_sent_in_utc_and_never_more_than_six_months(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("incidents")])
    window = PullWindow(until=NOW, since=NOW - 400 * DAY)
    pages = list(source(script).pages("incidents", None, window))
    for _, _, query, _ in script.asked:
        since, until = (datetime.fromisoformat(query[key]) for key in ("since", "until"))
        assert since.utcoffset() == until.utcoffset() == timedelta(0)
        assert until - since < 180 * DAY
        assert query["time_zone"] == "UTC"
        assert query["include[]"] == "first_trigger_log_entries"
    assert [query.get("total") for _, _, query, _ in script.asked] == ["true"] * 3
    assert pages[-1].position["watermark"] == "2026-03-02T00:00:00Z"
    assert [page.done for page in pages] == [False] * 2 + [True]


def test_an_empty_page_may_have_followers(httpserver: HTTPServer) -> None:
    script = Script(
        httpserver,
        [listed("incidents", more=True), listed("incidents", incident("PINC001"), more=True), listed("incidents")],
    )
    pages = list(source(script).pages("incidents", None, PullWindow(until=NOW, since=NOW - DAY)))
    assert [found.incident_id for found in incidents(pages)] == ["PINC001"]
    assert [query["offset"] for _, _, query, _ in script.asked] == ["0", "100", "200"]


def test_a_pull_goes_on_after_the_last_stored_page(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("incidents", incident("PINC001"), more=True), listed("incidents")])
    position = next(source(script).pages("incidents", None, PullWindow(until=NOW, since=NOW - DAY))).position
    assert position["watermark"] is None
    list(source(script).pages("incidents", position, PullWindow(until=NOW)))
    assert script.asked[1][2]["offset"] == "100"
    assert script.asked[1][2]["since"] == script.asked[0][2]["since"]


def test_more_than_10000_items_are_listed_in_shorter_windows(httpserver: HTTPServer) -> None:
    """The stand-in for a flood: windows longer than an hour never end."""

    def answer(asked: Asked) -> dict[str, Any]:
        since, until = (datetime.fromisoformat(asked[2][key]) for key in ("since", "until"))
        return listed("log_entries", more=until - since > DAY / 24 + timedelta(seconds=2))

    script = Script(httpserver, [answer])
    pages = list(source(script).pages("log_entries", None, PullWindow(until=NOW, since=NOW - DAY / 12)))
    assert all(int(query["offset"]) + int(query["limit"]) <= 10_000 for _, _, query, _ in script.asked)
    assert len(script.asked) == 100 + 2
    assert pages[-1].done
    assert pages[-1].position["watermark"] == "2026-03-02T00:00:00Z"


def test_a_list_that_never_ends_ends_the_pull(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("log_entries", more=True)])
    with pytest.raises(SourceError, match="more than 10000 items") as error:
        list(source(script).pages("log_entries", None, PullWindow(until=NOW, since=NOW - timedelta(seconds=5))))
    assert error.value.permanent


def test_open_incidents_are_asked_for_again_until_they_are_resolved(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("incidents", incident("PINC001", "triggered"))])
    pulled = source(script)
    first = list(pulled.pages("incidents", None, PullWindow(until=NOW, since=NOW - DAY)))
    assert first[0].facts[0] == Incident("PINC001", NOW - DAY / 2, title="Late", status="triggered")

    resolved = incident("PINC001") | {"updated_at": NOW.isoformat()}
    script.replies = [listed("incidents"), {"incident": resolved}]
    second = list(pulled.pages("incidents", first[-1].position, PullWindow(until=NOW + DAY)))
    assert paths(script)[1:] == ["/incidents", "/incidents/PINC001"]
    assert [found.resolved_at for found in incidents(second)] == [NOW - DAY / 2 + DAY / 24]
    assert [page.done for page in second] == [False, True]

    script.replies = [listed("incidents")]
    third = list(pulled.pages("incidents", second[-1].position, PullWindow(until=NOW + 2 * DAY)))
    assert paths(script)[3:] == ["/incidents"]
    assert third[-1].position == {"known": {}, "watermark": "2026-03-04T00:00:00Z"}


def test_an_open_incident_that_is_gone_is_set_aside_with_the_reason(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("incidents"), failure(404)])
    known = {"PGONE": {"looks": "x", "created": "2026-03-01T00:00:00Z", "open": True}}
    position = {"watermark": "2026-03-01T12:00:00Z", "known": known}
    pages = list(source(script).pages("incidents", position, PullWindow(until=NOW)))
    assert pages[-1].set_aside[0].item_id == "PGONE"
    assert "not found any more" in pages[-1].set_aside[0].reason
    assert pages[-1].position["known"] == {}


def test_what_did_not_change_is_not_read_again(httpserver: HTTPServer) -> None:
    recent = incident("PINC001", at=NOW - DAY / 48, alerts=1)
    alert: dict[str, Any] = {"id": "PALERT1", "summary": "Export late", "created_at": "2026-03-01T23:30:00Z"}
    alert["body"] = {"details": {"job": "export_ads", "tenant": "tenant-07"}}
    script = Script(httpserver, [listed("incidents", recent), listed("alerts", alert), listed("incidents", recent)])
    pulled = source(script)
    (first,) = list(pulled.pages("incidents", None, PullWindow(until=NOW, since=NOW - DAY)))
    assert isinstance(first.facts[0], Incident)
    assert (first.facts[0].job, first.facts[0].tenant) == ("export_ads", "tenant-07")
    at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert first.facts[1] == IncidentEntry("PALERT1", "PINC001", "alert", at, "Export late")
    assert [raw.fact_id for raw in first.raw] == ["PINC001", "PALERT1"]
    assert first.requests == 2
    (second,) = list(pulled.pages("incidents", first.position, PullWindow(until=NOW)))
    assert second.facts == ()
    assert second.requests == 1


def test_an_incident_that_cannot_be_mapped_is_set_aside_and_the_rest_kept(httpserver: HTTPServer) -> None:
    broken = incident("PINC002") | {"created_at": None}
    script = Script(httpserver, [listed("incidents", broken, incident("PINC001"), 7)])
    (page,) = list(source(script).pages("incidents", None, PullWindow(until=NOW, since=NOW - DAY)))
    assert [found.incident_id for found in incidents([page])] == ["PINC001"]
    assert [item.reason for item in page.set_aside] == ["no created_at", "no id in it"]


def test_log_entries_keep_their_incident(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [listed("log_entries", entry("R1"), {"id": "R2"})])
    (page,) = list(source(script).pages("log_entries", None, PullWindow(until=NOW, since=NOW - DAY)))
    assert [fact.entry_id for fact in page.facts if isinstance(fact, IncidentEntry)] == ["R1"]
    assert [item.item_id for item in page.set_aside] == ["R2"]


def test_an_answer_without_its_list_is_an_error(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [{"error": "?"}])
    with pytest.raises(SourceError, match="without `incidents`"):
        list(source(script).pages("incidents", None, PullWindow(until=NOW)))


@pytest.mark.parametrize(("pattern", "message"), [("(", "no regular expression"), ("^job", "names no group")])
def test_a_pattern_that_ties_nothing_is_a_wrong_setting(pattern: str, message: str) -> None:
    values = {"PAGERDUTY_API_KEY": "test-rest-key", "CORRELATOR_PAGERDUTY_TITLE_PATTERNS": pattern}
    with pytest.raises(SettingsError, match=f"CORRELATOR_PAGERDUTY_TITLE_PATTERNS.*{message}"):
        build(load_settings(environment=values))
