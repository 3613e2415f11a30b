"""Opening the store: schema, migrations, and errors that say what to do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, make_url, select, text

from correlator.errors import StoreError
from correlator.model import Attempt, Status
from correlator.ports import Page
from correlator.store.database import checkpoint, open_store, reading, writing
from correlator.store.facts import put_page, store_page
from correlator.store.schema import REVISIONS, leases, metadata
from correlator.store.upgrading import NEWEST, migrate, version_of
from correlator.text.times import micros
from tests.postgres import new_database

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def differences(engine: Engine) -> list[Any]:
    """Between the database and the schema the program knows."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_an_empty_database_is_given_the_schema(engine: Engine) -> None:
    assert differences(engine) == []


def test_the_migrations_lead_to_the_same_schema(bare: Engine, store_url: str) -> None:
    with writing(bare) as connection:
        migrate(connection, "0001")
    open_store(store_url).dispose()
    assert differences(bare) == []


def test_a_fresh_database_and_a_migrated_one_stand_at_the_same_version(bare: Engine, engine: Engine) -> None:
    with writing(bare) as connection:
        migrate(connection, NEWEST)  # finds nothing to do
        assert version_of(connection) == NEWEST
    assert differences(engine) == []


def test_every_migration_is_known() -> None:
    import correlator.store.database as database

    files = sorted((Path(database.__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
    assert [file.name[:4] for file in files] == list(REVISIONS)


@pytest.mark.postgres
def test_a_server_that_is_gone_is_not_waited_for_for_ever(postgres_url: str) -> None:
    """What the driver is told; a URL can say otherwise."""
    url = make_url(new_database(postgres_url))
    engine = open_store(url.update_query_dict({"connect_timeout": "3"}).render_as_string(hide_password=False))
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        told = driver.info.get_parameters()
    engine.dispose()
    assert (told["connect_timeout"], told["tcp_user_timeout"], told["keepalives_idle"]) == ("3", "30000", "20")


def test_no_error_tells_what_was_to_be_stored(engine: Engine) -> None:
    """Errors go into logs and onto the terminal, their causes with them."""
    row = {"name": "same", "holder": "s3cret", "until": 1}
    with pytest.raises(StoreError) as error, writing(engine) as connection:
        connection.execute(insert(leases), [row, row])
    told = "".join(traceback.format_exception(error.value))
    assert "UNIQUE" in told.upper()
    assert "s3cret" not in told


def test_opening_again_changes_nothing(store_url: str, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(leases).values(name="a", holder="b", until=1))
    again = open_store(store_url)
    with reading(again) as connection:
        assert connection.execute(select(leases.c.holder)).scalar() == "b"
    again.dispose()


def test_a_newer_database_is_refused(store_url: str, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"schema 9999, newer than") as caught:
        open_store(store_url)
    assert caught.value.permanent


def test_two_may_open_an_empty_database_at_once(store_url: str) -> None:
    failures: list[Exception] = []

    def open_it() -> None:
        try:
            open_store(store_url).dispose()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_an_error_rolls_everything_back(engine: Engine) -> None:
    row = {"name": "a", "holder": "b", "until": 1}
    with pytest.raises(StoreError), writing(engine) as connection:
        connection.execute(insert(leases), [row, row])  # the second breaks the primary key
    with reading(engine) as connection:
        assert connection.execute(select(leases)).all() == []


def test_a_file_that_is_taken_away_is_an_error_and_one_in_its_place_is_read(tmp_path: Path) -> None:
    """As by somebody who brings back a backup beneath the pages."""
    file, other = tmp_path / "store.db", tmp_path / "other.db"
    for place, job in ((file, "ours"), (other, "theirs")):
        made = open_store(f"sqlite:///{place}")
        with writing(made) as connection:
            connection.execute(insert(leases).values(name=job, holder="", until=1))
        checkpoint(made)
        made.dispose()
    engine = open_store(f"sqlite:///{file}")
    assert known(engine) == ["ours"]
    file.rename(tmp_path / "away.db")
    for asked in (reading, writing):
        with pytest.raises(StoreError, match="not there any more"), asked(engine) as connection:
            connection.execute(select(leases))
    assert not file.exists()
    other.rename(file)
    assert known(engine) == ["theirs"]
    engine.dispose()


def known(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(leases.c.name)).scalars())


def test_sqlite_is_set_up_on_every_connection(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        ]
    assert found == ["wal", 1, 30000, 1]
    impatient = open_store(f"sqlite:///{tmp_path / 'a.db'}", patience_seconds=3)
    with impatient.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 3000
    impatient.dispose()
    with writing(engine) as connection:
        connection.execute(insert(leases).values(name="a", holder="b", until=1))
    checkpoint(engine)
    assert (tmp_path / "a.db-wal").stat().st_size == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "database.url is not a database URL"),
        ("mysql://a/b", "mysql is not supported"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("postgresql://someone:s3cret@127.0.0.1:1/none", "127.0.0.1"),
    ],
)
def test_a_store_that_cannot_be_opened_is_named_without_its_password(url: str, says: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert says in caught.value.message
    assert "s3cret" not in caught.value.message + caught.value.hint
    assert caught.value.hint


def test_other_peoples_databases_are_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE runs (a)")
    connection.close()
    with pytest.raises(StoreError, match="not this program's"):
        open_store(f"sqlite:///{tmp_path / 'other.db'}")
    (tmp_path / "text.db").write_text("hello " * 1000)
    with pytest.raises(StoreError, match="not a database"):
        open_store(f"sqlite:///{tmp_path / 'text.db'}")


def test_what_pages_need_loads_no_numerical_library() -> None:
    modules = ["findings", "incidents", "sources", "attachments", "ledger", "leases", "lookups", "facts", "database"]
    code = "import sys\n" + "".join(f"import correlator.store.{name}\n" for name in modules)
    code += "print(sorted({'numpy', 'pandas', 'pyarrow', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_page_of_runs_stays_in_memory_until_it_is_committed(tmp_path: Path) -> None:
    """SQLite writes what has no room in its cache to the log, and reads it again, for every index of every run."""
    file = tmp_path / "store.db"
    engine = open_store(f"sqlite:///{file}")
    stored, page = (Page("runs", tuple(runs[half::2]), {}) for runs in [_scattered(8000)] for half in (0, 1))
    store_page(engine, "datadog", stored, NOW)
    checkpoint(engine)
    with writing(engine) as connection:
        put_page(connection, "datadog", replace(page, facts=page.facts[:2000]), micros(NOW))
        assert (tmp_path / "store.db-wal").stat().st_size == 0
    assert (tmp_path / "store.db-wal").stat().st_size > 2000 * 1024
    engine.dispose()


def _scattered(count: int) -> list[Attempt]:
    """Runs whose ids say nothing of their time, so that the indexes have them everywhere."""
    names = [sha256(str(number).encode()).hexdigest() for number in range(count)]
    return [
        Attempt(name, name[:2], NOW + timedelta(seconds=n), Status.SUCCESS, name[2:4], f"{name}-logical")
        for n, name in enumerate(names)
    ]
