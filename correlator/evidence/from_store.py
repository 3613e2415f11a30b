"""A bundle out of the store: the finding, the history as it was known then, and the vendors' answers behind it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from correlator.errors import UsageError
from correlator.evidence.attempts import attempt_rows
from correlator.evidence.bundle import Wanted, create_bundle
from correlator.evidence.provenance import Provenance, SourceState
from correlator.evidence.quotes import Quote
from correlator.model import Finding
from correlator.quantities import moment
from correlator.settings import Settings
from correlator.store import schema
from correlator.store.findings import StoredFinding, get_finding
from correlator.store.frames import read_window
from correlator.tables.frames import Tables, from_micros, to_micros
from rules.matching import RuleSet

_LOOKUP = 500


def bundle_from_store(engine: Engine, finding_id: str, path: Path, rules: RuleSet, settings: Settings) -> Finding:
    """Write the bundle of a stored finding and return the finding in it.

    Raises UsageError for an unknown finding, BundleError when its history is gone.
    """
    stored = get_finding(engine, finding_id)
    if stored is None:
        raise UsageError(f"there is no finding {finding_id}", hint="`correlator findings list` shows them")
    as_of = stored.finding.window_end or stored.updated_at
    start = as_of - timedelta(days=settings["analysis.window_days"])
    tables = read_window(engine, start, None, known_by=stored.updated_at)
    quoted = _quoted_ids(stored.finding, tables, as_of)
    return create_bundle(
        path,
        Wanted(finding_id, stored.finding.tenant, stored.finding.job),
        tables,
        rules,
        provenance_of(engine, stored, settings, tables),
        _quotes(engine, quoted, stored.updated_at),
    )


def provenance_of(
    engine: Engine, stored: StoredFinding, settings: Settings, tables: Tables | None = None
) -> Provenance:
    """What the store knows around a finding; with the history also arrival times and links of the quoted runs."""
    as_of = stored.finding.window_end or stored.updated_at
    rows = attempt_rows(tables, stored.finding, to_micros(as_of)) if tables is not None else ()
    quoted = {pair.logical_run_id for pair in stored.finding.pairs}
    quoted |= {pair.upstream_logical_run_id for pair in stored.finding.pairs if pair.upstream_logical_run_id}
    near = [row for row in rows if row.logical_run_id in quoted]
    base = str(settings["web.base_url"]).rstrip("/")
    return Provenance(
        as_of=as_of,
        sources=_sources(engine),
        first_raised_at=stored.first_raised_at,
        changed_at=stored.changed_at,
        page_url=f"{base}/findings/{stored.id}" if base else "",
        links={row.run_id: row.url for row in near if row.url},
        arrivals={row.run_id: from_micros(row.arrived_at) for row in near if row.arrived_at is not None},
    )


def _sources(engine: Engine) -> tuple[SourceState, ...]:
    table = schema.source_status
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.source)).mappings().all()
    return tuple(
        SourceState(
            name=row["source"],
            reached=not row["error"],
            last_good_pull=_time(row["last_good_at"]),
            coverage=f"newest event {moment(from_micros(newest))}" if (newest := row["newest_event_at"]) else "",
            error=row["error"],
        )
        for row in rows
    )


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _quoted_ids(finding: Finding, tables: Tables, as_of: datetime) -> list[str]:
    """The ids of facts the packet quotes: the runs of the pairs with all their attempts, changes and incidents."""
    logical = {pair.logical_run_id for pair in finding.pairs}
    logical |= {pair.upstream_logical_run_id for pair in finding.pairs if pair.upstream_logical_run_id}
    rows = attempt_rows(tables, finding, to_micros(as_of))
    ids = {row.run_id for row in rows if row.logical_run_id in logical}
    ids |= {change.change_id for change in finding.changes}
    incidents = tables.incidents
    concerned = incidents["job"].astype(str).eq(finding.job) & incidents["tenant"].astype(str).eq(finding.tenant)
    return sorted(ids | set(incidents.loc[concerned, "incident_id"].astype(str)))


def _quotes(engine: Engine, fact_ids: list[str], known_by: datetime) -> Iterable[Quote]:
    """The raw answers behind these facts, as far as they are kept."""
    table, limit = schema.raw_answers, to_micros(known_by)
    for start in range(0, len(fact_ids), _LOOKUP):
        wanted = table.c.fact_id.in_(fact_ids[start : start + _LOOKUP]) & (table.c.fetched_at <= limit)
        query = select(table).where(wanted).order_by(table.c.source, table.c.fact_id, table.c.sha256)
        with engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        for row in rows:
            yield Quote(
                row["source"], row["fact_id"], row["request"], _time(row["fetched_at"]), json.loads(row["body"])
            )
