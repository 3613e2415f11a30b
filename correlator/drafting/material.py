"""What a draft is made of, read from the store."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from correlator.errors import StepRefusedError
from correlator.evidence.blocks import Block, Table
from correlator.evidence.packet import Packet, build_packet
from correlator.evidence.provenance import Provenance
from correlator.lifecycle.fixing import last_systemic
from correlator.lifecycle.life import Life, known_until, life_of, wanted_finding
from correlator.lifecycle.recurrence import Earlier, history_of
from correlator.lifecycle.steps import OPEN, Step
from correlator.lifecycle.words import closing_line, counted_words
from correlator.model import Finding
from correlator.store.finding_events import FindingEvent, last_count
from correlator.store.findings import finding_history
from rules.model import RuleMatch


@dataclass(frozen=True, slots=True)
class Material:
    """`finding`: as it was when it was last systemic; `standing`: one sentence about how it stands now."""

    finding_id: str
    finding: Finding
    match: RuleMatch | None
    life: Life
    standing: str
    earlier: tuple[Earlier, ...]
    packet: Packet

    def tables(self, title: str) -> tuple[Block, ...]:
        """The tables of one part of the packet."""
        blocks = next(part.blocks for part in self.packet.parts if part.title == title)
        return tuple(block for block in blocks if isinstance(block, Table))

    @property
    def fix(self) -> FindingEvent | None:
        """What was done, as it was claimed last; None for what was dismissed."""
        return self.life.last(Step.CLAIM_FIX)


def read_material(engine: Engine, finding_id: str) -> Material:
    """Raises UsageError for an unknown finding, StepRefusedError for one that is not over."""
    stored = wanted_finding(engine, finding_id)
    life = life_of(engine, stored)
    if life.state is None or life.state in OPEN:
        stands = f"is {life.state}" if life.state else "was never a suspect"
        raise StepRefusedError(
            f"{finding_id} {stands}: drafts are made when it is over",
            hint="dismiss it, or say what fixed it: `correlator findings dismiss`, `correlator findings claim-fix`",
        )
    finding = last_systemic(stored, finding_history(engine, finding_id)) or stored.finding
    rule = stored.document.get("rule")
    match = RuleMatch.from_dict(rule) if rule else None
    return Material(
        finding_id,
        finding,
        match,
        life,
        closing_line(life) or _not_shown(engine, life),
        history_of(engine, stored),
        build_packet(finding, match, Provenance(known_until(stored)), finding_id=finding_id),
    )


def _not_shown(engine: Engine, life: Life) -> str:
    counted = last_count(engine, life.finding_id)
    so_far = f": {counted_words(counted[1])}" if counted else "; no look has counted yet"
    return f"The fix is not shown to hold yet ({life.state}){so_far}"
