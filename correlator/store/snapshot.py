"""One state of the store for many questions: what a page asks goes over one connection, in one transaction.

Without it each question takes a connection, has it tried, begins and ends a transaction: on PostgreSQL four round trips
for one answer, and no two answers need be of the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine

_OPTION: Final = "correlator_held"
Told = TypeVar("Told")


class Snapshot:
    """The connection of one request, taken when something is first read, and taken anew once somebody has written. For
    one thread."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._told: dict[Callable[[Engine], Any], Any] = {}
        self._readers = 0
        self._stale = False
        self._over = False

    @property
    def ready(self) -> bool:
        """Whether what is asked now may go over it: not where others still read an older state, nor after the end."""
        return not self._over and not (self._stale and self._readers)

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """The connection; an error within ends its transaction, which PostgreSQL would refuse to go on with."""
        if self._connection is None:
            self._connection, self._stale = _begun(engine), False
        self._readers += 1
        try:
            yield self._connection
        except BaseException:
            self._stale = True
            raise
        finally:
            self._readers -= 1
            if self._stale:
                self.let_go()

    def once(self, engine: Engine, read: Callable[[Engine], Told]) -> Told:
        """What `read` gives: asked once of one state, which gives the same to everybody."""
        if read not in self._told:
            told = read(engine)
            if not self.ready:
                return told
            self._told[read] = told
        found: Told = self._told[read]
        return found

    def let_go(self) -> None:
        """What is asked from now on sees the store as it is then."""
        self._stale = True
        self._told.clear()
        if self._connection is not None and not self._readers:
            connection, self._connection = self._connection, None
            connection.close()

    def end(self) -> None:
        """Give the connection back for good; who still asks gets one of their own."""
        self._over = True
        self.let_go()


def snapshot(engine: Engine) -> Engine:
    """The same database; all that `reading` reads of it sees one state, until something is written or `release`."""
    return engine.execution_options(**{_OPTION: Snapshot()})


def held_of(engine: Engine) -> Snapshot | None:
    """What holds the connection of an engine that `held` made."""
    found: Snapshot | None = engine.get_execution_options().get(_OPTION)
    return found


def once(engine: Engine, read: Callable[[Engine], Told]) -> Told:
    """What `read` gives of this engine; within `held` it is asked once, so nobody may change what it gave."""
    holds = held_of(engine)
    return holds.once(engine, read) if holds is not None and holds.ready else read(engine)


def release(engine: Engine) -> None:
    """The end of what `held` began."""
    found = held_of(engine)
    if found is not None:
        found.end()


def _begun(engine: Engine) -> Connection:
    """PostgreSQL would else look at the newest state with every statement; SQLite never does within a transaction."""
    connection = engine.connect()
    if connection.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    connection.begin()
    return connection
