"""What came in long ago is let go of, a batch at a time; what looks and lineage still read stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from correlator.pulling import retention
from correlator.pulling.retention import let_go
from correlator.settings import Settings, load_settings
from correlator.store import aging
from correlator.store.database import reading, writing
from correlator.store.lineage import EVENT
from correlator.store.schema import last_look, raw_answers, set_aside
from correlator.text.times import micros
from tests.store.conftest import engine, store_url  # noqa: F401 fixtures

NOW = datetime(2026, 4, 2, tzinfo=UTC)
AGES = (0, 39, 41, 60, 80)


def _settings(**days: int) -> Settings:
    return load_settings(
        None, {f"CORRELATOR_RETENTION_{name.upper()}_DAYS": str(count) for name, count in days.items()}
    )


def _fill(store: Engine, ages: Sequence[int] = AGES) -> None:
    """One of each table, and a lineage event, of each age in days."""
    with writing(store) as connection:
        for age in ages:
            at = micros(NOW - timedelta(days=age))
            for request in ("span", EVENT):
                named = {"source": request, "fact_id": str(age), "sha256": "0"}
                row = {**named, "request": request, "body": "{}", "fetched_at": at}
                connection.execute(insert(raw_answers).values(row))
            item = {"source": "a", "item_id": str(age), "reason": "no job", "payload": "", "first_at": 0, "last_at": at}
            connection.execute(insert(set_aside).values(item))


def _left(store: Engine, column: Any, *wanted: Any) -> list[int]:
    with reading(store) as connection:
        return sorted(map(int, connection.execute(select(column).where(*wanted)).scalars()))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aging, "AT_ONCE", 2)
    monkeypatch.setattr(retention, "_PAUSE_SECONDS", 0)


def test_what_is_older_goes_and_lineage_events_stay(engine: Engine) -> None:  # noqa: F811
    _fill(engine)
    assert let_go(engine, _settings(), NOW).said == "all is kept"
    done = let_go(engine, _settings(raw_answers=40, set_aside=60), NOW)
    assert (done.rows, done.through) == ({"raw_answers": 3, "set_aside": 1}, True)
    assert done.said == "3 rows of raw_answers deleted, 1 rows of set_aside deleted"
    assert _left(engine, raw_answers.c.fact_id, raw_answers.c.request == "span") == [0, 39]
    assert _left(engine, raw_answers.c.fact_id, raw_answers.c.request == EVENT) == [*AGES]
    assert _left(engine, set_aside.c.item_id) == [0, 39, 41, 60]


def test_a_store_that_nothing_comes_into_keeps_what_it_judges(engine: Engine) -> None:  # noqa: F811
    _fill(engine)
    with writing(engine) as connection:
        ended = micros(NOW - timedelta(days=30))
        connection.execute(insert(last_look).values(name="", token="", as_of=ended))
    let_go(engine, _settings(raw_answers=40), NOW)
    assert _left(engine, raw_answers.c.fact_id, raw_answers.c.request == "span") == [0, 39, 41, 60]


def test_it_stops_in_time_and_goes_on_the_next_day(engine: Engine) -> None:  # noqa: F811
    _fill(engine)
    kept = _settings(raw_answers=40)
    assert not let_go(engine, kept, NOW, seconds=0).through
    assert _left(engine, raw_answers.c.fact_id, raw_answers.c.request == "span") == [*AGES]
    assert let_go(engine, kept, NOW).rows == {"raw_answers": 3}
