"""One round of actions: what is new is proposed, what is approved goes out, and what helped is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from correlator.actions.mode import mode_of
from correlator.actions.outcomes import check_outcomes, watch_lives
from correlator.actions.proposing import propose
from correlator.actions.running import Ran, run_actions
from correlator.settings import Settings


@dataclass(frozen=True, slots=True)
class Acted:
    """The ids of what was proposed, what became of others, and which were shown to have helped, or not."""

    mode: str
    proposed: tuple[str, ...]
    ran: Ran
    outcomes: Mapping[str, bool]

    @property
    def parts(self) -> dict[str, list[str]]:
        """The ids, by what became of them."""
        ran = self.ran
        parts = {"proposed": list(self.proposed), "done": ran.done, "failed": ran.failed, "unsure": ran.unsure}
        return parts | {"overtaken": ran.overtaken, "held back": list(ran.held)}

    @property
    def said(self) -> str:
        """One sentence: `mode live: 1 proposed, 0 done, ...`."""
        return f"mode {self.mode}: " + ", ".join(f"{len(names)} {name}" for name, names in self.parts.items())


def act(engine: Engine, settings: Settings, now: datetime) -> Acted:
    """Nothing is proposed while `actions.mode` is `never`; nothing goes out unless it is `live`.

    Raises SettingsError, StoreError.
    """
    mode = mode_of(settings).value
    proposed = propose(engine, settings, now)
    ran = run_actions(engine, settings, now)
    return Acted(mode, proposed, ran, check_outcomes(engine, watch_lives(engine), now))
