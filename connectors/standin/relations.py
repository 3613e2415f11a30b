"""Dependencies as relations of the software catalog: `GET /api/v2/catalog/relation`, by offset.

As recorded, `meta.count` counts the page and not the list.
"""

from __future__ import annotations

from typing import Any

from connectors.standin.facts import Facts
from connectors.standin.http import Request

_TYPE = "RelationTypeDependsOn"
_STAMP = "2026-01-01T00:00:00.000000Z"


def list_relations(facts: Facts, request: Request) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """One page of relations, and its meta."""
    offset, limit = int(request.one("page[offset]", "0")), int(request.one("page[limit]", "100"))
    edges = sorted({(edge.downstream, edge.upstream) for edge in facts.history.dependencies})
    served = edges if request.one("filter[type]", _TYPE) == _TYPE else []
    page = [_relation(downstream, upstream) for downstream, upstream in served[offset : offset + limit]]
    return page, {"count": len(page), "includeCount": 0}


def _relation(downstream: str, upstream: str) -> dict[str, Any]:
    ends = {
        "from": {"kind": "service", "name": downstream, "namespace": "default"},
        "to": {"kind": "service", "name": upstream, "namespace": "default"},
    }
    meta = {
        "createdAt": _STAMP,
        "modifiedAt": _STAMP,
        "source": "schema",
        "definedBy": f"service:default/{downstream}",
    }
    name = f"service:default/{downstream}:{_TYPE}:service:default/{upstream}"
    return {"id": name, "type": "relation", "attributes": {**ends, "type": _TYPE}, "meta": meta}
