"""Findings of one tenant that one outage hit: told together, as one look at the outage settles them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from correlator.handover.known import FIRST, Case
from correlator.lifecycle.steps import State
from correlator.model import Cause, Episode, iso
from correlator.text.quantities import moment, tenant_name


@dataclass(frozen=True, slots=True)
class Hit:
    """Findings that the outage hit and that have come to the same point, the most urgent first."""

    outage: Episode
    cases: tuple[Case, ...]

    @property
    def tenant(self) -> str:
        return self.cases[0].finding.tenant

    @property
    def state(self) -> State | None:
        return self.cases[0].life.state

    @property
    def key(self) -> str:
        """By which it is known again: the outage and the tenant."""
        return f"{iso(self.outage.start)}:{self.tenant}"

    @property
    def name(self) -> str:
        jobs = ", ".join(f"{case.finding.job} ({case.id})" for case in self.cases)
        return f"{len(self.cases)} jobs of {tenant_name(self.tenant)} in one outage: {jobs}"

    @property
    def when(self) -> str:
        return f"{moment(self.outage.start)} to {moment(self.outage.end)}"

    @property
    def link(self) -> str:
        return f"/?show=shared&outage={iso(self.outage.start)}"


def by_urgency(cases: Iterable[Case]) -> list[Case]:
    """What needs a person most first: by where it has come to, jobs with trouble of their own before those that an
    outage hit, the most failures, the latest."""
    return sorted(cases, key=_urgency)


def gathered(cases: Iterable[Case]) -> list[Case | Hit]:
    """By urgency; where one outage hit several in the same state, they stand together where the first of them would."""
    groups: dict[tuple[object, ...], list[Case]] = {}
    for case in by_urgency(cases):
        outage = outage_of(case)
        alone = outage is None or not case.holds
        key = (case.id,) if alone else (outage, case.finding.tenant, case.life.state)
        groups.setdefault(key, []).append(case)
    return [_together(group) for group in groups.values()]


def outage_of(case: Case) -> Episode | None:
    """The one outage that the finding is attributed to; None where it is attributed to none or to several."""
    episodes = case.finding.episodes
    return episodes[0] if case.finding.cause is Cause.SHARED and len(episodes) == 1 else None


def _together(group: list[Case]) -> Case | Hit:
    outage = outage_of(group[0])
    return group[0] if len(group) == 1 or outage is None else Hit(outage, tuple(group))


def _urgency(case: Case) -> tuple[int, bool, int, float, str]:
    state, last = case.life.state, case.finding.last_failure_at
    place = FIRST.index(state) if state in FIRST else len(FIRST)
    shared = case.finding.cause is Cause.SHARED
    return place, shared, -(case.finding.observed or 0), -(last.timestamp() if last else 0.0), case.id
