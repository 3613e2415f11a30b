"""Simulated pipelines in which the true cause of every failure is known: one mechanism a world, drawn anew by seed.

A world is a few tenants with a pipeline of scheduled jobs that retry. In each tenant one job is the *case*. Times are
minutes after a Monday midnight. `Shape` bends a world before it is played: periods that differ, calendars, fan-in,
depth, upstreams that all tenants share, harmless and undeclared edges.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

DAY: Final = 1440.0
NEVER: Final = math.inf

UPSTREAM: Final = ("direct", "deep", "late", "stopped", "alternating", "siblings")
SHARED: Final = ("outage", "host", "shard", "pool")
OWN: Final = ("change", "worsening")
DECOYS: Final = ("transient", "hours", "bursts", "load", "harmless", "storm")
MECHANISMS: Final = (*UPSTREAM, *SHARED, *OWN, *DECOYS)


@dataclass(frozen=True)
class Spell:
    """Between two moments attempts of the job are struck with this chance: they fail, hang until cut, or drag."""

    start: float
    end: float
    chance: float
    how: str = "fail"
    reason: str = "spell"
    first_only: bool = False
    host: int | None = None


@dataclass(frozen=True)
class Job:
    """A scheduled job. `reads`: what it does without its inputs: "fails", "waits" or "ignores". `declared`: upstreams
    that stand in the table of edges only."""

    name: str
    period: float
    offset: float
    takes: float
    cut: float
    ups: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    reads: str = "fails"
    weekdays: bool = False
    attempts: int = 3
    noise: float = 0.004
    jitter: float = 0.6
    worsens: tuple[float, float] | None = None
    moves: tuple[float, float] | None = None
    shared: bool = False
    spells: tuple[Spell, ...] = ()
    skips: float = 0.0

    def dues(self, days: float) -> Iterator[float]:
        """The due minutes. `moves`: from one moment on the schedule stands so many minutes later."""
        due = self.offset
        while due < days * DAY:
            by = self.moves[1] if self.moves and due >= self.moves[0] else 0.0
            if not self.weekdays or int(due // DAY) % 7 < 5:
                yield due + by
            due += self.period

    def reads_behind(self, up: Job) -> float:
        """Minutes by which a run of `up` must be due earlier for this job to read its output: the time it ordinarily
        takes, unless this job waits anyway."""
        return 0.0 if self.reads == "waits" else 1.6 * up.takes


Blame = tuple[str, str]


@dataclass
class Outputs:
    """When each run of a job was due, when its output was there, and whose fault it is if that was late."""

    dues: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    blames: list[Blame] = field(default_factory=list)

    def add(self, due: float, ready: float, blame: Blame) -> None:
        at = bisect(self.dues, due)
        self.dues.insert(at, due)
        self.ready.insert(at, ready)
        self.blames.insert(at, blame)

    def read_at(self, due: float) -> tuple[float, Blame]:
        """The last one due by then."""
        at = bisect(self.dues, due) - 1
        return (self.ready[at], self.blames[at]) if at >= 0 else (-NEVER, ("", ""))


@dataclass(frozen=True)
class Shape:
    """How a world is bent before it is played."""

    ratio: tuple[float, float] = (1, 1)  # the upstream's period and the case's, in units of the pipeline's period
    weekdays: str = ""  # which jobs rest at the weekend: "all", "ingest" or "export"
    fan_in: int = 2
    diamond: bool = False
    depth: int = 2  # jobs between the ingest and the case, both ends excluded
    shared_ingest: bool = False
    extra_edges: bool = False
    undeclared: bool = False
    skips: float = 0.0
    jitter: float = 0.6
    days: float = 28.0
    moves: float = 0.0  # minutes by which the case's schedule moves half way
    clock_change: bool = False  # all schedules move by an hour half way, as with daylight saving
    drift: bool = False
    overlap: bool = False  # the case starts while its upstream ordinarily runs, and reads what was made before
    early: bool = False  # jobs that wait are due with their inputs, and wait every time
    sizes: bool = False


@dataclass
class Row:
    """One attempt. `logical` names its run; `key` its job in the truth, whatever the table calls it."""

    tenant: str
    job: str
    logical: str
    attempt: int
    due: float
    start: float
    end: float | None
    status: str
    error: str
    host: str


@dataclass(frozen=True)
class Case:
    """A job whose failures have a planted mechanism. `failures`: logical run to (reason, job in which it began)."""

    tenant: str
    job: str
    mechanism: str
    roots: tuple[str, ...]
    verdicts: tuple[str, ...]
    causes: tuple[str, ...]
    failures: dict[str, tuple[str, str]]
    of_cause: frozenset[str]


@dataclass
class World:
    """Rows in the order of time, declared edges (upstream, downstream), the cases and the last minute."""

    rows: list[Row]
    edges: list[tuple[str, str]]
    cases: list[Case]
    end: float
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """One tenant's jobs, the case and what of its failures the cause is to answer for."""

    jobs: tuple[Job, ...]
    case: str
    roots: tuple[str, ...]
    reasons: tuple[str, ...]


def make_world(mechanism: str, shape: Shape, seed: int, tenants: int = 3) -> World:
    """A world whose tenants all have this mechanism; of shards and pools two thirds are hit."""
    rng = np.random.default_rng([seed, MECHANISMS.index(mechanism)])
    period = float(rng.choice([60, 60, 60, 180, 20])) if max(shape.ratio) < 7.5 else 60.0
    common = _common_spells(mechanism, shape, rng, period / 60)
    world = World([], [], [], shape.days * DAY * period / 60)
    edges: set[tuple[str, str]] = set()
    feed: dict[str, Outputs] = {}
    for number in range(tenants):
        name = f"tenant-{number + 1:02d}"
        mine = replace(shape, days=shape.days * period / 60)
        begin = float(rng.uniform(0.0, 0.75)) * mine.days * DAY if shape.sizes else 0.0
        hit = mechanism not in ("shard", "pool") or number % 3 != 2
        for _ in range(40):
            plan = _plan(mechanism, mine, period, common if hit else (), rng)
            rows, blames, outputs = _play(name, plan, mine.days, rng, feed)
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


# --- plans -------------------------------------------------------------------------------------------------------


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


def _plan(
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


def _common_spells(mechanism: str, shape: Shape, rng: np.random.Generator, scale: float) -> tuple[Spell, ...]:
    """Outages that hit several jobs (or several tenants) at the same time. In units of an hourly pipeline."""
    if mechanism not in SHARED:
        return ()
    starts = np.sort(rng.uniform(0.3, 0.97, int(rng.integers(6, 10)))) * shape.days * DAY * scale
    long = (240 * scale, 600 * scale) if mechanism == "host" else (70 * scale, 140 * scale)
    host = 3 if mechanism == "host" else None
    return tuple(Spell(s, s + float(rng.uniform(*long)), 0.9, reason="shared", host=host) for s in starts)


# --- playing -----------------------------------------------------------------------------------------------------


def _play(
    tenant: str, plan: Plan, days: float, rng: np.random.Generator, feed: dict[str, Outputs]
) -> tuple[list[Row], dict[str, dict[str, Blame]], dict[str, Outputs]]:
    """All attempts of a tenant, what failed of what, and when each output was there."""
    rows: list[Row] = []
    blames: dict[str, dict[str, Blame]] = {}
    outputs: dict[str, Outputs] = {}
    by_name = {job.name: job for job in plan.jobs}
    for job in plan.jobs:
        blames[job.name] = {}
        if job.shared and job.name in feed:
            outputs[job.name] = feed[job.name]
            continue
        outputs[job.name] = Outputs()
        for slot, due in enumerate(job.dues(days)):
            read = (outputs[up].read_at(due - job.reads_behind(by_name[up])) for up in job.ups)
            inputs = max(read, default=(-NEVER, ("", "")))
            name = "" if job.shared else tenant
            _run(name, job, slot, due, inputs, rng, rows, blames[job.name], outputs[job.name])
    return rows, blames, outputs


def _run(
    tenant: str,
    job: Job,
    slot: int,
    due: float,
    inputs: tuple[float, Blame],
    rng: np.random.Generator,
    rows: list[Row],
    blames: dict[str, Blame],
    outputs: Outputs,
) -> None:
    logical, start = f"{tenant}/{job.name}/{slot:05d}", due + float(rng.exponential(job.jitter))
    host = int(rng.integers(0, 6))
    if rng.random() < job.skips:
        status = "skipped" if rng.random() < 0.6 else "cancelled"
        rows.append(Row(tenant, job.name, logical, 1, due, start, start + 0.1, status, "", f"worker-{host}"))
        return
    ready, blame = inputs
    late: Blame = blame if ready > start and job.reads != "ignores" else ("slow", job.name)
    end = NEVER
    for attempt in range(1, job.attempts + 1):
        status, why, took = _attempt(job, start, ready, attempt, host, rng)
        began = blame if why == "inputs" else (why, job.name)
        error = (
            "" if status == "success" else f"Error in {why if rng.random() < 0.6 else 'step'}: code {rng.integers(99)}"
        )
        rows.append(Row(tenant, job.name, logical, attempt, due, start, start + took, status, error, f"worker-{host}"))
        if status == "success":
            end = start + took
            late = (why, job.name) if why and attempt == 1 else late
            break
        if attempt == 1:
            late = blames[logical] = began
        start += took + 0.2 * min(job.period, 240) * float(rng.uniform(0.9, 1.2))
        host = int(rng.integers(0, 6))
    outputs.add(due, end, late)


def _attempt(
    job: Job, start: float, ready: float, attempt: int, host: int, rng: np.random.Generator
) -> tuple[str, str, float]:
    """(status, what went wrong, minutes)"""
    ordinary, wait = job.takes * float(rng.lognormal(0, 0.18)), 0.0
    quick = ordinary * float(rng.uniform(0.05, 0.9))
    if ready > start and job.reads == "waits":
        wait = ready - start
        if wait + ordinary > job.cut:
            return "timed_out", "inputs", job.cut
    elif ready > start and job.reads == "fails" and rng.random() < 0.93:
        return "failed", "inputs", min(quick, float(rng.uniform(0.4, 1.6)))
    for spell in job.spells:
        inside = spell.start <= start + wait < spell.end and (attempt == 1 or not spell.first_only)
        if inside and spell.host in (None, host) and rng.random() < spell.chance:
            return _struck(job, spell, wait, ordinary, quick, rng)
    if job.worsens and rng.random() < max(0.0, start - job.worsens[0]) * job.worsens[1]:
        return "failed", "own", wait + quick
    if rng.random() < job.noise:
        return "failed", "noise", wait + quick
    return "success", "", wait + ordinary


def _struck(
    job: Job, spell: Spell, wait: float, ordinary: float, quick: float, rng: np.random.Generator
) -> tuple[str, str, float]:
    if spell.how == "drag":
        return "success", spell.reason, max(wait + ordinary, job.cut * float(rng.uniform(0.9, 1.5)))
    if spell.how == "hang":
        return "timed_out", spell.reason, job.cut
    return "failed", spell.reason, wait + quick
