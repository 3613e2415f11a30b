"""Changes of services as deployments of DORA Metrics: `POST /api/v2/dora/deployments`, one list without pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.standin.facts import Facts, wall_clock
from connectors.standin.paging import MAX_LIMIT, BadRequestError, moment
from correlator.model import Change, iso

_TOOK = timedelta(minutes=4)


def list_deployments(facts: Facts, attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The first `limit` deployments of the time asked for. Raises BadRequestError."""
    limit = attributes.get("limit", 10)
    if not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise BadRequestError(f"limit must be 1 to {MAX_LIMIT}")
    start, end = (moment(attributes.get(name, default), wall_clock()) for name, default in _DEFAULTS)
    changes = (change for _, _, change in facts.changes_between(start, end))
    return [_deployment(change) for change in changes if change.service][:limit]


_DEFAULTS = (("from", "now-15m"), ("to", "now"))


def _deployment(change: Change) -> dict[str, Any]:
    tags = [f"{key}:{value}" for key, value in (("job", change.job), ("tenant", change.tenant)) if value]
    attributes: dict[str, Any] = {
        "env": "prod",
        "finished_at": iso(change.at),
        "service": change.service,
        "started_at": iso(change.at - _TOOK),
    }
    attributes |= {"custom_tags": tags} if tags else {}
    return {"id": f"dora-{change.change_id}", "type": "dora_deployment", "attributes": attributes}
