"""Rows named by when they were begun: such an id tells nothing of how many there are, and later ones are greater."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table

from correlator.store.inserting import entered
from correlator.text.times import micros


def insert_by_time(
    connection: Connection, table: Table, row: Mapping[str, Any], at: datetime, standing: Select[Any]
) -> tuple[int, bool]:
    """Enter a row that is begun `at`; gives its `id`, and False where another stands in its way: what `standing` finds.

    `id` and `begun_at` are the microsecond, or the next one that nobody has.
    """
    number = micros(at)
    while True:
        if entered(connection, table, {**row, "id": number, "begun_at": number}):
            return number, True
        stands = connection.execute(standing).scalar()
        if stands is not None:
            return int(stands), False
        number += 1
