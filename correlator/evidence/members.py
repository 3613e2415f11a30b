"""What may lie in a bundle: the names, what each is, and how large it may be. Anything else is refused."""

from __future__ import annotations

import re
from typing import Final

MANIFEST: Final = "MANIFEST.json"
HISTORY: Final = ("runs.jsonl", "incidents.jsonl", "changes.jsonl", "metrics.jsonl", "dependencies.yaml")
WHAT: Final = {
    "packet.md": ("text/markdown; charset=utf-8", "the packet, to paste into a ticket"),
    "packet.html": ("text/html; charset=utf-8", "the packet, to read and print; opens without network"),
    "note.txt": ("text/plain; charset=utf-8", "ten lines for an incident"),
    "ticket.txt": (
        "text/plain; charset=utf-8",
        "symptom, reproduction, layers, hypothesis, ask: for a ticket, with gaps",
    ),
    "finding.json": ("application/json", "the verdict with everything it rests on"),
    "timeline.svg": ("image/svg+xml", "the aligned timeline"),
    "timeline.png": ("image/png", "the aligned timeline as pixels"),
    "metrics.svg": ("image/svg+xml", "the metrics before the trouble, against quiet days"),
    "lags.svg": ("image/svg+xml", "the lag profile: from the upstream run to the run that failed"),
    "retries.svg": ("image/svg+xml", "retry debt: runs that needed a retry or never passed, and minutes lost"),
    "runs.csv": ("text/csv; charset=utf-8", "every attempt of the jobs concerned"),
    "aligned.csv": ("text/csv; charset=utf-8", "each failed run beside the upstream run it stood on"),
    "metrics.csv": ("text/csv; charset=utf-8", "every point of the metrics that were compared"),
    "incidents.csv": ("text/csv; charset=utf-8", "incidents of the tenant"),
    "changes.csv": ("text/csv; charset=utf-8", "changes of the jobs concerned"),
    "rule.yaml": ("application/yaml", "the rule that made the ask"),
    "history/runs.jsonl": ("application/jsonl", "history: every attempt the verdict was computed from"),
    "history/incidents.jsonl": ("application/jsonl", "history: incidents"),
    "history/changes.jsonl": ("application/jsonl", "history: changes"),
    "history/metrics.jsonl": ("application/jsonl", "history: metric points of the jobs concerned"),
    "history/dependencies.yaml": ("application/yaml", "history: which job stands on which"),
}
DRAWN: Final = ("timeline.svg", "timeline.png", "metrics.svg", "lags.svg", "retries.svg")
OPTIONAL: Final = frozenset({"metrics.svg", "lags.svg", "retries.svg"})
SOURCE: Final = re.compile(r"sources/[a-z0-9_-]{1,40}/[0-9a-f]{24}\.json")
_SOURCE_WHAT: Final = ("application/json", "a vendor's answer behind a quoted fact, with its request and time")


def known(name: str) -> bool:
    """Whether a bundle may hold a file of this name."""
    return name == MANIFEST or name in WHAT or SOURCE.fullmatch(name) is not None


def describe(name: str) -> tuple[str, str]:
    """(media type, what it is) of a known name."""
    return WHAT.get(name, _SOURCE_WHAT)


def required() -> frozenset[str]:
    """The files that every bundle holds."""
    return frozenset(WHAT) - OPTIONAL | {MANIFEST}
