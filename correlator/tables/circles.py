"""Which of many edges count: the strongest of each, and none that would close a circle.

Which edges of a circle are set aside does not depend on their order: all of those of the weakest origin that lie on
it, so that a declared edge never falls for the sake of a guess. Within one origin, first among the edges that hold for
all tenants; then, tenant by tenant, among the tenant's own edges together with the general ones that are left (of which
none is given up for the sake of one tenant).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from correlator.model import Dependency, Origin

Row = tuple[int, Dependency]
"""A line number and the edge that stands there."""


def strongest(rows: Iterable[Row]) -> list[Row]:
    """One row for each edge: of the strongest origin, of several such the last.

    A tenant's own edge falls away where a stronger origin gives the same edge for all tenants.
    """
    best: dict[tuple[str, str, str | None], Row] = {}
    for row in rows:
        key = (row[1].upstream, row[1].downstream, row[1].tenant)
        if key not in best or row[1].origin.rank <= best[key][1].origin.rank:
            best[key] = row
    return [row for row in best.values() if not _outdone(row[1], best)]


def _outdone(edge: Dependency, best: Mapping[tuple[str, str, str | None], Row]) -> bool:
    general = best.get((edge.upstream, edge.downstream, None))
    return general is not None and general[1].origin.rank < edge.origin.rank


def split_circles(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Edges as (kept, those that lie on a circle); see the module's text."""
    rows = list(rows)
    if not _split(rows, [])[1]:
        return rows, []  # without a circle in all tenants together there is none in any
    kept: dict[str | None, list[Row]] = {None: []}
    circles: list[Row] = []
    for origin in Origin:
        for tenant, own in _by_tenant(rows, origin).items():
            good, bad = _split_general(own, kept) if tenant is None else _split_own(own, kept, tenant)
            kept.setdefault(tenant, []).extend(good)
            circles += bad
    return [row for part in kept.values() for row in part], circles


def _by_tenant(rows: Iterable[Row], origin: Origin) -> dict[str | None, list[Row]]:
    """The rows of this origin, the general ones first, then tenant by tenant."""
    parts: dict[str | None, list[Row]] = {}
    for row in rows:
        if row[1].origin is origin:
            parts.setdefault(row[1].tenant, []).append(row)
    return {tenant: parts[tenant] for tenant in sorted(parts, key=lambda tenant: (tenant is not None, tenant or ""))}


def _split_general(own: list[Row], kept: Mapping[str | None, list[Row]]) -> tuple[list[Row], list[Row]]:
    """General edges must close no circle with stronger ones, whichever tenant those belong to."""
    good, bad = own, list[Row]()
    for tenant in kept:
        good, more = _split(good, kept[None] + (kept[tenant] if tenant is not None else []))
        bad += more
    return good, bad


def _split_own(own: list[Row], kept: Mapping[str | None, list[Row]], tenant: str) -> tuple[list[Row], list[Row]]:
    return _split(own, kept[None] + kept.get(tenant, []))


def _split(own: list[Row], others: list[Row]) -> tuple[list[Row], list[Row]]:
    component = _components([(edge.upstream, edge.downstream) for _, edge in own + others])
    on_circle = [component[edge.upstream] == component[edge.downstream] for _, edge in own]
    good = [row for row, bad in zip(own, on_circle, strict=True) if not bad]
    return good, [row for row, bad in zip(own, on_circle, strict=True) if bad]


def _components(edges: list[tuple[str, str]]) -> dict[str, int]:
    """The strongly connected component of each job: two passes of depth-first search (Kosaraju), no recursion."""
    forward: dict[str, list[str]] = {}
    backward: dict[str, list[str]] = {}
    for upstream, downstream in edges:
        forward.setdefault(upstream, []).append(downstream)
        backward.setdefault(downstream, []).append(upstream)
    jobs = dict.fromkeys(job for edge in edges for job in edge)
    done: dict[str, int] = {}
    for job in jobs:
        _visit(job, forward, done, lambda: 0)
    component: dict[str, int] = {}
    for job in reversed(list(done)):
        if job not in component:
            number = len(component)
            _visit(job, backward, component, lambda number=number: number)
    return component


def _visit(start: str, neighbours: Mapping[str, list[str]], done: dict[str, int], mark: Any) -> None:
    """Depth first from `start`; each job enters `done` when all behind it has been visited."""
    open_: set[str] = set()
    stack = [(start, False)]
    while stack:
        job, finished = stack.pop()
        if finished:
            done[job] = mark()
        elif job not in done and job not in open_:
            open_.add(job)
            stack.append((job, True))
            stack += [(other, False) for other in neighbours.get(job, ())]
