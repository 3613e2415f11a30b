"""Simulated pipelines in which the true cause of every failure is known: one mechanism a world, drawn anew by seed.

A world is a few tenants with a pipeline of scheduled jobs that retry. In each tenant one job is the *case*. Times are
minutes after a Monday midnight. `Shape` bends a world before it is played: periods that differ, calendars, fan-in,
depth, upstreams that all tenants share, harmless and undeclared edges.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.unkind_parts import DAY, MECHANISMS, OWN, SHARED, UPSTREAM, Blame, Case, Outputs, Plan, Shape, World
from benchmarks.unkind_plans import common_spells, plan_of
from benchmarks.unkind_playing import play


def make_world(mechanism: str, shape: Shape, seed: int, tenants: int = 3) -> World:
    """A world whose tenants all have this mechanism; of shards and pools two thirds are hit."""
    rng = np.random.default_rng([seed, MECHANISMS.index(mechanism)])
    period = float(rng.choice([60, 60, 60, 180, 20])) if max(shape.ratio) < 7.5 else 60.0
    common = common_spells(mechanism, shape, rng, period / 60)
    world = World([], [], [], shape.days * DAY * period / 60)
    edges: set[tuple[str, str]] = set()
    feed: dict[str, Outputs] = {}
    for number in range(tenants):
        name = f"tenant-{number + 1:02d}"
        mine = replace(shape, days=shape.days * period / 60)
        begin = float(rng.uniform(0.0, 0.75)) * mine.days * DAY if shape.sizes else 0.0
        hit = mechanism not in ("shard", "pool") or number % 3 != 2
        for _ in range(40):
            plan = plan_of(mechanism, mine, period, common if hit else (), rng)
            rows, blames, outputs = play(name, plan, mine.days, rng, feed)
            rows = [row for row in rows if row.due >= begin]
            case = _case(name, mechanism, plan, blames, {row.logical for row in rows})
            if not hit or _findable(case, mechanism):
                break
        for job in plan.jobs:
            if job.shared:
                feed.setdefault(job.name, outputs[job.name])
        world.rows += rows
        world.cases += [case] if hit else []
        edges |= {(up, job.name) for job in plan.jobs for up in (*job.ups, *job.declared)}
        edges |= {("report", plan.case), ("ingest_b", "export_2")} if shape.extra_edges else set()
        if shape.undeclared:
            edges -= {(up, plan.case) for job in plan.jobs if job.name == plan.case for up in job.ups}
    world.edges = sorted(edges)
    return world


def _findable(case: Case, mechanism: str) -> bool:
    share = 0.5 if mechanism in SHARED or mechanism == "storm" else 0.65
    return len(case.of_cause) >= max(8, share * len(case.failures)) and len(case.failures) >= 8


def _case(tenant: str, mechanism: str, plan: Plan, blames: dict[str, dict[str, Blame]], told: set[str]) -> Case:
    failures = {run: blame for run, blame in blames[plan.case].items() if run in told}
    of_cause = {
        run
        for run, (why, began) in failures.items()
        if (not plan.reasons or why in plan.reasons) and (not plan.roots or began in plan.roots)
    }
    verdicts, causes = _answers(mechanism)
    roots = plan.roots if mechanism in UPSTREAM else (plan.case,) if mechanism in OWN else ()
    return Case(tenant, plan.case, mechanism, roots, verdicts, causes, failures, frozenset(of_cause))


def _answers(mechanism: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Verdicts and causes that are right."""
    for mechanisms, cause in ((UPSTREAM, "upstream"), (SHARED, "shared"), (OWN, "self")):
        if mechanism in mechanisms:
            return ("systemic",), (cause,)
    if mechanism in ("transient", "harmless"):
        return ("transient",), ("none",)
    return ("systemic", "transient"), (("none", "self", "shared") if mechanism == "load" else ("none", "self"))
