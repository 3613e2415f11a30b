"""A bundle out of the store: the finding, the history as it was known then, and the vendors' answers behind it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, select

from correlator.errors import UsageError
from correlator.evidence import pictures
from correlator.evidence.aligned import pair_ids
from correlator.evidence.attempts import attempt_rows
from correlator.evidence.bundle import Wanted, bundle_case, create_bundle
from correlator.evidence.contents import derived_files
from correlator.evidence.known import provenance_of
from correlator.evidence.provenance import Provenance
from correlator.evidence.quotes import Quote
from correlator.evidence.rows import AttemptRow
from correlator.model import Finding
from correlator.settings import Settings
from correlator.store import schema
from correlator.store.findings import get_finding
from correlator.store.frames import read_window
from correlator.tables.frames import Tables, from_micros, to_micros
from rules.matching import RuleSet

_LOOKUP = 500
MOST_QUOTES: Final = 20_000
"""A bundle holds so many answers at most, and its reader no more."""


def bundle_from_store(engine: Engine, finding_id: str, path: Path, rules: RuleSet, settings: Settings) -> Finding:
    """Write the bundle of a stored finding and return the finding in it.

    Raises UsageError for an unknown finding, BundleError when its history is gone.
    """
    known = _read(engine, finding_id, settings)
    return create_bundle(path, known.wanted, known.tables, rules, known.provenance, known.quotes)


def packet_file(engine: Engine, finding_id: str, name: str, rules: RuleSet, settings: Settings) -> bytes:
    """One file of the bundle that holds the packet; pictures are drawn for the one that shows them. Raises likewise."""
    known = _read(engine, finding_id, settings)
    case, _ = bundle_case(known.wanted, known.tables, rules, known.provenance, known.quotes)
    return derived_files(case, pictures.vectors(case.specifications) if name == "packet.html" else {})[name]


@dataclass(frozen=True)
class _Known:
    """What the store knows for a bundle."""

    wanted: Wanted
    tables: Tables
    provenance: Provenance
    quotes: tuple[Quote, ...]


def _read(engine: Engine, finding_id: str, settings: Settings) -> _Known:
    stored = get_finding(engine, finding_id)
    if stored is None:
        raise UsageError(f"there is no finding {finding_id}", hint="`correlator findings list` shows them")
    as_of = stored.finding.window_end or stored.updated_at
    start = as_of - timedelta(days=settings["analysis.window_days"])
    tables = read_window(engine, start, None, known_by=stored.updated_at)
    quoted = _quoted_ids(stored.finding, tables, as_of)
    wanted = Wanted(finding_id, stored.finding.tenant, stored.finding.job)
    provenance = provenance_of(engine, settings, stored, pair_ids(stored.finding))
    return _Known(wanted, tables, provenance, tuple(islice(_quotes(engine, quoted, stored.updated_at), MOST_QUOTES)))


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _quoted_rows(finding: Finding, tables: Tables, as_of: datetime) -> list[AttemptRow]:
    """All attempts of the runs that the pairs name."""
    quoted = set(pair_ids(finding))
    return [row for row in attempt_rows(tables, finding, to_micros(as_of)) if row.logical_run_id in quoted]


def _quoted_ids(finding: Finding, tables: Tables, as_of: datetime) -> list[str]:
    """The ids of facts the packet quotes: the runs of the pairs with all their attempts, changes and incidents."""
    ids = {row.run_id for row in _quoted_rows(finding, tables, as_of)}
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
