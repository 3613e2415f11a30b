"""Events of webhooks: each once, the wish for a pull once, and what a pull is asked to look at."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from correlator.errors import StoreError
from correlator.model import Incident
from correlator.ports import IncidentRelation, Page, Service
from correlator.store import webhooks
from correlator.store.database import writing
from correlator.store.facts import store_page
from correlator.store.incidents import get_incident, relations_of
from correlator.store.status_updates import REFUSED, SENT, claim_status_update, status_update_ended, was_told
from correlator.store.webhooks import (
    WebhookEvent,
    awaited_incidents,
    forget_webhooks,
    incidents_pulled,
    keep_webhook,
    take_wakes,
)
from tests.stored import list_services, list_webhooks

T = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENT = WebhookEvent("pagerduty", "E1", "D1", "incident.triggered", "PINC001", T, T, "{}")


def keep(engine: Engine, event: WebhookEvent, *, wake: bool = True) -> bool:
    return keep_webhook(engine, event, wake=wake, wait_seconds=5)


def test_an_event_is_kept_once_by_its_own_id_and_by_its_delivery(engine: Engine) -> None:
    assert keep(engine, EVENT)
    assert not keep(engine, EVENT)
    assert not keep(engine, replace(EVENT, event_id="E2"))
    assert not keep(engine, replace(EVENT, delivery_id="D2"))
    assert keep(engine, replace(EVENT, event_id="E2", delivery_id="D2"))
    assert keep(engine, replace(EVENT, source="another"))
    assert [event.event_id for event in list_webhooks(engine, "pagerduty")] == ["E1", "E2"]


def test_of_many_at_once_one_is_the_first(engine: Engine) -> None:
    new: list[bool] = []
    threads = [threading.Thread(target=lambda: new.append(keep(engine, EVENT))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [False] * 5 + [True]


def test_a_wish_is_given_out_once_and_only_for_what_is_new(engine: Engine) -> None:
    assert take_wakes(engine) == []
    keep(engine, replace(EVENT, event_id="E0", delivery_id="D0"), wake=False)
    assert take_wakes(engine) == []
    keep(engine, EVENT)
    keep(engine, replace(EVENT, event_id="E2", delivery_id="D2"))
    keep(engine, replace(EVENT, source="another"))
    assert take_wakes(engine) == ["another", "pagerduty"]
    keep(engine, EVENT)
    assert take_wakes(engine) == []


def test_a_wish_that_comes_while_wishes_are_given_out_is_kept(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(engine, EVENT)

    @contextmanager
    def after_another(opened: Engine) -> Iterator[Connection]:
        keep(opened, replace(EVENT, event_id="E2", delivery_id="D2", received_at=T + MINUTE))
        with writing(opened) as connection:
            yield connection

    monkeypatch.setattr(webhooks, "writing", after_another)
    assert take_wakes(engine) == ["pagerduty"]
    monkeypatch.undo()
    assert take_wakes(engine) == ["pagerduty"]


def test_a_pull_is_asked_for_what_no_pull_has_looked_at_since(engine: Engine) -> None:
    keep(engine, EVENT)
    keep(engine, replace(EVENT, event_id="E2", delivery_id="D2", incident_id="PINC002", received_at=T + MINUTE))
    keep(engine, replace(EVENT, event_id="E3", delivery_id="D3", incident_id="", received_at=T + MINUTE))
    awaited = awaited_incidents(engine, "pagerduty")
    assert awaited.incidents == ("PINC001", "PINC002")
    keep(engine, replace(EVENT, event_id="E4", delivery_id="D4", received_at=T + 2 * MINUTE))  # while it is pulled
    incidents_pulled(engine, "pagerduty", awaited, T + 3 * MINUTE)
    assert awaited_incidents(engine, "pagerduty").incidents == ("PINC001",)
    incidents_pulled(engine, "pagerduty", awaited_incidents(engine, "pagerduty"), T + 4 * MINUTE)
    assert awaited_incidents(engine, "pagerduty").incidents == ()


def test_old_events_are_forgotten(engine: Engine) -> None:
    keep(engine, EVENT)
    keep(engine, replace(EVENT, event_id="E2", delivery_id="D2", received_at=T + MINUTE))
    assert forget_webhooks(engine, T + MINUTE) == 1
    assert [event.event_id for event in list_webhooks(engine)] == ["E2"]


def test_a_store_that_is_busy_is_not_waited_for_long(engine: Engine) -> None:
    keep(engine, replace(EVENT, event_id="E0", delivery_id="D0"))
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE wakes SET asked_at = asked_at + 1")
        began = datetime.now(UTC)
        with pytest.raises(StoreError):
            keep_webhook(engine, EVENT, wake=True, wait_seconds=0.3)
        assert datetime.now(UTC) - began < timedelta(seconds=3)
    assert keep(engine, EVENT)


def test_what_lies_beside_an_incident_is_found_by_it_the_likest_first(engine: Engine) -> None:
    beside = (
        IncidentRelation("PINC001", "past", "PB", T, "Late", "alike", 1.5),
        IncidentRelation("PINC001", "past", "PA", T, "Late", "alike", 46.8),
        IncidentRelation("PINC001", "related", "PC", None, None, "its contents are similar"),
        IncidentRelation("PINC002", "past", "PA", T, "Late", "alike", 2.0),
    )
    store_page(engine, "pagerduty", Page("incidents", (*beside, *beside), {}), T)
    assert relations_of(engine, "PINC001") == [beside[2], beside[1], beside[0]]
    store_page(engine, "pagerduty", Page("incidents", (replace(beside[0], score=99.0),), {}), T + MINUTE)
    assert [one.other_id for one in relations_of(engine, "PINC001")] == ["PC", "PB", "PA"]


def test_priorities_and_kinds_of_services_are_kept(engine: Engine) -> None:
    incident = Incident("PINC001", T, title="Late", priority="P2")
    services = (Service("PSVC1", "Exports", ("PSVC2",)), Service("PBUS1", "Campaigns", ("PSVC1",), kind="business"))
    store_page(engine, "pagerduty", Page("all", (incident, *services), {}), T)
    assert get_incident(engine, "PINC001") == incident
    assert list_services(engine) == [services[1], services[0]]


def test_a_status_update_is_claimed_by_one_and_again_only_when_it_was_refused(engine: Engine) -> None:
    claimed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: claimed.append(claim_status_update(engine, "PINC001", "h1", T)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [False] * 3 + [True]
    assert was_told(engine, "PINC001")
    status_update_ended(engine, "PINC001", "h1", REFUSED, T, "no")
    assert not was_told(engine, "PINC001")
    assert claim_status_update(engine, "PINC001", "h1", T)
    status_update_ended(engine, "PINC001", "h1", SENT, T)
    assert not claim_status_update(engine, "PINC001", "h1", T)
    assert claim_status_update(engine, "PINC001", "h2", T)
    assert not was_told(engine, "PINC002")
