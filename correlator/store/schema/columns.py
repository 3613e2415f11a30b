"""The columns that tables share, and what all tables belong to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
    }
)


class FindingDocument(Text):
    """The JSON of a finding: what it tells of other tenants is taken out for those who may not see them."""


def texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False, default="", server_default="") for name in names]


def key(*names: str) -> list[Column[str]]:
    return [Column(name, Text, primary_key=True) for name in names]


def time(name: str, *, required: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=not required)


def sums(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False, default=0, server_default="0") for name in names]


def known() -> list[Column[int]]:
    return [time("known_at"), time("revised_at")]


def written() -> Column[int]:
    """The number, by source, of the write that put the row as it stands."""
    return Column("written", BigInteger, nullable=False, default=0, server_default="0")
