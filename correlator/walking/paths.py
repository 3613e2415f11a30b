"""The declared edges as a graph: who feeds whom, who can be the origin, and by which way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from correlator.model import Dependency


def downstream_of(dependencies: Iterable[Dependency]) -> dict[str, frozenset[str]]:
    """Each node's direct downstreams, of all tenants; self-edges say nothing and are left out."""
    found: dict[str, set[str]] = {}
    for edge in dependencies:
        if edge.upstream != edge.downstream:
            found.setdefault(edge.upstream, set()).add(edge.downstream)
    return {node: frozenset(found[node]) for node in sorted(found)}


def paths_to(target: str, downstream: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    """For each node from which trouble can come (the target included), the shortest way to the target.

    Both ends are included. Of equally short ways the alphabetically first one, so that row order changes nothing.
    """
    upstream: dict[str, list[str]] = {}
    for node, targets in downstream.items():
        for one in targets:
            upstream.setdefault(one, []).append(node)
    paths: dict[str, tuple[str, ...]] = {target: (target,)}
    ring = [target]
    while ring:
        ways = sorted((node, *paths[one]) for one in ring for node in upstream.get(one, ()) if node not in paths)
        ring = []
        for way in ways:
            if way[0] not in paths:
                paths[way[0]] = way
                ring.append(way[0])
    return paths
