"""The jobs of one tenant of an unkind world, and the troubles that each mechanism gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.unkind_parts import DAY, NEVER, SHARED, UPSTREAM, Job, Plan, Shape, Spell


def _line(shape: Shape, p: float, rng: np.random.Generator) -> list[Job]:
    """Ingests, jobs in between that wait, two exports that fail without their inputs, a report of its own."""
    up, down = shape.ratio[0] * p, shape.ratio[1] * p
    week = {"all": (True, True), "ingest": (True, False), "export": (False, True)}.get(shape.weekdays, (False, False))
    ingests = [
        Job(f"ingest_{chr(97 + n)}", up, 0.03 * n * p, 0.16 * p, 0.55 * p, weekdays=week[0])
        for n in range(shape.fan_in)
    ]
    if shape.shared_ingest:
        ingests = [replace(job, shared=True) for job in ingests]
    at, last = 0.32, tuple(job.name for job in ingests)
    middle: list[Job] = []
    if shape.diamond:
        middle = [
            Job(name, up, at * p, 0.06 * p, 1.2 * p, last[:1], reads="waits", weekdays=week[0])
            for name in ("clean", "enrich")
        ]
        at, last = at + 0.12, ("clean", "enrich", *last[1:])
    step = min(0.14, 0.34 / max(shape.depth, 1))
    for n in range(shape.depth):
        middle.append(
            Job(
                f"step_{n + 1}",
                up,
                (at if not shape.early else 0.05 + 0.01 * n) * p,
                0.4 * step * p,
                1.2 * p,
                last,
                reads="waits",
                weekdays=week[0],
            )
        )
        at, last = at + step, (f"step_{n + 1}",)
    if shape.overlap:
        at = middle[-1].offset / p + 0.01
    exports = [Job(f"export_{n}", down, (at + 0.04 * n) * p, 0.06 * p, 0.3 * p, last, weekdays=week[1]) for n in (1, 2)]
    report = Job("report", p, float(rng.uniform(0.1, 0.9)) * p, 0.05 * p, 0.3 * p)
    return [*ingests, *middle, *exports, report]


def plan_of(
    mechanism: str,
    shape: Shape,
    p: float,
    common: tuple[Spell, ...],
    rng: np.random.Generator,
) -> Plan:
    jobs = {job.name: job for job in _line(shape, p, rng)}
    case = "export_1"
    direct, ingest = jobs[case].ups[0], "ingest_a"
    for name, job in jobs.items():
        jobs[name] = replace(
            job, noise=float(rng.uniform(0.002, 0.006)), jitter=shape.jitter * min(p / 60, 1.0), skips=shape.skips
        )
    end = shape.days * DAY
    roots, reasons = _beset(mechanism, shape, jobs, case, direct, ingest, end, common, rng)
    for name in jobs:
        moves = (end / 2, -60.0) if shape.clock_change else (end / 2, shape.moves) if name == case else None
        drifts = (0.0, 0.02) if shape.drift and name in (case, direct) else None
        if moves is not None and moves[1]:
            jobs[name] = replace(jobs[name], moves=moves)
        if drifts is not None and not jobs[name].worsens:
            jobs[name] = replace(jobs[name], worsens=(0.0, 0.02 / max(end, 1)))
    return Plan(tuple(jobs.values()), case, roots, reasons)


def _beset(
    mechanism: str,
    shape: Shape,
    jobs: dict[str, Job],
    case: str,
    direct: str,
    ingest: str,
    end: float,
    common: tuple[Spell, ...],
    rng: np.random.Generator,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the jobs the troubles of the mechanism; the roots and the reasons its failures have."""

    if mechanism in UPSTREAM:
        return _beset_upstream(mechanism, jobs, case, direct, ingest, end, rng)
    if mechanism in SHARED:
        for name in jobs:
            if mechanism != "pool" or name in (case, "export_2", "report"):
                jobs[name] = replace(jobs[name], spells=common)
        return (), ("shared",)
    if mechanism == "change":
        spell = Spell(end * rng.uniform(0.3, 0.7), NEVER, rng.uniform(0.15, 0.35), reason="own")
        jobs[case] = replace(jobs[case], spells=(spell,))
        return (case,), ("own",)
    if mechanism == "worsening":
        start = end * rng.uniform(0.2, 0.6)
        jobs[case] = replace(jobs[case], worsens=(start, 0.5 / (end - start)))
        return (case,), ("own",)
    return _decoy(mechanism, jobs, case, direct, end, rng)


def _beset_upstream(
    mechanism: str,
    jobs: dict[str, Job],
    case: str,
    direct: str,
    ingest: str,
    end: float,
    rng: np.random.Generator,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    roots = {"alternating": (ingest, "ingest_b"), "deep": (ingest,)}.get(mechanism, (direct,))
    until, how = (end * 0.5 if mechanism == "stopped" else end), ("drag" if mechanism == "late" else "hang")
    for root in roots:
        count = max(14 // len(roots), int(until / jobs[root].period * 0.035 / len(roots)))
        if jobs[root].period > 6 * jobs[case].period:
            count = 7 if len(roots) == 1 else 4
        jobs[root] = replace(jobs[root], spells=_upstream_spells(jobs[root], count, until, how, rng))
    if mechanism == "siblings":
        later = jobs["export_2"].offset + 0.12 * jobs[case].period
        jobs[case] = replace(jobs[case], declared=("export_2",), offset=later)
    return roots, ()


def _decoy(
    mechanism: str, jobs: dict[str, Job], case: str, direct: str, end: float, rng: np.random.Generator
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    period = jobs[case].period

    def beset(name: str, spells: Sequence[Spell], noise: float | None = None) -> None:
        more = {} if noise is None else {"noise": noise}
        jobs[name] = replace(jobs[name], spells=(*jobs[name].spells, *spells), **more)  # type: ignore[arg-type]

    if mechanism == "transient":
        beset(case, (), float(rng.uniform(0.025, 0.06)))
        return (case,), ()
    if mechanism == "storm":
        return _storm(jobs, case, direct, end, rng)
    jobs[case] = replace(jobs[case], reads="ignores")
    for name in (case, direct):
        if mechanism == "hours":
            chance = float(rng.uniform(0.2, 0.4))
            beset(name, [Spell(d * DAY, d * DAY + 240, chance, first_only=True) for d in range(int(end / DAY))])
        elif mechanism == "bursts":
            starts = rng.uniform(0, end, max(6, int(end / period / 85)))
            beset(name, [Spell(s, s + period * rng.uniform(4, 8), 0.8, first_only=True) for s in starts])
        elif mechanism == "harmless":
            beset(name, (), float(rng.uniform(0.08, 0.14) if name == direct else rng.uniform(0.03, 0.07)))
    if mechanism == "load":
        starts = rng.uniform(0, end, max(10, int(end / period / 30)))
        both = [Spell(s, s + period * rng.uniform(1.5, 4.5), 0.7, "hang") for s in starts]
        beset(direct, both)
        beset(case, [replace(spell, how="fail") for spell in both])
    return (case,), ()


def _storm(
    jobs: dict[str, Job], case: str, direct: str, end: float, rng: np.random.Generator
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The case breaks by itself; its retries bring its upstream down a while later, until the case is well again."""
    period, own, storm = jobs[case].period, [], []
    for start in np.sort(rng.uniform(0, end * 0.98, int(rng.integers(6, 10)))).tolist():
        until = start + period * float(rng.uniform(3, 7))
        own.append(Spell(start, until, 0.9, reason="own"))
        storm.append(Spell(start + period * float(rng.uniform(1.1, 1.6)), until, 0.85, "hang", reason="storm"))
    jobs[case] = replace(jobs[case], spells=tuple(own))
    jobs[direct] = replace(jobs[direct], spells=tuple(storm))
    return (), ("own", "storm")


def _upstream_spells(job: Job, count: int, until: float, how: str, rng: np.random.Generator) -> tuple[Spell, ...]:
    """Spells in which one to three runs in a row are struck, begun just before a run is due."""
    slots = rng.choice(int(until / job.period), size=min(count, int(until / job.period)), replace=False)
    spells = []
    for slot in slots:
        start = job.offset + float(slot) * job.period - 1
        spells.append(Spell(start, start + job.period * float(rng.uniform(0.2, 1.6)), 0.9, how))
    return tuple(spells)


def common_spells(mechanism: str, shape: Shape, rng: np.random.Generator, scale: float) -> tuple[Spell, ...]:
    """Outages that hit several jobs (or several tenants) at the same time. In units of an hourly pipeline."""
    if mechanism not in SHARED:
        return ()
    starts = np.sort(rng.uniform(0.3, 0.97, int(rng.integers(6, 10)))) * shape.days * DAY * scale
    long = (240 * scale, 600 * scale) if mechanism == "host" else (70 * scale, 140 * scale)
    host = 3 if mechanism == "host" else None
    return tuple(Spell(s, s + float(rng.uniform(*long)), 0.9, reason="shared", host=host) for s in starts)
