"""A real store of each kind: a SQLite file, and a database of a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url

from correlator.store.database import open_store
from tests.postgres import driven, new_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of its own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return new_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_store(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def bare(store_url: str) -> Iterator[Engine]:
    """The same database without a schema, unless `engine` gave it one: for what an older program left."""
    url = make_url(store_url)
    engine = create_engine(url if url.get_backend_name() == "sqlite" else driven(store_url))
    yield engine
    engine.dispose()
