"""The schema: made whole in an empty database, brought up to date by migrations in one that is older."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from correlator.errors import StoreError
from correlator.store.schema import REVISIONS, metadata

NEWEST: Final = REVISIONS[-1]
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_OWN: Final = "give the store a database of its own"
_VERSIONS: Final = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
"""Alembic's own table, as it makes it."""


def version_of(connection: Connection) -> str | None:
    """The schema's version; None for an empty database. Raises StoreError for one we do not know."""
    names = inspect(connection).get_table_names()
    if _VERSIONS.name not in names:
        if "runs" in names:
            raise StoreError("the database holds tables that are not this program's", permanent=True, hint=_OWN)
        return None
    version = connection.execute(select(_VERSIONS.c.version_num)).scalar()
    if version is not None and version not in REVISIONS:
        raise StoreError(
            f"the database has schema {version}, newer than this program's {NEWEST}",
            hint="upgrade the program, or restore the backup made before the upgrade",
            permanent=True,
        )
    return version


def bring_up_to_date(connection: Connection) -> None:
    """Inside a transaction, and one process at a time. An empty database needs no migration: it is made as they would
    leave it, in a tenth of the time, which a test holds to be the same."""
    if version_of(connection) is None:
        metadata.create_all(connection, checkfirst=False)
        _VERSIONS.create(connection, checkfirst=True)
        connection.execute(insert(_VERSIONS).values(version_num=NEWEST))
    else:
        migrate(connection, NEWEST)


def migrate(connection: Connection, version: str) -> None:
    """Run the migrations up to `version`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)
