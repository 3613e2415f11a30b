"""One look at a history: episodes first, then edges, then the walk upstream, then the verdict of every failed job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.engine.assembly import assemble
from correlator.engine.case import Case
from correlator.engine.causes import weigh
from correlator.engine.confidence import table
from correlator.engine.controls import kinds_of_failure
from correlator.engine.episodes import SharedEpisode, hit_by, tenant_episodes
from correlator.engine.executors import Executor, choose_executor
from correlator.engine.keeping import settled
from correlator.engine.pipeline import EdgesByTenant, Job, Pipeline, build_pipeline
from correlator.engine.roots import Roots, trace_roots
from correlator.engine.scope import Scopes
from correlator.engine.verdicts import Question
from correlator.engine.wide import wide_episodes
from correlator.history.building import build_history
from correlator.history.columns import History
from correlator.history.series import Series, SeriesIndex
from correlator.model import Analysis, Finding
from correlator.tables.frames import Tables, from_micros, to_micros
from correlator.tables.latest import latest_time
from correlator.text.signatures import signature

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


TENANTS_AT_ONCE: Final = 8
"""How many tenants make one part of the work."""


def analyze(
    tables: Tables,
    as_of: datetime | None = None,
    executor: Executor | None = None,
    only: tuple[str, str] | None = None,
) -> Analysis:
    """Decide about every job of every tenant that had a failed or timed-out attempt by `as_of`; about `only` this job
    (tenant, job), as if about all: each job is decided by itself, once what concerns all is known.

    `as_of` defaults to the latest time in any table. The same tables and the same moment give the same answer,
    in whatever order the rows stand, and whatever `executor` does the work (by default one that suits its size).
    """
    moment = latest_time(tables) if as_of is None else to_micros(as_of)
    look = Look.of(tables, moment)
    findings = look.findings(executor or choose_executor(len(tables.runs)), only)
    return Analysis(
        as_of=from_micros(moment),
        findings=tuple(sorted(findings, key=lambda finding: (finding.tenant, finding.job))),
        rejected=tables.rejected,
        calibration=table().name,
    )


def rounded_up(tests: int) -> int:
    """The number of tests that p-values are corrected for: exact up to 256, then the next of 256, 384, 512, 768, ...

    Rounding up errs on the side of caution; and a verdict does not move because some other tenant has one more edge.
    """
    if tests <= 256:
        return tests
    power = 1 << (tests - 1).bit_length()
    return power * 3 // 4 if tests <= power * 3 // 4 else power


@dataclass(frozen=True)
class Look:
    """One look at one history."""

    history: History
    series: SeriesIndex

    @classmethod
    def of(cls, tables: Tables, as_of: int, labels: tuple[str, ...] | None = None) -> Look:
        """`as_of` in µs; `labels`: see `History`."""
        history = replace(build_history(tables, as_of), labels=labels)
        return cls(history, SeriesIndex(tables, as_of))

    def findings(self, executor: Executor, only: tuple[str, str] | None = None) -> Iterator[Finding]:
        pipelines = self.pipelines()
        tests = rounded_up(sum(self.tests(pipeline) for pipeline in pipelines))
        wanted = [(self, one) for one in pipelines if only is None or one.tenant == only[0]]
        work = TenantWork(wanted, wide_episodes(pipelines), tests, only and only[1])
        for part in executor.run(work, work.parts):
            yield from part

    def pipelines(self) -> list[Pipeline]:
        """One for every tenant with a failure."""
        return [self._pipeline(tenant) for tenant in self._tenants_with_failures()]

    def tests(self, pipeline: Pipeline) -> int:
        """How many edges are tested: those into the tenant's jobs with failures."""
        return sum(
            len(pipeline.into[index])
            for index, job in enumerate(pipeline.jobs)
            if self.history.failed_streams[job.stream] and job.tenant == pipeline.tenant
        )

    def cases(
        self, pipeline: Pipeline, platform: tuple[SharedEpisode, ...], tests: int, only: str | None = None
    ) -> Iterator[Case]:
        """Every failed job of one tenant, decided, or `only` this one. `platform`: the wider episodes; `tests`: over
        all tenants."""
        failed = self.history.failed_streams
        episodes = platform + tenant_episodes(pipeline, platform)
        aside = tuple(hit_by(job, episodes) for job in pipeline.jobs)
        roots = trace_roots(pipeline)
        for index, job in enumerate(pipeline.jobs):
            if not failed[job.stream] or job.tenant != pipeline.tenant or only not in (None, job.name):
                continue
            texts = self._signatures(job)
            kinds = kinds_of_failure(job, texts, self._first_statuses(job))
            weighing = Weighing(pipeline, roots, index, aside, episodes, kinds, self._series(pipeline), tests)
            question = weighing.of_first(len(job.due))
            causes, decision = question.causes, settled(question, weighing.of_first)
            yield Case(
                self.history, self.series, pipeline, roots, index, causes, decision, episodes, texts, self._scopes
            )

    @cached_property
    def _edges(self) -> EdgesByTenant:
        return EdgesByTenant(self.history.tables.dependencies)

    @cached_property
    def _scopes(self) -> Scopes:
        return Scopes(self.history)

    def _pipeline(self, tenant: int) -> Pipeline:
        return build_pipeline(self.history, tenant, self._edges.of(self.history.tenants[tenant]))

    def _tenants_with_failures(self) -> list[int]:
        return [int(tenant) for tenant in np.unique(self.history.stream_tenant[self.history.failed_streams])]

    def _series(self, pipeline: Pipeline) -> SeriesOf:
        return SeriesOf(self.series, pipeline.tenant)

    def _first_statuses(self, job: Job) -> NDArray[np.int8]:
        first = self.history.runs.first[job.offset : job.offset + len(job.due)]
        return self.history.attempts.status[first]

    def _signatures(self, job: Job) -> NDArray[np.object_]:
        """The masked error text of each run's first attempt, "" for runs that did not fail first."""
        result = np.full(len(job.due), "", dtype=object)
        texts = self.history.errors_of(job.offset + np.flatnonzero(job.failed))
        result[job.failed] = [signature(text) for text in texts]
        return result


@dataclass(frozen=True)
class Weighing:
    """Everything that is needed to weigh the causes of one job's failures, now or when fewer runs were known."""

    pipeline: Pipeline
    roots: Roots
    index: int
    aside: tuple[BoolArray, ...]
    episodes: tuple[SharedEpisode, ...]
    kinds: IntArray
    series: SeriesOf
    tests: int

    def of_first(self, runs: int) -> Question:
        """The question when only the job's first so many runs were known."""
        pipeline = self.pipeline.first_runs(self.index, runs)
        aside = (*self.aside[: self.index], self.aside[self.index][:runs], *self.aside[self.index + 1 :])
        kinds = self.kinds[:runs]
        causes = weigh(pipeline, self.roots, self.index, aside, self.episodes, kinds, self.series)
        job = pipeline.jobs[self.index]
        return Question(
            job,
            causes,
            self.tests,
            edges_declared=bool(pipeline.edges),
            has_upstream=bool(pipeline.into[self.index]),
            inputs_known=pipeline.inputs_known(self.index),
            unseen=pipeline.unseen.get(job.name, ()),
        )


@dataclass(frozen=True)
class TenantWork:
    """The findings of a few tenants at a time, once everything that concerns all tenants is known."""

    pipelines: Sequence[tuple[Look, Pipeline]]
    platform: tuple[SharedEpisode, ...]
    tests: int
    only: str | None = None

    @property
    def parts(self) -> int:
        return -(-len(self.pipelines) // TENANTS_AT_ONCE)

    def __call__(self, part: int) -> list[Finding]:
        mine = self.pipelines[part * TENANTS_AT_ONCE : (part + 1) * TENANTS_AT_ONCE]
        cases = (case for look, pipeline in mine for case in look.cases(pipeline, self.platform, self.tests, self.only))
        return [assemble(case) for case in cases]


@dataclass(frozen=True)
class SeriesOf:
    """The metric series of a job as one tenant sees it."""

    index: SeriesIndex
    tenant: str

    def __call__(self, job: str) -> list[Series]:
        return self.index.of(self.tenant, job)
