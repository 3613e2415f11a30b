"""An engine whose statements see only what `visibility` lets somebody see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Table,
    TextClause,
    case,
    event,
    select,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.sql.selectable import HasCTE
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import LRUCache

from correlator.errors import StoreError
from correlator.store.schema import FindingDocument, metadata
from correlator.store.visibility import BLANK, VISIBLE, Condition, Sight, Tables

_OPTION: Final = "correlator_sight"
_STATEMENTS_KEPT: Final = 300
_SHADOWS_KEPT: Final = 1000
_READS_NO_TABLE: Final = re.compile(r"SELECT pg_advisory_xact_lock\([\w\s:,()]*\)|SET LOCAL lock_timeout = \d+")
_PLAIN: Final = ("*", "1")  # count(*), EXISTS (SELECT 1 ...)
_BEGINS: Final = ("BEGIN", "BEGIN IMMEDIATE")


def watch(engine: Engine) -> None:
    """Prepare an engine so that `restricted` can be made of it: once, before it is used by several threads."""
    event.listen(engine, "before_execute", _before_execute, retval=True)
    event.listen(engine, "before_cursor_execute", _before_cursor_execute)
    context = engine.dialect.execution_ctx_cls
    engine.dialect.execution_ctx_cls = type("SeeingContext", (_Seeing, context), {})


def restricted(engine: Engine, sight: Sight) -> Engine:
    """The same database, seen by somebody with this sight. Statements are compiled for it alone."""
    kept: LRUCache[Any, Any] = LRUCache(_STATEMENTS_KEPT)
    return engine.execution_options(**{_OPTION: sight, "compiled_cache": kept})


def sight_of(connection: Connection) -> Sight | None:
    """Whose eyes a connection has; None where it sees everything."""
    sight: Sight | None = connection.get_execution_options().get(_OPTION)
    return sight


def _before_execute(connection: Connection, statement: Any, many: Any, one: Any, _: Any) -> tuple[Any, Any, Any]:
    sight = sight_of(connection)
    return (statement if sight is None else narrowed_to(statement, sight, connection), many, one)


def narrowed_to(statement: Any, sight: Sight, connection: Connection) -> Any:
    """The statement that reads and writes only what may be seen. Raises StoreError where it cannot be narrowed."""
    return _seen(statement, frozenset(sight.tenants), connection.dialect.default_schema_name or "")


def _before_cursor_execute(connection: Connection, _: Any, statement: str, __: Any, context: Any, ___: bool) -> None:
    """SQL that passed by `before_execute` is refused: it would see everything."""
    if sight_of(connection) is not None and context.compiled is None and statement not in _BEGINS:
        raise _refused("SQL of the driver")


def _refused(what: str) -> StoreError:
    return StoreError(f"{what} cannot be narrowed to the tenants that may be seen", permanent=True)


def _seen(statement: Any, tenants: frozenset[str], schema: str) -> Any:
    if isinstance(statement, TextClause) and _READS_NO_TABLE.fullmatch(statement.text):
        return statement
    if not isinstance(statement, HasCTE):
        raise _refused("SQL as text")
    shadows = [_shadow(name, tenants, schema) for name in sorted(_named(statement))]
    if isinstance(statement, Update | Delete):
        target: Any = statement.table
        statement = statement.where(_condition(_name_of(target))(target, _tables(schema), tenants))
    return statement.add_cte(*shadows) if shadows else statement


def _named(statement: HasCTE) -> set[str]:
    """The tables a statement reads. The one it writes to is told by `Update` and `Delete` themselves."""
    names = {name for element in visitors.iterate(statement) for name in _names_in(element)}
    return names - {statement.table.name} if isinstance(statement, Insert) and statement.select is None else names


def _names_in(element: Any) -> Iterator[str]:
    literally = isinstance(element, ColumnClause) and element.is_literal and element.name not in _PLAIN
    if literally or isinstance(element, TextClause):
        raise _refused("SQL as text")
    if isinstance(element, Table):
        yield _name_of(element)
    elif isinstance(element, ColumnClause) and isinstance(element.table, Table):
        yield _name_of(element.table)


def _name_of(table: Any) -> str:
    if not isinstance(table, Table) or table.schema is not None:
        raise _refused(f"{table}")
    return table.name


def _condition(name: str) -> Condition:
    if name not in VISIBLE:
        raise StoreError(f"the table {name} is not classified in correlator/store/visibility.py", permanent=True)
    return VISIBLE[name]


@lru_cache(maxsize=_SHADOWS_KEPT)
def _shadow(name: str, tenants: frozenset[str], schema: str) -> CTE:
    """The rows of a table that may be seen, under its own name."""
    condition, tables, blank = _condition(name), _tables(schema), BLANK.get(name, {})
    table = tables[name]
    columns = [_blanked(one, blank[one.name]) if one.name in blank else one for one in table.c]
    return select(*columns).where(condition(table, tables, tenants)).cte(name).prefix_with("NOT MATERIALIZED")


def _blanked(column: Column[Any], word: str) -> ColumnElement[Any]:
    """The word instead of a text; where there is none, none."""
    return case((column == "", ""), else_=word).label(column.name)


@lru_cache(maxsize=8)
def _tables(schema: str) -> Tables:
    """The store's tables, named with their schema, so that they can stand beside their shadows."""
    held = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(held, schema=schema, referred_schema_fn=lambda *_: schema)
    return {table.name: table for table in held.sorted_tables}


class _Seeing:
    """An execution context whose texts go through the sight of its connection on their way out."""

    execution_options: Any

    def get_result_processor(self, type_: TypeEngine[Any], colname: str, coltype: Any) -> Any:
        usual = super().get_result_processor(type_, colname, coltype)  # type: ignore[misc]
        sight: Sight | None = self.execution_options.get(_OPTION)
        if sight is None:
            return usual
        change = sight.document if isinstance(type_, FindingDocument) else sight.text
        return _text_through(change, usual)


def _text_through(change: Callable[[str], str], usual: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    def seen(value: Any) -> Any:
        known = value if usual is None else usual(value)
        return change(known) if isinstance(known, str) else known

    return seen
