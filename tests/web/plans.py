"""What a page asks of a SQLite store: every statement, and whether one reads a whole table for its answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Asked:
    """The statements with their parameters, in order."""

    engine: Engine
    statements: list[tuple[str, Any]] = field(default_factory=list)

    def scans(self, *tables: str) -> list[str]:
        """The steps of the plans that go through one of these tables from end to end."""
        found = []
        with self.engine.connect() as connection:
            for statement, parameters in self.statements:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
                found += [row[3] for row in plan if row[3].split()[:2] in [["SCAN", table] for table in tables]]
        return found

    def endless_scans(self, *tables: str) -> list[str]:
        """Those of statements that no LIMIT ends early; also where a table goes by the name of its shadow."""
        found = []
        with self.engine.connect() as connection:
            for statement, parameters in self.statements:
                if " LIMIT " in statement.upper():
                    continue
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
                found += [row[3] for row in plan if row[3].startswith("SCAN ") and row[3].split()[1] in tables]
        return found


@contextmanager
def asked(engine: Engine) -> Iterator[Asked]:
    """Listens while the block runs."""
    heard = Asked(engine)

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            heard.statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)
