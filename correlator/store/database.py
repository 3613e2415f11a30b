"""Opening the store: SQLite or PostgreSQL, the newest schema, one place for every connection's settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from sqlalchemy import URL, Connection, Delete, Engine, Update, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from correlator.errors import StoreError
from correlator.store.snapshot import held_of
from correlator.store.sqlite_file import follow_file
from correlator.store.upgrading import NEWEST, bring_up_to_date, version_of

_LOCK: Final = 0x1C0_44E1A  # any number all processes of ours agree on
_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
)

WRITERS_KIB: Final = 65_536
"""A thousand runs change some ten thousand pages of a large store, as nine indexes have them. What has no room here
until the transaction ends goes to the log and comes back, several times a page."""
_POSTGRESQL_LIMITS: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""As libpq has them: seconds, how often, and `tcp_user_timeout` in milliseconds. Half of the scheduler's lease."""


def open_store(url: str, *, cache_kib: int = WRITERS_KIB, patience_seconds: int = 30) -> Engine:
    """Open the database and bring its schema up to date. `cache_kib`: how much of a SQLite file each connection keeps
    at most, beside what the operating system keeps of it. `patience_seconds`: for so long SQLite waits for other
    writers.

    Raises StoreError when it cannot be reached, is no database of ours, or was written by a newer program.
    """
    parsed = _parsed(url)
    engine = create_engine(
        parsed,
        pool_pre_ping=parsed.get_backend_name() != "sqlite",
        connect_args=_limits(parsed),
        hide_parameters=True,  # errors are logged, and what is stored need not be
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_on_connect, cache_kib=cache_kib, patience_seconds=patience_seconds))
        event.listen(engine, "begin", _on_begin)
    try:
        with _errors_named(engine):
            _migrate(engine)
    except StoreError:
        engine.dispose()
        raise
    if engine.dialect.name == "sqlite":
        follow_file(engine)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the store; within `held` the same for all. Raises StoreError when the
    database fails."""
    held = held_of(engine)
    if held is not None and held.ready:
        with _errors_named(engine), held.reading(engine) as connection:
            yield connection
        return
    with _errors_named(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed at the end, rolled back by any error. On SQLite it holds the write lock from its
    start, so it never fails half way for another writer. Raises StoreError when the database fails."""
    _let_go(engine)
    with _errors_named(engine), engine.connect() as connection:
        connection = connection.execution_options(correlator_write=True)
        with connection.begin():
            yield connection


@contextmanager
def writing_soon(engine: Engine, wait_seconds: float) -> Iterator[Connection]:
    """As `writing`, for somebody who cannot wait long for other writers. Raises StoreError when it took longer."""
    _let_go(engine)
    with _errors_named(engine), engine.connect() as connection, _impatient(connection, round(wait_seconds * 1000)):
        connection = connection.execution_options(correlator_write=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL lock_timeout = {round(wait_seconds * 1000)}"))
            yield connection


def _let_go(engine: Engine) -> None:
    """What is read from here on is to see what is written now."""
    held = held_of(engine)
    if held is not None:
        held.let_go()


@contextmanager
def _impatient(connection: Connection, milliseconds: int) -> Iterator[None]:
    """SQLite's patience with other writers, shortened on this connection for a while."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.dbapi_connection
    (usual,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute(f"PRAGMA busy_timeout = {milliseconds}").fetchall()
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {usual}").fetchall()


def took(connection: Connection, statement: Update | Delete) -> bool:
    """Whether it found a row to change or to delete. The database is asked for its key: SQLite's driver counts no rows
    of statements that begin with WITH, as those do that are narrowed to some tenants."""
    return connection.execute(statement.returning(*statement.table.primary_key)).first() is not None


def lock_source(connection: Connection, source: str) -> None:
    """Let no other transaction write facts of this source until ours ends (SQLite has the one write lock)."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:lock, hashtext(:source))"), {"lock": 7, "source": source}
        )


def checkpoint(engine: Engine) -> None:
    """Fold SQLite's write-ahead log into the database file; nothing to do elsewhere."""
    if engine.dialect.name == "sqlite":
        with _errors_named(engine), engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "database.url is not a database URL",
            hint="for example sqlite:///correlator.db or postgresql://user@host/name",
            permanent=True,
        ) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"database.url: {parsed.drivername} is not supported", hint="use SQLite or PostgreSQL", permanent=True
        )
    return parsed


def _limits(url: URL) -> dict[str, Any]:
    """How long PostgreSQL's driver waits for a server that is gone, where the URL does not say: it would wait for ever,
    and a scheduler that waits does not notice that it lost its lease."""
    if url.get_backend_name() != "postgresql":
        return {}
    return {name: value for name, value in _POSTGRESQL_LIMITS.items() if name not in url.query}


def _on_connect(connection: Any, _: Any, *, cache_kib: int, patience_seconds: int) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    for pragma in (f"busy_timeout = {patience_seconds * 1000}", *_PRAGMAS, f"cache_size = -{cache_kib}"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _on_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("correlator_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _errors_named(engine: Engine) -> Iterator[None]:
    """Turn the driver's errors into ours, naming the database without its password."""
    try:
        yield
    except DBAPIError as error:
        reason = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
        raise StoreError(f"the store {_name_of(engine)}: {reason}", hint=_hint(engine, reason)) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store {_name_of(engine)}: {error}") from error


def _name_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _hint(engine: Engine, reason: str) -> str:
    if engine.dialect.name == "postgresql":
        return "is PostgreSQL running, and are name, user and password in database.url right?"
    if "locked" in reason:
        return "another process has been writing for a long time; try again"
    if "not a database" in reason:
        return "database.url names a file of another kind; choose another name"
    return "does its folder exist, and may this user write there?"


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        if version_of(connection) == NEWEST:
            return
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if version_of(connection) != NEWEST:  # another process may have been quicker
            bring_up_to_date(connection)
