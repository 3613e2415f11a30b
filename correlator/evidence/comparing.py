"""What changed between two bundles: the verdict, the runs it is attributed to, the facts it was computed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from correlator.evidence.differences import Change, finding_changes, listed
from correlator.evidence.manifest import read_json
from correlator.evidence.opening import OpenBundle, errors_named, open_bundle
from correlator.evidence.provenance import SourceState
from correlator.model import Dependency, iso
from correlator.tables.frames import NO_TIME, from_micros

FACTS: Final = (
    ("runs", ("run_id",), "attempt"),
    ("incidents", ("incident_id",), "incident"),
    ("changes", ("change_id",), "change"),
    ("metrics", ("metric", "job", "tenant", "host", "at"), "metric point"),
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is different, what matters most first."""

    findings: tuple[str, str]
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"findings": list(self.findings), "changes": [asdict(change) for change in self.changes]}


def compare_bundles(first: Path, second: Path) -> Comparison:
    """Raises BundleError when one of them is no intact bundle. Nothing is computed again; `bundle verify` does that."""
    bundles = []
    for path in (first, second):
        with errors_named(path):
            opened = open_bundle(path)
            bundles.append(_Read(opened, read_json(opened.files["finding.json"], "finding.json")))
    with errors_named(second):
        before, after = bundles
        ids = before.bundle.manifest.finding_id, after.bundle.manifest.finding_id
        return Comparison(ids, tuple(_changes(before, after)))


@dataclass(frozen=True)
class _Read:
    bundle: OpenBundle
    finding: dict[str, Any]


def _changes(before: _Read, after: _Read) -> Iterator[Change]:
    yield from finding_changes(before.finding, after.finding)
    for table, keys, noun in FACTS:
        frames = (getattr(one.bundle.history, table) for one in (before, after))
        yield from listed(noun, *(_rows(frame, keys) for frame in frames))
    yield from listed("dependency", *(_edges(one.bundle.history.dependencies) for one in (before, after)))
    yield from listed("quoted answer", *(_quotes(one.bundle) for one in (before, after)))
    yield from _origin(before.bundle, after.bundle)


def _rows(frame: pd.DataFrame, keys: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """Every row by its key; when it became known is no part of what it says."""
    columns = [column for column in frame.columns if column != "known_at"]
    values = zip(*(frame[column].astype(object).tolist() for column in columns), strict=True)
    places = [columns.index(key) for key in keys]
    return {" ".join(_key(row[place]) for place in places if row[place] not in ("", None)): row for row in values}


def _key(value: Any) -> str:
    return iso(from_micros(value)) if isinstance(value, int) and value != NO_TIME else str(value)


def _edges(edges: Iterable[Dependency]) -> dict[str, Any]:
    return {f"{edge.upstream} → {edge.downstream}{f' of {edge.tenant}' if edge.tenant else ''}": edge for edge in edges}


def _quotes(bundle: OpenBundle) -> dict[str, Any]:
    return {f"{one.source} {one.fact_id} ({one.request})": one.body for one in bundle.quotes}


def _origin(before: OpenBundle, after: OpenBundle) -> Iterator[Change]:
    old, new = before.manifest, after.manifest
    if old.as_of != new.as_of:
        yield Change("data as of", iso(old.as_of), iso(new.as_of))
    if old.program_version != new.program_version:
        yield Change("program version", old.program_version, new.program_version)
    yield from listed("source", _sources(old.provenance.sources), _sources(new.provenance.sources))
    words = [_for_whom(manifest.provenance.redactions) for manifest in (old, new)]
    if words[0] != words[1]:
        yield Change("redacted", *words)


def _sources(sources: Iterable[SourceState]) -> dict[str, Any]:
    return {source.name: source for source in sources}


def _for_whom(redactions: Any) -> str:
    return f"for a {redactions.audience}" if redactions else "not redacted"
