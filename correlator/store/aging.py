"""What came in before some moment, deleted a batch at a time along the index of its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, Table, delete, select, tuple_

from correlator.store.database import reading, writing
from correlator.store.lineage import EVENT
from correlator.store.schema import last_look, raw_answers, set_aside
from correlator.text.times import micros, moment

AT_ONCE: Final = 500
"""Rows of a batch: some megabytes at most, deleted in hundredths of a second."""


def drop_answers(engine: Engine, before: datetime) -> int:
    """Delete vendors' answers that came first before then, one batch of them; lineage events are kept. How many."""
    return _drop(engine, raw_answers, raw_answers.c.fetched_at < micros(before), raw_answers.c.request != EVENT)


def drop_set_aside(engine: Engine, before: datetime) -> int:
    """Delete items set aside that came last before then, one batch of them. How many."""
    return _drop(engine, set_aside, set_aside.c.last_at < micros(before))


DROPS: Final[Mapping[str, Callable[[Engine, datetime], int]]] = {
    "raw_answers": drop_answers,
    "set_aside": drop_set_aside,
}
"""By table."""


def _drop(engine: Engine, table: Table, *wanted: Any) -> int:
    key = list(table.primary_key.columns)
    some = select(*key).where(*wanted).limit(AT_ONCE)
    with writing(engine) as connection:
        return connection.execute(delete(table).where(tuple_(*key).in_(some))).rowcount


def last_look_at(engine: Engine) -> datetime | None:
    """Where the window of the last look ends; None before the first."""
    with reading(engine) as connection:
        return moment(connection.execute(select(last_look.c.as_of)).scalar())
