"""When facts last became known: whether a new look can find anything new."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine, func, select

from correlator.store.database import reading
from correlator.store.schema import changes, dependencies, incidents, metrics, runs
from correlator.text.times import moment

_JUDGED: Final = (runs, metrics, changes, incidents, dependencies)


def last_known(engine: Engine) -> datetime | None:
    """The latest moment at which a fact that verdicts rest on came in or changed; None for an empty store.

    A pull stamps its facts with the moment it began, so they can appear in the store later than this says.
    """
    with reading(engine) as connection:
        latest = [connection.execute(select(func.max(table.c.revised_at))).scalar() for table in _JUDGED]
    return moment(max((at for at in latest if at is not None), default=None))
