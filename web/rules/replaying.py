"""What the rules would have said: the replay that stands, whether it still fits, and one that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine

from correlator.errors import UsageError
from correlator.settings import Settings
from correlator.store.rule_replays import (
    LOOKS,
    Basis,
    FiringCounts,
    ReplayState,
    StoredFiring,
    StoredReplay,
    ask_replay,
    firing_counts,
    firings_of,
    last_replay,
)
from rules import Rule, RuleSet
from web.freshness import Freshness

WINDOWS: Final[Mapping[int, int]] = {days: days * 86400 // LOOKS for days in (7, 14, 28, 56)}
"""Days that can be replayed, and the seconds between two looks at them."""
USUAL_DAYS: Final = 28
FIRINGS_SHOWN: Final = 50
_OLD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Replays:
    """`latest`: the newest that was asked for; `done`: the newest that was played to its end, with its `counts`."""

    latest: StoredReplay | None
    done: StoredReplay | None
    counts: Mapping[str, FiringCounts]

    @property
    def state(self) -> str:
        """none, waiting, running, failed or done: of the newest."""
        return self.latest.state.value if self.latest else "none"

    @property
    def under_way(self) -> bool:
        return self.state in (ReplayState.WAITING, ReplayState.RUNNING)

    def of(self, rule_id: str) -> FiringCounts:
        return self.counts.get(rule_id, FiringCounts())


def read_replays(engine: Engine) -> Replays:
    done = last_replay(engine, ReplayState.DONE)
    return Replays(last_replay(engine), done, firing_counts(engine, done.id) if done else {})


def read_firings(engine: Engine, replays: Replays, rule_id: str) -> tuple[StoredFiring, ...]:
    """What a rule would have said in the replay that stands, newest first."""
    return firings_of(engine, replays.done.id, rule_id, FIRINGS_SHOWN) if replays.done else ()


def stale(done: StoredReplay, rules: RuleSet, rule: Rule | None, fresh: Freshness) -> tuple[str, ...]:
    """Why the replay that stands may not tell what one of now would."""
    reasons = []
    now = {one.id: one.version for one in rules.rules}
    if rule is not None and done.rules.get(rule.id) != rule.version:
        reasons.append("this rule was changed since" if rule.id in done.rules else "this rule is newer than it")
    elif list(done.rules.items()) != list(now.items()):
        reasons.append("other rules were changed since, and which rule speaks first may be another")
    newest = fresh.newest_event if done.basis is Basis.HAPPENED else fresh.last_pull
    if newest is not None and done.window_end is not None and newest - done.window_end > _OLD:
        reasons.append(f"{(newest - done.window_end).days} days of history came in since")
    return tuple(reasons)


def ask(engine: Engine, settings: Settings, actor: str, fields: Mapping[str, Any]) -> bool:
    """Ask for a replay; False where one waits or runs already. Raises UsageError for a window that is none."""
    days, basis = str(fields.get("days", USUAL_DAYS)), str(fields.get("basis", Basis.KNOWN.value))
    if not days.isascii() or not days.isdigit() or int(days) not in WINDOWS:
        raise UsageError(f"days: {days!r} cannot be replayed", hint=f"one of {', '.join(map(str, WINDOWS))}")
    if basis not in set(Basis):
        raise UsageError(f"basis: there is no {basis!r}", hint=f"one of {', '.join(Basis)}")
    if not actor.strip():
        raise UsageError("who asks for a replay gives a name", hint="it stands beside the result")
    now = datetime.now(UTC)
    lost_before = now - timedelta(seconds=settings["schedule.job_limit_seconds"])
    return ask_replay(engine, actor.strip(), int(days), WINDOWS[int(days)], Basis(basis), now, lost_before)
