"""The files of a bundle that follow from a history: made once when it is created, and again when it is verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from correlator.evidence import csv_tables, pictures
from correlator.evidence.aligned import aligned_runs
from correlator.evidence.attempts import attempt_facts, attempt_rows
from correlator.evidence.html import to_html
from correlator.evidence.manifest import to_json
from correlator.evidence.markdown import to_markdown
from correlator.evidence.note import to_note
from correlator.evidence.packet import Packet, build_packet
from correlator.evidence.provenance import Provenance
from correlator.evidence.rows import AttemptRow
from correlator.evidence.ticket import to_ticket
from correlator.model import Finding, iso
from correlator.tables.frames import Tables, to_micros
from rules.model import RuleMatch


@dataclass(frozen=True)
class Case:
    """A finding with the history it was computed from, the rule that matched, and the facts' origin."""

    finding_id: str
    finding: Finding
    match: RuleMatch
    history: Tables
    provenance: Provenance

    @cached_property
    def rows(self) -> tuple[AttemptRow, ...]:
        """The attempts of the jobs concerned."""
        return attempt_rows(self.history, self.finding, to_micros(self.provenance.as_of))

    @cached_property
    def specifications(self) -> pictures.Specifications:
        """The pictures, to be drawn by `pictures.vectors` and `pictures.pixels`."""
        return pictures.specifications(self.history, self.finding, to_micros(self.provenance.as_of), self.rows)


def derived_files(case: Case, drawn: Mapping[str, bytes]) -> dict[str, bytes]:
    """Packet, finding and CSV tables. `drawn` are the pictures, which the HTML packet carries inside."""
    aligned = aligned_runs(case.finding, case.provenance, attempt_facts(case.rows))
    packet = build_packet(
        case.finding,
        case.match,
        case.provenance,
        finding_id=case.finding_id,
        aligned=aligned,
        shown=pictures.shown(frozenset(drawn), case.finding),
    )
    return {
        **_packet_files(packet, drawn),
        "finding.json": _finding_file(case),
        "runs.csv": csv_tables.runs_csv(case.rows, case.provenance.links),
        "aligned.csv": csv_tables.aligned_csv(aligned),
        "metrics.csv": csv_tables.metrics_csv(case.history, case.finding),
        "incidents.csv": csv_tables.incidents_csv(case.history, case.finding),
        "changes.csv": csv_tables.changes_csv(case.history, case.finding, case.provenance.links),
    }


def _packet_files(packet: Packet, drawn: Mapping[str, bytes]) -> dict[str, bytes]:
    return {
        "packet.md": to_markdown(packet).encode("utf-8", errors="replace"),
        "packet.html": to_html(packet, drawn).encode("utf-8", errors="replace"),
        "note.txt": f"{to_note(packet)}\n".encode("utf-8", errors="replace"),
        "ticket.txt": to_ticket(packet).encode("utf-8", errors="replace"),
    }


def _finding_file(case: Case) -> bytes:
    document = {
        "id": case.finding_id,
        "as_of": iso(case.provenance.as_of),
        **case.finding.to_dict(),
        "rule": case.match.to_dict(),
    }
    return to_json(document)
