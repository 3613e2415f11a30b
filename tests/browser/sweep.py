"""Every page there is, by endpoint, as one opens it. A route that is in neither table fails a test."""

from __future__ import annotations

from typing import Final

from tests.browser.peopled import ACTION, FINDING, HANDOVER, HOSTILE, MESSAGE
from tests.web import cast

SHARED: Final = "the shared link"
"""Stands for a path that is known only once the link is made."""
PAGES: Final[dict[str, tuple[str, ...]]] = {
    "overview.show": ("/", "/?show=systemic"),
    "check.show": ("/check", f"/check?q={cast.pairs()[-1].logical_run_id}-1+run-nobody-knows"),
    "incident.index": ("/incidents",),
    "incident.show": ("/incidents/Q1EXPORT?lanes=all", "/incidents/Q2EMAIL", "/incidents/Q4NOBODY"),
    "jobs.show": ("/jobs",),
    "jobs.edges": ("/jobs/edges",),
    "jobs.job": (f"/job?job={cast.EXPORT}&tenant={cast.PREMIUM}",),
    "handover.index": ("/handover",),
    "handover.show": (HANDOVER,),
    "reports.show": ("/reports?by=job&from=2026-03&to=2026-03",),
    "finding.show": (FINDING, HOSTILE),
    "versions.show": (f"{FINDING}/versions",),
    "customer.index": ("/messages",),
    "customer.show": (f"{FINDING}/customers",),
    "customer.message": (MESSAGE,),
    "share.show": (SHARED,),
    "rules.show": ("/rules",),
    "rules.one": ("/rules/upstream-late",),
    "actions.index": ("/actions",),
    "actions.one": (f"/actions/{ACTION}",),
    "asks.show": ("/asks",),
    "sources.show": ("/sources",),
    "sources.set_aside": ("/sources/datadog/set-aside",),
    "settings.show": ("/settings",),
    "audit.show": ("/audit",),
    "tokens.show": ("/tokens",),
    "calibration.show": ("/calibration",),
}
NO_PAGES: Final = {
    *("static", "charts.script", "charts.current", "finding.chart", "incident.chart"),
    *("finding.markdown", "finding.note", "finding.ticket", "bundle.download", "check.packet", "incident.status"),
    *("handover.draft", "handover.markdown", "handover.plain", "customer.text", "reports.as_csv", "asks.as_csv"),
    *("probes.alive", "probes.ready", "measures.show"),
}
"""What gives a file or numbers for programs; the API is looked at elsewhere."""
PATHS: Final = tuple(path for paths in PAGES.values() for path in paths)
