"""What somebody who may see some tenants alone is shown of each table.

Every statement on such an engine gets, in front, a common table expression for each table it names, under the table's
own name: `WITH runs AS (SELECT ... FROM main.runs WHERE tenant IN (...)) SELECT ...`. To SQL the name then means the
rows that may be seen, wherever it stands: in joins, aliases, subqueries and counts. The databases merge it into the
statement, so that indexes are used as before. Texts that come back go through `Sight`, which knows the tenants' names.

A table that does not stand in `VISIBLE`, and SQL as plain text, is refused: fail closed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

from sqlalchemy import ColumnElement, Table, and_, exists, false, not_, or_, true


class Sight(Protocol):
    """Whose rows may be seen, and how what names others is told."""

    @property
    def tenants(self) -> Collection[str]:
        """Those that may be seen, beside the unnamed one."""

    def text(self, text: str, /) -> str:
        """A text without the names of other tenants."""

    def document(self, text: str, /) -> str:
        """The JSON of a finding without what is told of other tenants."""


Tables = Mapping[str, Table]
"""The tables as they are, by name: their rows are all there, beside the shadows that hide some."""
Condition = Callable[[Table, Tables, Collection[str]], ColumnElement[bool]]
"""From a table, its neighbours and the tenants that may be seen to the rows that may be."""


def own(table: Table, _: Tables, seen: Collection[str]) -> ColumnElement[bool]:
    """The row says whose it is; what is the unnamed tenant's feeds all of them."""
    return table.c.tenant.in_(sorted({"", *seen}))


def through(parent: str, **keys: str) -> Condition:
    """Its parent says whose a row is: the row of `parent` whose column is this row's, for each `column=own_column`."""

    def visible(table: Table, tables: Tables, seen: Collection[str]) -> ColumnElement[bool]:
        above = tables[parent]
        same = [above.c[theirs] == table.c[mine] for theirs, mine in keys.items()]
        return exists().where(*same, VISIBLE[parent](above, tables, seen))

    return visible


def both(first: Condition, second: Condition) -> Condition:
    return lambda table, tables, seen: and_(first(table, tables, seen), second(table, tables, seen))


def everyone(_: Table, __: Tables, ___: Collection[str]) -> ColumnElement[bool]:
    """Of the platform, not of a tenant."""
    return true()


def nobody(_: Table, __: Tables, ___: Collection[str]) -> ColumnElement[bool]:
    """For those alone who may see all tenants."""
    return false()


def edges(table: Table, tables: Tables, seen: Collection[str]) -> ColumnElement[bool]:
    """Edges of all tenants or of one that may be seen, but for jobs that only ever ran for somebody else."""
    ours = or_(table.c.every_tenant, own(table, tables, seen))
    return and_(ours, *(_no_secret(table.c[end], tables["known_jobs"], seen) for end in ("upstream", "downstream")))


def _no_secret(job: ColumnElement[str], known: Table, seen: Collection[str]) -> ColumnElement[bool]:
    ran = exists().where(known.c.job == job)
    return or_(ran.where(own(known, {}, seen)), not_(ran))


def handovers(table: Table, tables: Tables, seen: Collection[str]) -> ColumnElement[bool]:
    """Those that tell of tenants, and of none that may not be seen."""
    named = tables["handover_tenants"]
    told = exists().where(named.c.handover_id == table.c.id)
    return and_(told, not_(told.where(named.c.tenant.not_in(sorted({"", *seen})))))


_REVISED: Final = {
    "runs": "run_id",
    "changes": "change_id",
    "monitor_transitions": "event_id",
    "incidents": "incident_id",
    "incident_entries": "entry_id",
}


def revisions(table: Table, tables: Tables, seen: Collection[str]) -> ColumnElement[bool]:
    """What stood there before of a fact whose row may be seen now; of kinds that do not stand here, nothing."""
    return or_(*(_revisions_of(kind, key, table, tables, seen) for kind, key in _REVISED.items()))


def _revisions_of(kind: str, key: str, table: Table, tables: Tables, seen: Collection[str]) -> ColumnElement[bool]:
    fact = tables[kind]
    same = (fact.c.source == table.c.source, fact.c[key] == table.c.fact_id)
    return and_(table.c.kind == kind, exists().where(*same, VISIBLE[kind](fact, tables, seen)))


_FINDING: Final = through("findings", id="finding_id")
VISIBLE: Final[Mapping[str, Condition]] = {
    # facts
    "runs": own,
    "metrics": own,
    "changes": own,
    "monitor_transitions": own,
    "incidents": own,
    "incident_entries": through("incidents", source="source", incident_id="incident_id"),
    "incident_relations": both(
        through("incidents", source="source", incident_id="incident_id"),
        through("incidents", source="source", incident_id="other_id"),
    ),
    "services": everyone,
    "dependencies": edges,
    "lineage_datasets": own,
    "known_jobs": own,
    "known_metrics": own,
    "write_numbers": everyone,
    "fact_revisions": revisions,
    # what came in
    "raw_answers": nobody,
    "set_aside": nobody,
    "watermarks": nobody,
    "backfills": nobody,
    "webhook_events": nobody,
    "source_status": everyone,
    # what is made of it
    "findings": own,
    "finding_versions": through("findings", id="id"),
    "finding_events": _FINDING,
    "finding_watches": _FINDING,
    "edge_debts": own,
    "finding_outages": own,
    "finding_asks": _FINDING,
    "finding_shares": _FINDING,
    "job_scopes": nobody,
    "last_look": everyone,
    "attachments": _FINDING,
    "status_updates": through("incidents", incident_id="incident_id"),
    "actions": _FINDING,
    "action_steps": through("actions", id="action_id"),
    "rule_replays": everyone,
    "rule_firings": own,
    "sink_status": everyone,
    "monthly_sums": own,
    "sum_positions": everyone,
    "sums_waiting": own,
    # what people write
    "handovers": handovers,
    "handover_versions": through("handovers", id="handover_id"),
    "handover_tenants": through("handovers", id="handover_id"),
    "customer_messages": own,
    "customer_message_steps": through("customer_messages", id="message_id"),
    "saved_questions": own,
    # who is at work
    "job_runs": everyone,
    "wakes": nobody,
    "leases": nobody,
    "audit": nobody,
    "api_tokens": nobody,
    "web_sessions": nobody,
}
"""Of every table, which rows somebody sees who may see some tenants alone. A test goes through all tables."""

BLANK: Final[Mapping[str, Mapping[str, str]]] = {
    "source_status": {"error": "its last pull failed", "hint": "", "notices": "[]", "stored": "{}"},
    "sink_status": {"error": "it failed last", "hint": ""},
    "job_runs": {"detail": ""},
    "rule_replays": {"detail": "", "asked_by": ""},
}
"""Texts that tell of all tenants at once, and what such a viewer reads instead where there is any."""
