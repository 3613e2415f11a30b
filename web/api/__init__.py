"""The API: the same facts as the pages, as JSON. One file a resource; web/api/openapi.py describes all of it.

Errors have one shape (web/errors.py); every GET has an ETag; a list goes on with `after` (web/api/cursors.py).
"""

from __future__ import annotations

from web.api import (
    actions,
    attempts,
    bundles,
    calibration,
    check,
    edges,
    evidence,
    findings,
    handovers,
    incidents,
    jobs,
    life,
    lineage,
    messages,
    openapi,
    outages,
    overview,
    packets,
    questions,
    replays,
    reports,
    rules,
    settings,
    shares,
    sources,
    tokens,
)
from web.api.routes import pages

__all__ = [
    "actions",
    "attempts",
    "bundles",
    "calibration",
    "check",
    "edges",
    "evidence",
    "findings",
    "handovers",
    "incidents",
    "jobs",
    "life",
    "lineage",
    "messages",
    "openapi",
    "outages",
    "overview",
    "packets",
    "pages",
    "questions",
    "replays",
    "reports",
    "rules",
    "settings",
    "shares",
    "sources",
    "tokens",
]
