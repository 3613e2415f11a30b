"""What stands beside the cast's incident: its log, what a vendor lays beside it, monitors, and other incidents."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from correlator.model import Change, Incident, MonitorTransition
from correlator.ports import Fact, IncidentEntry, IncidentRelation, Page
from correlator.store.facts import store_page
from tests.web import cast

OPENED = cast.incidents()[0].created_at
UNEXPLAINED, OPEN, NAMELESS = "Q2EMAIL", "Q3OPEN", "Q4NOBODY"
AFTER = cast.END + timedelta(minutes=1)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def facts() -> tuple[Fact, ...]:
    """An incident of a flaky job, an open one of a service, one that names nothing, and the log of the cast's."""
    flaky = cast.START + timedelta(days=11, hours=7, minutes=6)
    return (
        Incident(UNEXPLAINED, flaky, flaky + minutes(9), "export_email failed", job="export_email", tenant="tenant-02"),
        Incident(OPEN, cast.END + timedelta(days=1), None, "exports are late", service="exports", urgency="high"),
        Incident(NAMELESS, flaky - timedelta(days=40), None, cast.HOSTILE),
        Incident("Q0BEFORE", OPENED - timedelta(days=2), OPENED - timedelta(days=2) + minutes(31), "blank export",
                 job=cast.EXPORT, tenant=cast.PREMIUM),
        IncidentEntry("L2", "Q1EXPORT", "log_entry", OPENED + minutes(4), "acknowledged by the on-call engineer"),
        IncidentEntry("L1", "Q1EXPORT", "alert", OPENED + minutes(0.2), f"segment table is empty {cast.HOSTILE}"),
        IncidentRelation("Q1EXPORT", "past", "Q0BEFORE", None, None, "the same title", 0.9),
        IncidentRelation("Q1EXPORT", "related", "Q9ELSE", OPENED, "crm is late", "open at the same time"),
        MonitorTransition("m-1", "77", OPENED - minutes(20), "alert", "ingest is late", job=cast.INGEST),
        MonitorTransition("m-2", "78", OPENED - minutes(10), "warn", "disk", job="another_job"),
        Change("deploy-200", OPENED + minutes(20), "rollback of the segment table", tenant=cast.PREMIUM),
    )  # fmt: skip


def put(engine: Engine) -> None:
    store_page(engine, "pagerduty", Page("more", facts(), {"at": 2}, done=True), cast.END)
