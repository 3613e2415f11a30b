"""Every type of log entry as one readable line, with or without PagerDuty's own summary."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pagerduty.log_texts import entry_type, log_text

ALL_TYPES = (
    *("acknowledge", "annotate", "assign", "delegate", "escalate", "exhaust_escalation_path", "notify"),
    *("reach_ack_limit", "reach_trigger_limit", "repeat_escalation_path", "resolve", "snooze", "trigger"),
    *("unacknowledge", "urgency_change", "field_value_change", "custom_field_value_change"),
)
ON_CALL = {"id": "PUSER1", "type": "user_reference", "summary": "On call"}
SECOND = {"id": "PUSER2", "type": "user_reference", "summary": "Second line"}

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("trigger", {"channel": {"type": "api", "summary": "Export is late"}}, "Triggered: Export is late"),
    (
        "trigger",
        {"summary": "Triggered through the API", "event_details": {"description": "No rows since 02:00"}},
        "Triggered through the API: No rows since 02:00",
    ),
    ("acknowledge", {"agent": ON_CALL, "acknowledgement_timeout": 1800}, "Acknowledged by On call: for 30 min"),
    ("acknowledge", {"agent": ON_CALL, "acknowledgement_timeout": None}, "Acknowledged by On call"),
    ("annotate", {"agent": ON_CALL, "note": "Looking into it"}, "Note added by On call: Looking into it"),
    (
        "annotate",
        {"summary": "Note added by On call", "channel": {"type": "note", "summary": "Retry passed"}},
        "Note added by On call: Retry passed",
    ),
    ("assign", {"agent": ON_CALL, "assignees": [ON_CALL, SECOND]}, "Assigned to On call, Second line by On call"),
    ("delegate", {"assignees": [SECOND]}, "Delegated to Second line"),
    ("escalate", {"assignees": [{"id": "PUSER3"}]}, "Escalated to PUSER3"),
    ("exhaust_escalation_path", {}, "Nobody left to escalate"),
    (
        "notify",
        {"user": ON_CALL, "channel": {"type": "auto", "notification": {"type": "sms", "status": "success"}}},
        "Notified: On call: sms, success",
    ),
    ("resolve", {"agent": ON_CALL, "note": "Ran again by hand"}, "Resolved by On call: Ran again by hand"),
    (
        "snooze",
        {"agent": ON_CALL, "changed_actions": [{"type": "unacknowledge", "at": "2026-03-01T06:00:00Z"}]},
        "Snoozed by On call: unacknowledge at 2026-03-01T06:00:00Z",
    ),
    ("unacknowledge", {"channel": {"type": "timeout"}}, "No longer acknowledged: the time for it was over"),
    ("urgency_change", {"summary": "Urgency changed to high"}, "Urgency changed to high"),
    (
        "custom_field_value_change",
        {"changeset": ["Updated customer to tenant-07"]},
        "Custom field changed: Updated customer to tenant-07",
    ),
    (
        "field_value_change",
        {"channel": {"changeset": {"application_fields": [{"name": "priority", "value": "P1", "old_value": None}]}}},
        "Field changed: priority from nothing to P1",
    ),
    (
        "field_value_change",
        {"channel": {"changeset": {"customer_fields": [{"name": "rooms", "value": ["a", "b"], "old_value": "a"}, {}]}}},
        "Field changed: rooms from a to a, b",
    ),
]


@pytest.mark.parametrize(("kind", "payload", "line"), CASES)
def test_an_entry_says_who_did_what_and_what_was_kept_with_it(kind: str, payload: dict[str, Any], line: str) -> None:
    assert log_text({"type": f"{kind}_log_entry", **payload}) == line


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_each_type_has_words_of_its_own(kind: str) -> None:
    line = log_text({"type": f"{kind}_log_entry"})
    assert line[0].isupper()
    assert "_" not in line
    others = {log_text({"type": f"{other}_log_entry"}) for other in ALL_TYPES if other != kind}
    assert line not in others


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_the_vendors_own_summary_leads(kind: str) -> None:
    assert log_text({"type": f"{kind}_log_entry_reference", "summary": "As it was written"}) == "As it was written"


def test_what_the_summary_says_already_is_not_said_twice() -> None:
    payload = {"type": "annotate_log_entry", "summary": "Note: retry passed", "note": "Retry passed"}
    assert log_text(payload) == "Note: retry passed"


@pytest.mark.parametrize(
    ("kind", "line"),
    [("escalation_paused_log_entry", "Escalation paused"), (None, "An entry without a type"), (7, "7")],
)
def test_a_type_that_is_not_known_yet_is_told_by_its_name(kind: Any, line: str) -> None:
    assert log_text({"type": kind}) == line


def test_the_second_spelling_of_a_type_is_the_same_type() -> None:
    assert entry_type({"type": "acknowledgement_log_entry"}) == entry_type({"type": "acknowledge_log_entry"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("summary", "agent", "assignees", "user", "channel", "note", "changeset", "changed_actions", "event_details")


@given(st.sampled_from(ALL_TYPES), st.dictionaries(st.sampled_from(FIELDS), JSON), JSON)
def test_no_payload_crashes_it(kind: str, payload: dict[str, Any], channel: Any) -> None:
    assert log_text({"type": f"{kind}_log_entry", **payload})
    assert log_text(
        {"type": f"{kind}_log_entry", **payload, "channel": {"changeset": channel, "notification": channel}}
    )
    assert log_text(channel)
