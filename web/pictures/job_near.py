"""The jobs around one: what is known of each of them, as a list and as a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from correlator.model import Attempt, Dependency, Finding
from web.context import context
from web.http.arguments import stamp
from web.pictures.job_map import About as OnMap
from web.pictures.job_map import JobMap, draw_map
from web.reading.jobs import About, findings_of, latest_attempts
from web.reading.paths import Around, Step


@dataclass(frozen=True, slots=True)
class Near:
    """A job on the path: its step, its newest attempt, and what stands about it."""

    step: Step
    newest: Attempt | None
    about: About | None


def near_of(tenant: str, path: Around, as_of: datetime | None) -> tuple[tuple[Near, ...], tuple[Near, ...]]:
    """Both ways with what is, or was, known of each job: two questions for all of them."""
    names = [step.job for step in (*path.upstream, *path.downstream)]
    newest = latest_attempts(context().engine, tenant, names, as_of)
    about = findings_of(context().engine, tenant, names, as_of)
    up, down = (
        tuple(Near(step, newest.get(step.job), about.get(step.job)) for step in steps)
        for steps in (path.upstream, path.downstream)
    )
    return up, down


@dataclass(frozen=True, slots=True)
class Mapped:
    """The job in the middle of a map."""

    job: str
    tenant: str
    finding: Finding | None
    as_of: datetime | None


def map_of(here: Mapped, edges: Sequence[Dependency], path: Around, near: Mapping[str, Near]) -> JobMap:
    """The map with what is told of each job, and where its row leads."""

    def about(name: str) -> OnMap:
        if name not in near:
            return OnMap(str(here.finding.verdict) if here.finding else "")
        newest, said = near[name].newest, near[name].about
        status = str(newest.status) if newest else ""
        words = f"{status.replace('_', ' ')} {newest.started_at:%d %b %H:%M} UTC" if newest else "no run stored"
        back = stamp(here.as_of) if here.as_of else None
        href = url_for("jobs.job", job=name, tenant=newest.tenant if newest else here.tenant, as_of=back)
        return OnMap(said.verdict if said else "", status, words, href)

    return draw_map(here.job, edges, path, here.finding.path if here.finding else (), about)
