"""Datadog's payloads against the facts they must become, kept as golden files."""

from __future__ import annotations

import dataclasses
import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.datadog.changes import change_from_event
from connectors.datadog.items import tag_values
from connectors.datadog.mapping_files import read_mappings
from connectors.datadog.runs import attempt_from
from connectors.payloads import UnmappableError
from correlator.model import Attempt, Change, iso
from correlator.settings import load_settings

GOLDEN = Path(__file__).parent / "golden"
NAMES = load_settings(environment={})["datadog.tags"]
SPANS = read_mappings(None, NAMES)["spans"]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["about"]) for case in json.loads((GOLDEN / name).read_text(encoding="utf-8"))]


def plain(fact: Attempt | Change) -> dict[str, Any]:
    values = dataclasses.asdict(fact)
    return {key: iso(value) if isinstance(value, datetime) else value for key, value in values.items()}


@pytest.mark.parametrize("case", cases("spans.json"))
def test_a_span_becomes_an_attempt_or_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    if "fact" in case:
        assert plain(attempt_from(case["payload"], SPANS)) == case["fact"]
    else:
        with pytest.raises(UnmappableError) as error:
            attempt_from(case["payload"], SPANS)
        assert str(error.value) == case["reason"]


@pytest.mark.parametrize("case", cases("events.json"))
def test_an_event_becomes_a_change_or_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    if "fact" in case:
        assert plain(change_from_event(case["payload"], NAMES)) == case["fact"]
    else:
        with pytest.raises(UnmappableError) as error:
            change_from_event(case["payload"], NAMES)
        assert str(error.value) == case["reason"]


def test_the_names_of_tags_are_the_customers() -> None:
    names = {**NAMES, "job": "pipeline.name", "tenant": "customer"}
    span = {
        "attributes": {
            "custom": {"pipeline": {"name": "nightly"}},
            "tags": ["customer:tenant-02"],
            "start_timestamp": "2026-03-01T02:05:00Z",
            "span_id": "1",
        }
    }
    attempt = attempt_from(span, read_mappings(None, names)["spans"])
    assert (attempt.job, attempt.tenant) == ("nightly", "tenant-02")


@pytest.mark.parametrize(("unit", "place"), [("s", "duration"), ("s", "started_at")])
def test_a_number_in_another_unit_than_the_mapping_says_is_refused(unit: str, place: str) -> None:
    """Milliseconds read as seconds: a time thousands of years away, which no calendar has."""
    mapping = replace(SPANS, units={place: unit}, fields={**SPANS.fields, place: (place,)})
    known = {"job": "export", "tenant": "tenant-07", "run_id": "r1", place: 1_772_330_700_000}
    span = {"attributes": {"custom": known, "start_timestamp": "2026-03-01T02:05:00Z", "span_id": "1"}}
    with pytest.raises(UnmappableError, match=f"`{place}` is not a time"):
        attempt_from(span, mapping)


@given(JSON, JSON)
def test_no_span_and_no_event_crashes_the_mapping(custom: Any, start: Any) -> None:
    item = {"id": "x", "attributes": {"custom": custom, "attributes": custom, "start_timestamp": start, "tags": custom}}
    for payload in (item, custom):
        with suppress(UnmappableError):
            attempt_from(payload, SPANS)
        with suppress(UnmappableError):
            change_from_event(payload, NAMES)


def test_the_first_of_repeated_tags_holds() -> None:
    assert tag_values(["a:1", "a:2", "bare", "b:", "c:x:y"]) == {"a": "1", "c": "x:y"}
