"""Actions in both kinds of stores: entered once, taken once, within the caps, every step kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from correlator.store.actions import (
    StoredAction,
    add_action,
    claim_sending,
    get_action,
    list_actions,
    log_step,
    move_action,
    steps_of,
)

NOW = datetime(2026, 3, 29, tzinfo=UTC)


def _action(name: str) -> StoredAction:
    return StoredAction(name, "F-7KQ2M4XA3B", "disk-full", "webhook", "clean-up", "proposed", {"job": "export"}, 1, NOW)


def _claim(engine: Engine, name: str, at: datetime = NOW, caps: tuple[int, int] = (1, 9)) -> str:
    asked = {"before": "approved", "to": "sending", "rule_id": "disk-full", "actor": "correlator"}
    return claim_sending(engine, name, caps=caps, at=at, **asked)


def test_an_action_is_entered_once_and_read_back_as_it_was(engine: Engine) -> None:
    assert add_action(engine, _action("A-1"), "correlator", "why")
    assert not add_action(engine, _action("A-1"), "correlator", "why")
    assert get_action(engine, "A-1") == _action("A-1")
    assert get_action(engine, "A-2") is None
    assert [(step.number, step.step, step.words) for step in steps_of(engine, "A-1")] == [(1, "proposed", "why")]


def test_the_cap_is_counted_where_the_step_is_taken(engine: Engine) -> None:
    for name in ("A-1", "A-2"):
        add_action(engine, _action(name), "correlator", "why")
        assert move_action(engine, name, "approved", before={"proposed"}, actor="on-call", words="yes", at=NOW)
    assert _claim(engine, "A-1") == ""
    assert _claim(engine, "A-1", caps=(9, 9)) == "it is no longer approved"
    assert "no more than 1 may" in _claim(engine, "A-2")
    assert _claim(engine, "A-2", NOW + timedelta(minutes=61)) == ""
    assert [action.id for action in list_actions(engine, {"sending"})] == ["A-1", "A-2"]


def test_what_is_held_back_again_and_again_is_written_once(engine: Engine) -> None:
    add_action(engine, _action("A-1"), "correlator", "why")
    for minutes in range(3):
        log_step(engine, "A-1", "held back", "correlator", "too many", NOW + timedelta(minutes=minutes))
    assert [step.step for step in steps_of(engine, "A-1")] == ["proposed", "held back"]
