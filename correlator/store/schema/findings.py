"""What is found in the facts, what becomes of it, and what it adds up to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text

from correlator.store.schema.columns import FindingDocument, key, metadata, sums, texts, time

findings = Table(
    "findings",
    metadata,
    *key("id"),
    *texts("tenant", "job", "verdict", "cause"),
    Column("root_job", Text),
    Column("confidence", Float(53)),
    Column("document", FindingDocument, nullable=False, default="", server_default=""),
    time("first_raised_at"),
    time("changed_at"),
    time("updated_at"),
    time("gone_at", required=False),
    Column("needed_retry", Integer, nullable=False, default=0, server_default="0"),
    Column("minutes_burnt", Float(53), nullable=False, default=0, server_default="0"),
    Column("observed", Integer, nullable=False, default=0, server_default="0"),
    time("last_failure_at", required=False),
    Column("worse_p", Float(53)),
    *texts("rule_id"),
    Index("ix_findings_job", "job", "tenant"),
    Index("ix_findings_rule_id", "gone_at", "rule_id", "updated_at"),
    Index("ix_findings_updated_at", "updated_at"),
    Index("ix_findings_verdict", "gone_at", "verdict", "changed_at"),
    Index("ix_findings_needed_retry", "gone_at", "needed_retry", "job", "tenant"),
    Index("ix_findings_minutes_burnt", "gone_at", "minutes_burnt", "job", "tenant"),
    Index("ix_findings_standing", "gone_at", "verdict", "cause", "observed", "last_failure_at", "worse_p", "id"),
)

finding_versions = Table(
    "finding_versions",
    metadata,
    Column("id", Text, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    *texts("verdict", "cause"),
    Column("root_job", Text),
    Column("confidence", Float(53)),
    Column("document", FindingDocument, nullable=False, default="", server_default=""),
)

finding_events = Table(
    "finding_events",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    time("at"),
    time("as_of"),
    Column("machine", Boolean, nullable=False),
    *texts("actor", "step", "reason", "details"),  # details: JSON object
    Index("ix_finding_events_step", "step", "finding_id"),
)

finding_watches = Table(
    "finding_watches",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id"), primary_key=True),
    time("as_of"),
    *texts("document"),  # JSON object: what the last look counted since the fix
)

finding_asks = Table(
    "finding_asks",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    time("at"),
    *texts("actor", "ask", "original"),  # ask "": back to what the rule asks; original: what the rule asked then
)

finding_shares = Table(
    "finding_shares",
    metadata,
    *key("id"),
    Column("finding_id", Text, ForeignKey("findings.id"), nullable=False),
    *texts("made_by", "revoked_by", "note"),
    time("made_at"),
    time("expires_at"),
    time("revoked_at", required=False),
    Index("ix_finding_shares_finding_id", "finding_id", "made_at"),
)

edge_debts = Table(
    "edge_debts",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True),
    *key("upstream"),
    *texts("tenant", "job"),
    Column("needed_retry", Integer, nullable=False),  # failed runs of the job attributed to this job upstream
    Index("ix_edge_debts_needed_retry", "needed_retry", "job", "tenant", "upstream"),
    Index("ix_edge_debts_upstream", "upstream", "job", "tenant"),
)

finding_outages = Table(
    "finding_outages",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True),
    *(Column(name, BigInteger, primary_key=True) for name in ("began_at", "ended_at")),
    *key("scope"),
    *texts("tenant", "job"),
    Column("failed", Integer, nullable=False),  # failed runs of the finding that ended within the outage
    Index("ix_finding_outages_began_at", "began_at", "ended_at", "scope", "tenant", "job", "failed"),
)

job_scopes = Table(
    "job_scopes",
    metadata,
    *key("job"),
    *texts("document"),  # JSON list: the rows of a finding's scope that are the same for all tenants
)

last_look = Table("last_look", metadata, *key("name"), *texts("token"), time("as_of"))

monthly_sums = Table(
    "monthly_sums",
    metadata,
    *key("month", "tenant", "job"),  # month: 2026-03, in UTC
    *texts("finding_id", "rule_id", "team", "root_job"),
    *sums("runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us", "laid"),
    *texts("days"),  # JSON object: day of the month -> [runs, failed first, attributed to the cause]
    Index("ix_monthly_sums_finding_id", "finding_id", "month"),
    Index(
        "ix_monthly_sums_report",
        *("month", "tenant", "job", "team", "rule_id", "root_job"),
        *("laid", "runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us"),
    ),
)

sum_positions = Table("sum_positions", metadata, *key("name"), *sums("position"))

sums_waiting = Table(
    "sums_waiting",
    metadata,
    *key("month", "tenant", "job"),
    *texts("days"),  # JSON list: the days of the month to be counted anew; "" for all
    *sums("asked"),
)
