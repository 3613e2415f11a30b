"""One state of the store for all that a request asks, over one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, func, insert, select

from correlator.errors import StoreError
from correlator.store.database import reading, writing
from correlator.store.schema import leases
from correlator.store.snapshot import once, release, snapshot


def put(engine: Engine, name: str) -> None:
    with writing(engine) as connection:
        connection.execute(insert(leases).values(name=name, holder="b", until=1))


def number(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(leases)).scalar_one()


@contextmanager
def taken(engine: Engine) -> Iterator[list[str]]:
    """Each connection that is taken out of the pool, and each that is put back."""
    heard: list[str] = []
    event.listen(engine, "checkout", lambda *_: heard.append("out"))
    event.listen(engine, "checkin", lambda *_: heard.append("in"))
    yield heard


def test_what_others_write_meanwhile_is_not_seen(engine: Engine) -> None:
    asking = snapshot(engine)
    with taken(engine) as heard:
        assert number(asking) == 0
        assert heard == ["out"]
        put(engine, "another")
        heard.clear()
        assert (number(asking), heard) == (0, [])
        assert number(engine) == 1
        heard.clear()
        release(asking)
    assert heard == ["in"]


def test_what_one_writes_oneself_is_seen(engine: Engine) -> None:
    asking = snapshot(engine)
    assert number(asking) == 0
    put(asking, "own")
    assert number(asking) == 1
    with reading(asking) as connection:
        before = connection.execute(select(leases.c.name)).scalars().all()
        put(asking, "while it is read")
        assert number(asking) == 2  # the reading around sees what it saw
        assert connection.execute(select(leases.c.name)).scalars().all() == before
    assert number(asking) == 2
    release(asking)
    assert "Current Checked out connections: 0" in engine.pool.status()


def test_an_error_ends_the_state_and_not_the_asking(engine: Engine) -> None:
    asking = snapshot(engine)
    assert number(asking) == 0
    with pytest.raises(StoreError, match="no_such"), reading(asking) as connection:
        connection.exec_driver_sql("SELECT no_such FROM leases")
    put(engine, "another")
    assert number(asking) == 1
    release(asking)


def test_after_the_end_nothing_is_held(engine: Engine) -> None:
    asking = snapshot(engine)
    number(asking)
    release(asking)
    with taken(engine) as heard:
        put(engine, "another")
        heard.clear()
        assert number(asking) == 1
    assert heard == ["out", "in"]


def test_what_is_asked_again_of_one_state_is_remembered_until_somebody_writes(engine: Engine) -> None:
    asking = snapshot(engine)
    assert once(asking, number) == 0
    put(engine, "another")
    assert once(asking, number) == 0
    put(asking, "own")
    assert [once(asking, number), once(asking, number)] == [2, 2]
    release(asking)
    put(engine, "later")
    assert [once(asking, number), once(engine, number)] == [3, 3]
