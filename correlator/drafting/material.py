"""What a draft is made of, read from the store."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from correlator.errors import StepRefusedError
from correlator.lives.fixing import last_systemic
from correlator.lives.life import Life, life_of, wanted_finding
from correlator.lives.recurrence import Earlier, history_of
from correlator.lives.steps import OPEN, Step
from correlator.lives.words import closing_line, counted_words
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
            hint="dismiss it, or say what fixed it: `correlator findings dismiss`, `correlator findings fixed`",
        )
    finding = last_systemic(stored, finding_history(engine, finding_id)) or stored.finding
    rule = stored.document.get("rule")
    return Material(
        finding_id,
        finding,
        RuleMatch.from_dict(rule) if rule else None,
        life,
        closing_line(life) or _not_shown(engine, life),
        history_of(engine, stored),
    )


def _not_shown(engine: Engine, life: Life) -> str:
    counted = last_count(engine, life.finding_id)
    so_far = f": {counted_words(counted[1])}" if counted else "; no look has counted yet"
    return f"The fix is not shown to hold yet ({life.state}){so_far}"
