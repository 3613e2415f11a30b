"""PagerDuty's payloads against the facts they must become, kept as golden files."""

from __future__ import annotations

import dataclasses
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pagerduty.mapping import Ties, alert_from, incident_from, log_entry_from, service_from
from connectors.payloads import UnmappableError
from correlator.model import iso
from correlator.ports import IncidentEntry, Service
from correlator.settings import load_settings

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = load_settings(environment={})
TIES = Ties(
    SETTINGS["pagerduty.details"],
    tuple(re.compile(text) for text in SETTINGS["pagerduty.title_patterns"]),
    (re.compile("^(?P<job>.+) pipeline$"),),
)
AT = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
CASES = json.loads((GOLDEN / "incidents.json").read_text(encoding="utf-8"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["about"]) for case in CASES])
def test_an_incident_is_mapped_or_refused_with_the_reason(case: dict[str, Any]) -> None:
    if "fact" in case:
        values = dataclasses.asdict(incident_from(case["payload"], TIES, case.get("alerts", ())))
        plain = {key: iso(value) if isinstance(value, datetime) else value for key, value in values.items()}
        assert plain == case["fact"]
    else:
        with pytest.raises(UnmappableError) as error:
            incident_from(case["payload"], TIES)
        assert str(error.value) == case["reason"]


@pytest.mark.parametrize(
    ("title", "tied"),
    [
        ("job: export_ads tenant=tenant-07 failed", {"job": "export_ads", "tenant": "tenant-07"}),
        ("export_ads failed", {}),
        (None, {}),
    ],
)
def test_titles_are_read_by_patterns(title: str | None, tied: dict[str, str]) -> None:
    assert TIES.find([], title, None) == tied


def test_details_win_over_the_title() -> None:
    assert TIES.find([{"job": "ingest"}], "[tenant-07] export_ads", None) == {"job": "ingest", "tenant": "tenant-07"}


def test_log_entries_and_alerts_belong_to_an_incident() -> None:
    entry = {"id": "R1", "summary": "Triggered", "created_at": "2026-03-01T02:10:00Z", "incident": {"id": "PINC001"}}
    assert log_entry_from(entry) == IncidentEntry("R1", "PINC001", "log_entry", AT, "Triggered")
    assert alert_from(entry, "PINC002") == IncidentEntry("R1", "PINC002", "alert", AT, "Triggered")
    with pytest.raises(UnmappableError, match="belongs to no incident"):
        log_entry_from({**entry, "incident": None})


def test_a_service_needs_those_it_depends_on() -> None:
    edges = [
        {"supporting_service": {"id": "PSVC2"}, "dependent_service": {"id": "PSVC1"}},
        {"supporting_service": {"id": "PSVC1"}, "dependent_service": {"id": "PBUS1"}},
    ]
    assert service_from({"id": "PSVC1", "name": "Exports"}, edges) == Service("PSVC1", "Exports", ("PSVC2",))


@given(JSON, JSON)
def test_no_payload_crashes_the_mapping(inner: Any, at: Any) -> None:
    payload = {"id": "x", "created_at": at, "status": inner, "resolved_at": at, "service": inner, "body": inner}
    payload |= {"first_trigger_log_entry": inner, "incident": inner, "title": inner}
    for item in (payload, inner):
        for mapping in (lambda p: incident_from(p, TIES, [p]), log_entry_from, lambda p: service_from(p, [p])):
            with suppress(UnmappableError):
                mapping(item)
