"""The store's tables. Times are INTEGER microseconds since 1970 UTC (NULL = none); texts are "" where there is none.

A fact's row holds what is known now: `known_at` says since when the fact itself is known, `revised_at` since when it is
known as it stands. What stood there before is in `fact_revisions`, so that one can ask what was known at some moment.
Changes to these files need a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from correlator.store.schema.columns import FindingDocument, metadata
from correlator.store.schema.facts import (
    changes,
    dependencies,
    fact_revisions,
    incident_entries,
    incident_relations,
    incidents,
    known_jobs,
    known_metrics,
    lineage_datasets,
    metrics,
    monitor_transitions,
    runs,
    services,
    write_numbers,
)
from correlator.store.schema.findings import (
    edge_debts,
    finding_asks,
    finding_events,
    finding_outages,
    finding_shares,
    finding_versions,
    finding_watches,
    findings,
    job_scopes,
    last_look,
    monthly_sums,
    sum_positions,
    sums_waiting,
)
from correlator.store.schema.intake import backfills, raw_answers, set_aside, source_status, watermarks, webhook_events
from correlator.store.schema.outgoing import (
    action_steps,
    actions,
    attachments,
    rule_firings,
    rule_replays,
    sink_status,
    status_updates,
)
from correlator.store.schema.people import (
    api_tokens,
    audit,
    customer_message_steps,
    customer_messages,
    handover_tenants,
    handover_versions,
    handovers,
    saved_questions,
    web_sessions,
)
from correlator.store.schema.work import job_runs, leases, wakes

REVISIONS: Final = (
    *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010"),
    *("0011", "0012", "0013", "0014", "0015", "0016", "0017", "0018", "0019", "0020"),
    *("0021", "0022", "0023", "0024", "0025", "0026", "0027", "0028"),
)
"""All schema versions the program knows, oldest first."""

__all__ = [
    "REVISIONS",
    "FindingDocument",
    "action_steps",
    "actions",
    "api_tokens",
    "attachments",
    "audit",
    "backfills",
    "changes",
    "customer_message_steps",
    "customer_messages",
    "dependencies",
    "edge_debts",
    "fact_revisions",
    "finding_asks",
    "finding_events",
    "finding_outages",
    "finding_shares",
    "finding_versions",
    "finding_watches",
    "findings",
    "handover_tenants",
    "handover_versions",
    "handovers",
    "incident_entries",
    "incident_relations",
    "incidents",
    "job_runs",
    "job_scopes",
    "known_jobs",
    "known_metrics",
    "last_look",
    "leases",
    "lineage_datasets",
    "metadata",
    "metrics",
    "monitor_transitions",
    "monthly_sums",
    "raw_answers",
    "rule_firings",
    "rule_replays",
    "runs",
    "saved_questions",
    "services",
    "set_aside",
    "sink_status",
    "source_status",
    "status_updates",
    "sum_positions",
    "sums_waiting",
    "wakes",
    "watermarks",
    "web_sessions",
    "webhook_events",
    "write_numbers",
]
