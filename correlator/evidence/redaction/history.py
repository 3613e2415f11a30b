"""A history made fit for other eyes: rows that stay, and every text of them under pseudonyms."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from correlator.evidence.redaction.patterns import names_alone
from correlator.evidence.redaction.pseudonyms import Pseudonyms
from correlator.model import Dependency
from correlator.tables.frames import Tables

_TEXTS: Final = {
    "runs": ("run_id", "logical_run_id", "job", "tenant", "error", "service", "host"),
    "metrics": ("metric", "job", "tenant", "host"),
    "changes": ("change_id", "title", "job", "service", "tenant"),
    "incidents": ("incident_id", "title", "service", "urgency", "job", "tenant"),
}
_LINKS: Final = frozenset({"url", "link", "href", "trace_id", "span_id"})
"""Tags that lead into somebody's account."""


def own_rows(tables: Tables, tenant: str, others: Iterable[str]) -> Tables:
    """What is the tenant's own, and of the unnamed tenant what feeds it; nothing that names another tenant.

    Incidents count as the tenant's own only when they name it.
    """
    runs = _of_tenants(tables.runs, (tenant, ""))
    jobs = set(runs["job"].astype(str))
    edges = [edge for edge in tables.dependencies if edge.tenant in (None, "", tenant)]
    return replace(
        tables,
        runs=runs,
        metrics=_of_tenants(tables.metrics, (tenant, "")),
        changes=_without(_of_tenants(tables.changes, (tenant, "")), others),
        incidents=_of_tenants(tables.incidents, (tenant,)),
        dependencies=tuple(edge for edge in edges if edge.upstream in jobs and edge.downstream in jobs),
    )


def _of_tenants(frame: pd.DataFrame, tenants: tuple[str, ...]) -> pd.DataFrame:
    return frame[frame["tenant"].astype(str).isin(tenants)]


def _without(changes: pd.DataFrame, others: Iterable[str]) -> pd.DataFrame:
    """Changes of the whole platform, without those whose texts name another tenant."""
    foreign = names_alone(others)
    if foreign is None:
        return changes
    columns = [*_TEXTS["changes"], "tags"]
    texts = changes[columns].astype(str).agg("\n".join, axis=1) if len(changes) else pd.Series([], dtype=str)
    return changes[[foreign.search(text) is None for text in texts]]


def under_pseudonyms(tables: Tables, pseudonyms: Pseudonyms, *, tags: bool) -> Tables:
    """Every text of every row; `tags` False leaves out all columns that the tables contract does not know."""
    text = pseudonyms.text
    frames = {name: _frame(getattr(tables, name), columns, pseudonyms, tags=tags) for name, columns in _TEXTS.items()}
    edges = tuple(_edge(edge, text) for edge in tables.dependencies)
    return Tables(frames["runs"], frames["metrics"], frames["changes"], frames["incidents"], edges)


def _frame(frame: pd.DataFrame, columns: tuple[str, ...], pseudonyms: Pseudonyms, *, tags: bool) -> pd.DataFrame:
    made = frame.copy()
    for column in columns:
        made[column] = _mapped(frame[column], pseudonyms.text)
    if "url" in made:
        made["url"] = ""
    if "tags" in made:
        made["tags"] = _mapped(frame["tags"], lambda text: _tags(text, pseudonyms)) if tags else ""
    return made


def _mapped(column: pd.Series[Any], change: Callable[[str], str]) -> pd.Series[Any]:
    """Each different value once."""
    values = column.astype(object)
    table = {value: change(value) for value in values.unique().tolist() if isinstance(value, str)}
    return values.map(lambda value: table.get(value, value))


def _tags(text: str, pseudonyms: Pseudonyms) -> str:
    if not text:
        return text
    kept = {key: value for key, value in json.loads(text).items() if key not in _LINKS}
    return json.dumps(pseudonyms.value(kept), ensure_ascii=False, sort_keys=True) if kept else ""


def _edge(edge: Dependency, text: Callable[[str], str]) -> Dependency:
    tenant = edge.tenant if edge.tenant is None else text(edge.tenant)
    return replace(edge, upstream=text(edge.upstream), downstream=text(edge.downstream), tenant=tenant)
