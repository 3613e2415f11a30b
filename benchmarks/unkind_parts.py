"""What an unkind world is made of: jobs and what strikes them, attempts, cases with their known causes."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

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
