"""The store's tables. Times are INTEGER microseconds since 1970 UTC (NULL = none); texts are "" where there is none.

A fact's row holds what is known now: `known_at` says since when the fact itself is known, `revised_at` since when it is
known as it stands. What stood there before is in `fact_revisions`, so that one can ask what was known at some moment.
Changes to this file need a migration in `migrations/versions`; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text, false

REVISIONS: Final = (
    *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010"),
    *("0011", "0012", "0013", "0014", "0015", "0016", "0017", "0018", "0019", "0020"),
    *("0021", "0022", "0023"),
)
"""All schema versions the program knows, oldest first."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
    }
)


class FindingDocument(Text):
    """The JSON of a finding: what it tells of other tenants is taken out for those who may not see them."""


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False, default="", server_default="") for name in names]


def _key(*names: str) -> list[Column[str]]:
    return [Column(name, Text, primary_key=True) for name in names]


def _time(name: str, *, required: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=not required)


def _sums(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False, default=0, server_default="0") for name in names]


def _known() -> list[Column[int]]:
    return [_time("known_at"), _time("revised_at")]


def _written() -> Column[int]:
    """The number, by source, of the write that put the row as it stands."""
    return Column("written", BigInteger, nullable=False, default=0, server_default="0")


# --- facts -----------------------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    *_key("source", "run_id"),
    *_texts("logical_run_id", "job", "tenant", "status"),
    Column("attempt", Integer, nullable=False, default=0),
    _time("scheduled_at", required=False),
    _time("started_at"),
    _time("finished_at", required=False),
    *_texts("error", "service", "host", "tags"),
    *_known(),
    _written(),
    Index("ix_runs_started_at", "started_at"),
    Index("ix_runs_job", "job", "tenant", "started_at"),
    Index("ix_runs_run_id", "run_id"),
    Index("ix_runs_logical_run_id", "logical_run_id"),
    Index("ix_runs_scheduled_at", "job", "tenant", "scheduled_at"),
    Index("ix_runs_written", "source", "written"),
    Index("ix_runs_finished_at", "finished_at"),
    Index("ix_runs_due", "scheduled_at"),
)
metrics = Table(
    "metrics",
    metadata,
    *_key("source", "metric", "job", "tenant", "host"),
    Column("at", BigInteger, primary_key=True),
    Column("value", Float(53), nullable=False),
    *_texts("tags"),
    *_known(),
    _written(),
    Index("ix_metrics_at", "at"),
    Index("ix_metrics_of_job", "source", "metric", "job", "tenant", "at"),
    Index("ix_metrics_written", "source", "written"),
)
changes = Table(
    "changes",
    metadata,
    *_key("source", "change_id"),
    _time("at"),
    *_texts("title", "job", "service", "tenant", "tags"),
    *_known(),
    Index("ix_changes_at", "at"),
)
monitor_transitions = Table(
    "monitor_transitions",
    metadata,
    *_key("source", "event_id"),
    _time("at"),
    *_texts("monitor_id", "state", "before", "title", "groups", "job", "service", "tenant"),
    *_known(),
    Index("ix_monitor_transitions_at", "at"),
)
incidents = Table(
    "incidents",
    metadata,
    *_key("source", "incident_id"),
    _time("created_at"),
    _time("resolved_at", required=False),
    *_texts("title", "service", "urgency", "job", "tenant", "url", "status", "tags", "priority", "number"),
    *_known(),
    Index("ix_incidents_created_at", "created_at"),
    Index("ix_incidents_number", "number"),
    Index("ix_incidents_incident_id", "incident_id"),
    Index("ix_incidents_job", "job", "tenant", "created_at"),
)
incident_entries = Table(
    "incident_entries",
    metadata,
    *_key("source", "entry_id"),
    *_texts("incident_id", "kind"),
    _time("at"),
    *_texts("text"),
    *_known(),
    Index("ix_incident_entries_incident_id", "incident_id", "at"),
)
incident_relations = Table(
    "incident_relations",
    metadata,
    *_key("source", "incident_id", "kind", "other_id"),
    _time("at", required=False),
    *_texts("title", "reason"),
    Column("score", Float(53)),
    *_known(),
    Index("ix_incident_relations_incident_id", "incident_id"),
)
services = Table(
    "services",
    metadata,
    *_key("source", "service_id"),
    *_texts("name", "depends_on", "url", "kind"),  # depends_on: JSON list of service ids
    *_known(),
)
dependencies = Table(
    "dependencies",
    metadata,
    *_key("source", "upstream", "downstream"),
    Column("every_tenant", Boolean, primary_key=True),
    *_key("tenant"),
    Column("max_lag_seconds", Float(53)),
    Column("origin", Text, nullable=False, default="declared", server_default="declared"),
    _time("since_at"),
    _time("ended_at", required=False),  # the edge holds in [since_at, ended_at)
    _time("seen_at"),
    *_known(),
)
lineage_datasets = Table(
    "lineage_datasets",
    metadata,
    *_key("source", "dataset", "job", "tenant"),
    Column("writes", Boolean, primary_key=True),
    _time("first_at"),
    _time("seen_at"),
)
write_numbers = Table("write_numbers", metadata, *_key("source"), Column("last", BigInteger, nullable=False))
known_jobs = Table(
    "known_jobs",
    metadata,
    *_key("source", "job", "tenant"),
    Column("runs", BigInteger, nullable=False),
    _time("oldest_at"),
    _time("newest_at"),
    _time("known_at"),
    Index("ix_known_jobs_job", "job", "tenant"),
    Index("ix_known_jobs_tenant", "tenant"),
)
fact_revisions = Table(
    "fact_revisions",
    metadata,
    *_key("kind", "source", "fact_id"),
    Column("known_at", BigInteger, primary_key=True),
    _time("superseded_at"),
    *_texts("content"),  # JSON object: the columns as they stood in [known_at, superseded_at)
    Index("ix_fact_revisions_superseded_at", "kind", "superseded_at"),
)

# --- what came in, beside the facts ----------------------------------------------------------------------------

raw_answers = Table(
    "raw_answers",
    metadata,
    *_key("source", "fact_id", "sha256"),
    *_texts("request", "body"),
    _time("fetched_at"),
)
set_aside = Table(
    "set_aside",
    metadata,
    *_key("source", "item_id"),
    *_texts("reason", "payload"),
    _time("first_at"),
    _time("last_at"),
)
watermarks = Table("watermarks", metadata, *_key("source", "stream"), *_texts("position"), _time("updated_at"))
backfills = Table(
    "backfills",
    metadata,
    *_key("source", "stream"),
    Column("start", BigInteger, primary_key=True),
    Column("until", BigInteger, primary_key=True),
    *_texts("position"),  # JSON: where a stopped one goes on
    _time("began_at"),
    _time("done_at", required=False),
)
webhook_events = Table(
    "webhook_events",
    metadata,
    *_key("source", "event_id"),
    Column("delivery_id", Text, nullable=False),
    *_texts("event_type", "incident_id", "body"),
    _time("occurred_at"),
    _time("received_at"),
    _time("pulled_at", required=False),  # when a pull asked for what it tells of
    Index("ix_webhook_events_delivery_id", "source", "delivery_id", unique=True),
    Index("ix_webhook_events_received_at", "received_at"),
)
source_status = Table(
    "source_status",
    metadata,
    *_key("source"),
    _time("last_attempt_at"),
    _time("last_good_at", required=False),
    *_texts("error", "hint"),
    Column("requests", Integer, nullable=False, default=0),
    *_texts("stored"),  # JSON object: kind -> rows stored by the last pull
    Column("repeated", Integer, nullable=False, default=0),
    Column("set_aside", Integer, nullable=False, default=0),
    Column("failures_in_a_row", Integer, nullable=False, default=0),
    _time("newest_event_at", required=False),
    *_texts("notices", "limits"),  # JSON lists: {text, since}; {name, limit, remaining, resets_at}
    Column("clock_offset_seconds", Float(53)),
    Column("permanent", Boolean, nullable=False, default=False, server_default=false()),
    _time("failing_since", required=False),
)

# --- what is made of it ----------------------------------------------------------------------------------------

findings = Table(
    "findings",
    metadata,
    *_key("id"),
    *_texts("tenant", "job", "verdict", "cause"),
    Column("root_job", Text),
    Column("confidence", Float(53)),
    Column("document", FindingDocument, nullable=False, default="", server_default=""),
    _time("first_raised_at"),
    _time("changed_at"),
    _time("updated_at"),
    _time("gone_at", required=False),
    Column("needed_retry", Integer, nullable=False, default=0, server_default="0"),
    Column("minutes_burnt", Float(53), nullable=False, default=0, server_default="0"),
    Column("observed", Integer, nullable=False, default=0, server_default="0"),
    _time("last_failure_at", required=False),
    Column("worse_p", Float(53)),
    *_texts("rule_id"),
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
    *_texts("verdict", "cause"),
    Column("root_job", Text),
    Column("confidence", Float(53)),
    Column("document", FindingDocument, nullable=False, default="", server_default=""),
)
finding_events = Table(
    "finding_events",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _time("at"),
    _time("as_of"),
    Column("machine", Boolean, nullable=False),
    *_texts("actor", "step", "reason", "details"),  # details: JSON object
    Index("ix_finding_events_step", "step", "finding_id"),
)
finding_watches = Table(
    "finding_watches",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id"), primary_key=True),
    _time("as_of"),
    *_texts("document"),  # JSON object: what the last look counted since the fix
)
monthly_sums = Table(
    "monthly_sums",
    metadata,
    *_key("month", "tenant", "job"),  # month: 2026-03, in UTC
    *_texts("finding_id", "rule_id", "team", "root_job"),
    *_sums("runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us", "laid"),
    *_texts("days"),  # JSON object: day of the month -> [runs, failed first, laid to the cause]
    Index("ix_monthly_sums_finding_id", "finding_id", "month"),
    Index(
        "ix_monthly_sums_report",
        *("month", "tenant", "job", "team", "rule_id", "root_job"),
        *("laid", "runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us"),
    ),
)
sum_positions = Table("sum_positions", metadata, *_key("name"), *_sums("position"))
finding_asks = Table(
    "finding_asks",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _time("at"),
    *_texts("actor", "ask", "original"),  # ask "": back to what the rule asks; original: what the rule asked then
)
finding_shares = Table(
    "finding_shares",
    metadata,
    *_key("id"),
    Column("finding_id", Text, ForeignKey("findings.id"), nullable=False),
    *_texts("made_by", "revoked_by", "note"),
    _time("made_at"),
    _time("expires_at"),
    _time("revoked_at", required=False),
    Index("ix_finding_shares_finding_id", "finding_id", "made_at"),
)
edge_debts = Table(
    "edge_debts",
    metadata,
    Column("finding_id", Text, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True),
    *_key("upstream"),
    *_texts("tenant", "job"),
    Column("needed_retry", Integer, nullable=False),  # failed runs of the job laid to this job upstream
    Index("ix_edge_debts_needed_retry", "needed_retry", "job", "tenant", "upstream"),
    Index("ix_edge_debts_upstream", "upstream", "job", "tenant"),
)
job_scopes = Table(
    "job_scopes",
    metadata,
    *_key("job"),
    *_texts("document"),  # JSON list: the rows of a finding's scope that are the same for all tenants
)
last_look = Table("last_look", metadata, *_key("name"), *_texts("token"), _time("as_of"))
attachments = Table(
    "attachments",
    metadata,
    *_key("sink", "target"),
    *_texts("finding_id", "marker", "text_sha256", "note_id", "state"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    *_texts("last_error"),
    _time("planned_at"),
    _time("updated_at"),
    _time("next_at", required=False),
)
status_updates = Table(
    "status_updates",
    metadata,
    *_key("incident_id", "text_sha256"),
    *_texts("state", "last_error"),
    _time("updated_at"),
)

actions = Table(
    "actions",
    metadata,
    *_key("id"),
    *_texts("finding_id", "rule_id", "kind", "target", "state", "request", "answer"),  # request: JSON object
    Column("most_per_hour", Integer, nullable=False),
    _time("proposed_at"),
    _time("sent_at", required=False),
    Index("ix_actions_state", "state", "proposed_at"),
    Index("ix_actions_finding_id", "finding_id", "proposed_at"),
)
action_steps = Table(
    "action_steps",
    metadata,
    Column("action_id", Text, ForeignKey("actions.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _time("at"),
    *_texts("step", "actor", "words"),
)
rule_replays = Table(
    "rule_replays",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *_texts("state", "asked_by", "basis", "rules", "detail"),  # rules: JSON object, id -> version, in their order
    Column("days", Integer, nullable=False),
    Column("step_seconds", Integer, nullable=False),
    Column("looks", Integer, nullable=False, default=0, server_default="0"),
    _time("asked_at"),
    *(_time(name, required=False) for name in ("started_at", "finished_at", "window_start", "window_end")),
    Index("ix_rule_replays_state", "state", "id"),
)
rule_firings = Table(
    "rule_firings",
    metadata,
    Column("replay_id", Integer, ForeignKey("rule_replays.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    *_texts("rule_id", "tenant", "job", "finding_id", "verdict", "outcome", "next_rule", "ask"),
    Column("noise", Boolean, nullable=False, default=False, server_default=false()),
    Column("failures", Integer, nullable=False, default=0, server_default="0"),
    _time("held_from"),
    *(_time(name, required=False) for name in ("said_at", "until_at")),
    Index("ix_rule_firings_rule_id", "replay_id", "rule_id", "held_from"),
    Index(
        "ix_rule_firings_counted",
        *("replay_id", "rule_id", "said_at", "noise", "until_at", "finding_id", "tenant"),
    ),
)
sink_status = Table(
    "sink_status",
    metadata,
    *_key("sink"),
    *_texts("error", "hint"),
    _time("at"),
    _time("failing_since", required=False),
)

# --- what people write ----------------------------------------------------------------------------------------

handovers = Table(
    "handovers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *_texts("scope", "author", "acknowledged_by", "read_back"),  # scope: JSON, the tenants it is about; null: all
    Column("version", Integer, nullable=False),
    Column("open_for", Text),  # the scope, until it is acknowledged: one at a time
    _time("begun_at"),
    _time("acknowledged_at", required=False),
    Index("ix_handovers_open_for", "open_for", unique=True),
)
handover_versions = Table(
    "handover_versions",
    metadata,
    Column("handover_id", Integer, ForeignKey("handovers.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True),
    _time("at"),
    _time("data_as_of", required=False),
    *_texts("author", "words", "facts"),  # words: JSON object, by section; facts: JSON, the data they were written from
)
handover_tenants = Table(
    "handover_tenants",
    metadata,
    Column("handover_id", Integer, ForeignKey("handovers.id"), primary_key=True),
    *_key("tenant"),  # of whom it may tell; none where it is about all
)
customer_messages = Table(
    "customer_messages",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *_texts("finding_id", "tenant", "state", "text", "facts", "approved_by", "approved_sha256", "sent_by", "channel"),
    Column("version", Integer, nullable=False),
    Column("open_for", Text),  # the finding, until it is sent or dropped: one at a time
    _time("begun_at"),
    _time("updated_at"),
    _time("data_as_of", required=False),
    _time("next_update_at", required=False),
    _time("sent_at", required=False),
    Index("ix_customer_messages_open_for", "open_for", unique=True),
    Index("ix_customer_messages_finding_id", "finding_id"),
    Index("ix_customer_messages_sent_at", "sent_at"),
)
customer_message_steps = Table(
    "customer_message_steps",
    metadata,
    Column("message_id", Integer, ForeignKey("customer_messages.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _time("at"),
    *_texts("step", "actor", "words", "text"),
)

saved_questions = Table(
    "saved_questions",
    metadata,
    *_key("id"),
    *_texts("name", "query", "tenant", "made_by", "changed_by"),  # query: the address of the answer, behind its `?`
    _time("made_at"),
    _time("changed_at"),
)

# --- who is at work --------------------------------------------------------------------------------------------

job_runs = Table(
    "job_runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *_texts("name"),
    _time("started_at"),
    _time("finished_at", required=False),
    Column("ok", Boolean),
    *_texts("detail"),
    Index("ix_job_runs_name", "name", "started_at"),
)
wakes = Table("wakes", metadata, *_key("source"), _time("asked_at"))  # sources to be pulled now, not at the next tick
leases = Table("leases", metadata, *_key("name"), *_texts("holder"), _time("until"))

# --- who may come in, and what they did -------------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _time("at"),
    *_texts("actor", "via", "role", "action", "target", "details"),  # details: JSON object
    Index("ix_audit_actor", "actor", "id"),
    Index("ix_audit_action", "action", "id"),
    Index("ix_audit_target", "target", "id"),
)
api_tokens = Table(
    "api_tokens",
    metadata,
    *_key("id"),
    *_texts("name", "sha256", "role", "created_by"),
    Column("tenants", Text),  # JSON list; NULL: all tenants
    _time("created_at"),
    _time("expires_at", required=False),
    _time("revoked_at", required=False),
    _time("last_used_at", required=False),  # to the hour
)
web_sessions = Table(
    "web_sessions",
    metadata,
    *_key("sha256"),
    *_texts("actor", "claims"),  # claims: JSON object, what the provider said of the person
    _time("began_at"),
    _time("seen_at"),
    _time("until_at"),
    Index("ix_web_sessions_until_at", "until_at"),
)
