"""What a job reads from and what reads from it, step by step, as far as the stored edges say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, or_, select

from correlator.model import Dependency, Origin
from correlator.store.database import reading
from correlator.store.edges import edges_known
from correlator.store.schema import dependencies
from correlator.text.times import micros

MOST_JOBS: Final = 40
"""So many jobs upstream, and as many downstream, are followed; what lies behind is counted as left out."""


@dataclass(frozen=True, slots=True)
class Step:
    """A job on the way: how many edges away it is, over which job next to it, and who says so."""

    job: str
    distance: int
    next_job: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Around:
    """The jobs upstream and downstream of one, the nearest first; `more`: there are others behind them."""

    upstream: tuple[Step, ...]
    downstream: tuple[Step, ...]
    more: bool = False


def edges_of(engine: Engine, tenant: str) -> tuple[Dependency, ...]:
    """The edges that hold for this tenant now; of one edge from several sources the strongest origin counts."""
    table = dependencies
    columns = (table.c.upstream, table.c.downstream, table.c.tenant, table.c.max_lag_seconds, table.c.origin)
    holds = table.c.ended_at.is_(None) & or_(table.c.every_tenant, table.c.tenant == tenant)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(holds)).all()
    found: dict[tuple[str, str], Dependency] = {}
    for upstream, downstream, owner, lag, origin in rows:
        edge = Dependency(upstream, downstream, owner, lag, Origin(origin))
        known = found.setdefault((upstream, downstream), edge)
        if edge.origin.rank < known.origin.rank:
            found[upstream, downstream] = edge
    return tuple(found[key] for key in sorted(found))


def edges_then(engine: Engine, tenant: str, by: datetime) -> tuple[Dependency, ...]:
    """The edges that held for this tenant as was known then."""
    with reading(engine) as connection:
        return tuple(edge for edge in edges_known(connection, micros(by)) if edge.tenant in (None, tenant))


def around(edges: Sequence[Dependency], jobs: Iterable[str]) -> Around:
    """Everything upstream and everything downstream of these jobs, without them."""
    begin = tuple(jobs)
    up, more_up = _walk(edges, begin, lambda edge: (edge.downstream, edge.upstream))
    down, more_down = _walk(edges, begin, lambda edge: (edge.upstream, edge.downstream))
    return Around(up, down, more_up or more_down)


def _walk(
    edges: Sequence[Dependency], begin: Sequence[str], ends: Callable[[Dependency], tuple[str, str]]
) -> tuple[tuple[Step, ...], bool]:
    """Breadth first; a job is met once, over the shortest way, so that circles end."""
    beside: dict[str, list[tuple[str, Origin]]] = {}
    for edge in edges:
        near, far = ends(edge)
        beside.setdefault(near, []).append((far, edge.origin))
    seen, steps, front = set(begin), list[Step](), list(begin)
    for distance in range(1, len(edges) + 2):
        front = [step.job for step in _reached(front, beside, seen, steps, distance)]
        if not front or len(steps) > MOST_JOBS:
            break
    return tuple(steps[:MOST_JOBS]), len(steps) > MOST_JOBS


def _reached(
    front: Sequence[str],
    beside: dict[str, list[tuple[str, Origin]]],
    seen: set[str],
    steps: list[Step],
    distance: int,
) -> list[Step]:
    fresh = []
    for near in front:
        for far, origin in beside.get(near, ()):
            if far not in seen:
                seen.add(far)
                fresh.append(Step(far, distance, near, origin))
    steps.extend(fresh)
    return fresh


def upstream_first(edges: Sequence[Dependency], jobs: Iterable[str]) -> tuple[str, ...]:
    """These jobs so that each stands after those it reads from; in a circle the first by name goes first."""
    left = sorted(set(jobs))
    ordered: list[str] = []
    while left:
        fed = {edge.downstream for edge in edges if edge.upstream in left and edge.upstream != edge.downstream}
        ready = [job for job in left if job not in fed] or left[:1]
        ordered += ready
        left = [job for job in left if job not in ready]
    return tuple(ordered)
