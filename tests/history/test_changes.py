from __future__ import annotations

from datetime import timedelta

from correlator.history.changes import ChangeIndex
from correlator.model import Change
from correlator.tables.frames import to_micros
from tests.engine.build import MONDAY, tables_of


def hour(number: int) -> int:
    return to_micros(MONDAY + timedelta(hours=number))


def index(as_of: int) -> ChangeIndex:
    changes = [
        Change(f"c{number}", MONDAY + timedelta(hours=number), f"change {number}", job="export", tenant=tenant)
        for number, tenant in enumerate(["", "tenant-01", "tenant-02", "tenant-01", ""])
    ]
    return ChangeIndex.of(tables_of(changes=reversed(changes)), as_of)


def test_a_tenant_sees_its_own_changes_and_those_of_all() -> None:
    found = index(hour(9)).between("tenant-01", hour(0), hour(9))
    assert sorted(change.change_id for _, change in found) == ["c0", "c1", "c3", "c4"]
    assert index(hour(9)).recorded("tenant-01") == 4
    assert index(hour(9)).recorded("") == 2


def test_both_ends_belong_to_the_time_asked_about() -> None:
    found = index(hour(9)).between("tenant-01", hour(1), hour(3))
    assert [(at, change.change_id) for at, change in found] == [(hour(1), "c1"), (hour(3), "c3")]


def test_later_changes_are_unknown() -> None:
    assert index(hour(1)).recorded("tenant-01") == 2
    assert index(hour(1)).between("tenant-02", hour(1), hour(9)) == []
