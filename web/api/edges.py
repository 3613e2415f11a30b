"""Edges: which job reads from which, who says so, and since when."""

from __future__ import annotations

from typing import Literal

from correlator.model import Origin
from correlator.store.edge_debts import EdgeDebt
from correlator.store.edges import StoredEdge, list_edges
from web.api.cursors import after, key_in, page_of
from web.api.facts import At
from web.api.kinds import Answer, DataAsOf, Name, Next, Paged, Text
from web.api.models import data_as_of
from web.api.routes import get
from web.context import context
from web.reading.pages import EdgeDebtKey, edge_debts_after

Key = tuple[str, str, bool, str, str]
"""Downstream, upstream, whether it is of one tenant alone, that tenant, the source."""


class EdgesAsked(Paged, frozen=True, kw_only=True):
    """`job`: edges to and from it. `tenant`: those that hold for this tenant, with those that hold for all. `ended`:
    `yes` gives also those that hold no longer."""

    job: Name | None = None
    tenant: Text | None = None
    ended: Literal["yes", "no"] = "no"


class Edge(Answer, frozen=True, kw_only=True):
    """`downstream` reads what `upstream` makes. `tenant` null: in all tenants. It holds in `[since, ended)`."""

    upstream: str
    downstream: str
    tenant: str | None
    max_lag_seconds: float | None
    origin: Origin
    source: str
    since: At
    seen: At
    ended: At | None


class Edges(Answer, frozen=True, kw_only=True):
    """Edges by downstream and upstream job, as each source gives them."""

    data_as_of: DataAsOf
    edges: list[Edge]
    next: Next


@get("/edges", tag="jobs", asked=EdgesAsked, answer=Edges)
def edges(asked: EdgesAsked) -> Edges:
    """The dependencies between jobs; `job` and `tenant` narrow them. An edge that two sources give is given twice."""
    found = [one for one in list_edges(context().engine, ended=asked.ended == "yes") if _is_wanted(one, asked)]
    rows, following = page_of(after(found, _key, key_in(asked.after, Key)), asked.limit, _key)
    return Edges(data_as_of=data_as_of(), edges=[_edge(one) for one in rows], next=following)


class DebtsAsked(Paged, frozen=True, kw_only=True):
    """`tenant` without a value is the unnamed tenant."""

    tenant: Text | None = None


class EdgeDebts(Answer, frozen=True, kw_only=True):
    """So many failed runs of a job of a tenant are attributed to a job upstream: the most first."""

    data_as_of: DataAsOf
    edges: list[EdgeDebt]
    next: Next


@get("/edges/debts", tag="jobs", asked=DebtsAsked, answer=EdgeDebts)
def edges_by_debt(asked: DebtsAsked) -> EdgeDebts:
    """Edges by what they cost: the failed runs of each job that are attributed to each job upstream."""
    found = edge_debts_after(context().engine, key_in(asked.after, EdgeDebtKey), asked.limit + 1, asked.tenant)
    rows, following = page_of(found, asked.limit, lambda one: (one.needed_retry, one.job, one.tenant, one.upstream))
    return EdgeDebts(data_as_of=data_as_of(), edges=rows, next=following)


def _is_wanted(stored: StoredEdge, asked: EdgesAsked) -> bool:
    edge = stored.edge
    of_job = asked.job is None or asked.job in (edge.upstream, edge.downstream)
    return of_job and (asked.tenant is None or edge.tenant in (None, asked.tenant))


def _key(stored: StoredEdge) -> Key:
    edge = stored.edge
    return edge.downstream, edge.upstream, edge.tenant is not None, edge.tenant or "", stored.source


def _edge(stored: StoredEdge) -> Edge:
    edge = stored.edge
    return Edge(
        upstream=edge.upstream,
        downstream=edge.downstream,
        tenant=edge.tenant,
        max_lag_seconds=edge.max_lag_seconds,
        origin=edge.origin,
        source=stored.source,
        since=stored.since,
        seen=stored.seen,
        ended=stored.ended,
    )
