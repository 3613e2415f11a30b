"""What was there before: findings of the same job, root or error signature, and what fixed them then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from correlator.lifecycle.life import Life
from correlator.lifecycle.opinion import Opinion, opinion_of
from correlator.lifecycle.steps import CHAPTERS, LEADS_TO, State, Step
from correlator.model import iso
from correlator.store.finding_events import FindingEvent
from correlator.store.findings import StoredFinding, finding_names
from correlator.store.similar_findings import Alike, events_alike, first_said
from correlator.text.quantities import moment, tenant_name
from correlator.text.times import moment as time_of

MOST: Final = 10
READ: Final = 60
"""So many other lives are read: a job of hundreds of tenants has more than anybody can learn from."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier chapter of this or another finding. `alike`: by what (`job`, `root`, `signature`). `fix`: what was
    done then, in the words of who did it; "" where nothing was claimed. `ended`: the state the chapter came to."""

    finding_id: str
    tenant: str
    job: str
    alike: tuple[str, ...]
    suspected_at: datetime
    ended: State
    ended_at: datetime
    root_job: str | None
    fix: str
    fixed_by: str

    def to_dict(self) -> dict[str, Any]:
        texts = {name: getattr(self, name) for name in ("finding_id", "tenant", "job", "root_job", "fix", "fixed_by")}
        times = {"suspected_at": iso(self.suspected_at), "ended_at": iso(self.ended_at)}
        return texts | times | {"alike": list(self.alike), "ended": self.ended.value}

    @property
    def held(self) -> bool:
        """Whether the fix was shown to hold."""
        return self.ended is State.FIXED


def history_of(engine: Engine, stored: StoredFinding) -> tuple[Earlier, ...]:
    """Chapters that are over and like this finding: fixes that held first, then those alike in most, the newest first;
    at most ten. The chapter that the finding is in now is not among them."""
    now = opinion_of(stored.finding)
    root = {"cause": now.cause, "root_job": now.root_job} if now.root_job is not None else {}
    signatures = tuple(sorted({*now.signatures, *now.root_signatures} - {""}))
    wanted = Alike(stored.finding.job, root, signatures, tuple(sorted(CHAPTERS)))
    lives = events_alike(engine, wanted, (Step.FIXED, Step.DISMISS), READ)
    names = finding_names(engine, lives)
    found = [
        one
        for finding_id, events in lives.items()
        for one in _earlier(Life(finding_id, events), names[finding_id], stored, now)
    ]
    found.sort(key=lambda one: (one.held, len(one.alike), one.ended_at), reverse=True)
    return tuple(found[:MOST])


def _earlier(life: Life, name: tuple[str, str], stored: StoredFinding, now: Opinion) -> Iterator[Earlier]:
    chapters = list(chapters_of(life))
    over = chapters[:-1] if life.finding_id == stored.id else chapters
    for chapter in over:
        alike = _alike(Opinion.from_dict(chapter[0].details), name[1], stored.finding.job, now)
        ended = _last_of(chapter)
        if alike and (ended.step in (Step.DISMISS, Step.FIXED) or chapter is not chapters[-1]):
            yield _told(life.finding_id, name, alike, chapter)


def chapters_of(life: Life) -> Iterator[tuple[FindingEvent, ...]]:
    """The events from one suspicion (or return) up to the next."""
    begins = [place for place, event in enumerate(life.events) if event.step in CHAPTERS]
    for begin, end in zip(begins, [*begins[1:], len(life.events)], strict=True):
        yield life.events[begin:end]


def _alike(was: Opinion, job: str, own_job: str, now: Opinion) -> tuple[str, ...]:
    found = ["job"] if job == own_job else []
    if now.root_job is not None and was.root_job == now.root_job and was.cause == now.cause:
        found.append("root")
    theirs, ours = ({*one.signatures, *one.root_signatures} - {""} for one in (was, now))
    return tuple([*found, "signature"] if theirs & ours else found)


def _last_of(chapter: tuple[FindingEvent, ...]) -> FindingEvent:
    return [event for event in chapter if event.step != Step.ANSWER][-1]


def _told(finding_id: str, name: tuple[str, str], alike: tuple[str, ...], chapter: tuple[FindingEvent, ...]) -> Earlier:
    ended = _last_of(chapter)
    fixes = [event for event in chapter if event.step == Step.CLAIM_FIX]
    return Earlier(
        finding_id,
        *name,
        alike=alike,
        suspected_at=chapter[0].at,
        ended=LEADS_TO[Step(ended.step)],
        ended_at=ended.at,
        root_job=chapter[0].details.get("root_job"),
        fix=fixes[-1].reason if fixes else "",
        fixed_by=fixes[-1].actor if fixes else "",
    )


def known_here(engine: Engine, stored: StoredFinding, signatures: Sequence[str]) -> str:
    """Since when findings are raised with one of these error signatures, of this job and of any, in words; "" where
    none was. Raises StoreError."""
    wanted = Alike(stored.finding.job, {}, tuple(signatures), tuple(sorted(CHAPTERS)))
    of_job, of_any = first_said(engine, wanted, stored.finding.tenant), first_said(engine, wanted)
    if not signatures or of_any is None:
        return ""
    mine = f"raised for this job since {moment(time_of(of_job.at))}" if of_job else "not raised for this job before"
    if of_job is not None and of_job.at <= of_any.at:
        return f"{mine}, and nowhere earlier"
    other = f"{of_any.job} for {tenant_name(of_any.tenant)}, {of_any.finding_id}"
    return f"{mine}; first of all on {moment(time_of(of_any.at))} ({other})"


def earlier_words(one: Earlier) -> str:
    """One earlier case in a sentence."""
    done = f"; what was done: {one.fix} ({one.fixed_by})" if one.fix else ""
    place = f"{one.finding_id}, {one.job} for {tenant_name(one.tenant)}"
    return f"{place}, the same {' and '.join(one.alike)}: {one.ended} on {moment(one.ended_at)}{done}"
