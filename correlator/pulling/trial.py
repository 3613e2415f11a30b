"""A source tried out on live data: what its items become, what cannot be mapped, and nothing is stored.

Works with every source, by its pages alone; the stream of metrics is left out, as it asks for what runs suggest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from correlator.errors import SourceError
from correlator.model import Attempt
from correlator.ports import Fact, PullWindow, SetAside, Source

PAGES_A_STREAM: Final = 20
ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Coverage:
    """One job's attempts: how many carry a number, whether first ones are among them, and how many end unknown."""

    tenant: str
    job: str
    attempts: int
    numbered: int
    firsts: int
    running: int

    @property
    def numbered_share(self) -> float:
        return self.numbered / self.attempts


@dataclass(frozen=True, slots=True)
class Reason:
    """Why items could not be mapped: how many, and one of them."""

    reason: str
    count: int
    example: SetAside


@dataclass(slots=True)
class StreamTrial:
    """What one stream gave. `rows` are its first facts; `cut` when there was more than is read for a trial."""

    stream: str
    rows: list[Fact] = field(default_factory=list)
    facts: int = 0
    requests: int = 0
    reasons: tuple[Reason, ...] = ()
    cut: bool = False
    error: str = ""
    hint: str = ""

    @property
    def set_aside(self) -> int:
        return sum(reason.count for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Trial:
    """All streams of a source; `coverage` of its runs by job, and runs that two streams both gave."""

    source: str
    streams: tuple[StreamTrial, ...]
    coverage: tuple[Coverage, ...]
    shared_jobs: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


def try_source(source: Source, window: PullWindow, *, pages: int = PAGES_A_STREAM) -> Trial:
    """Read the window from each stream, at most so many pages of each. A stream that fails says so in its trial."""
    attempts: list[Attempt] = []
    streams_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    trials = []
    for stream in source.streams:
        if stream == "metrics":
            continue
        trial, found = _try_stream(source, stream, window, pages)
        trials.append(trial)
        attempts += found
        for attempt in found:
            streams_of[attempt.tenant, attempt.job].add(stream)
    shared = tuple((*pair, tuple(sorted(names))) for pair, names in sorted(streams_of.items()) if len(names) > 1)
    return Trial(source.name, tuple(trials), coverage_of(attempts), shared)


def _try_stream(source: Source, stream: str, window: PullWindow, pages: int) -> tuple[StreamTrial, list[Attempt]]:
    trial = StreamTrial(stream)
    aside: list[SetAside] = []
    attempts: dict[str, Attempt] = {}
    try:
        for number, page in enumerate(source.pages(stream, None, window), start=1):
            trial.rows += page.facts[: max(0, ROWS - len(trial.rows))]
            trial.facts += len(page.facts)
            trial.requests += page.requests
            aside += page.set_aside
            attempts |= {fact.run_id: fact for fact in page.facts if isinstance(fact, Attempt)}
            if number == pages and not page.done:
                trial.cut = True
                break
    except SourceError as error:
        trial.error, trial.hint = error.message, error.hint
    trial.reasons = _reasons(aside)
    return trial, list(attempts.values())


def coverage_of(attempts: Iterable[Attempt]) -> tuple[Coverage, ...]:
    """By tenant and job, the jobs with the least numbered attempts first.

    Without numbers the order of attempts is all there is; without first attempts, retries cannot be told from runs.
    """
    by_job: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_job[attempt.tenant, attempt.job].append(attempt)
    rows = (
        Coverage(
            tenant,
            job,
            attempts=len(own),
            numbered=sum(one.attempt is not None for one in own),
            firsts=sum(one.attempt == 1 for one in own),
            running=sum(one.finished_at is None for one in own),
        )
        for (tenant, job), own in by_job.items()
    )
    return tuple(sorted(rows, key=lambda row: (row.numbered_share, row.tenant, row.job)))


def _reasons(aside: list[SetAside]) -> tuple[Reason, ...]:
    counts = Counter(item.reason for item in aside)
    first = {item.reason: item for item in reversed(aside)}
    return tuple(Reason(reason, count, first[reason]) for reason, count in counts.most_common())
