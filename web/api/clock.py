"""What stands on an incident's clock beside attempts and events: metrics, and the look back from a moment."""

from __future__ import annotations

from datetime import UTC, datetime

from correlator.evidence.charts.incident import Line
from correlator.evidence.words import verdict_line
from correlator.model import Finding, Verdict
from web.api.facts import At
from web.api.kinds import Answer
from web.incidents.two_clocks import LookBack, Step


class MetricPoint(Answer, frozen=True, kw_only=True):
    at: At
    value: float


class QuietBand(Answer, frozen=True, kw_only=True):
    """The same hours on quiet days: 10th percentile, median and 90th."""

    start: At
    end: At
    low: float
    middle: float
    high: float


class MetricOnItsClock(Answer, frozen=True, kw_only=True):
    """One metric of one job. `pieces`: its points, broken off where nothing was measured; `words`: what the band of
    quiet days is made of, and what is missing."""

    metric: str
    job: str
    pieces: list[list[MetricPoint]]
    quiet: list[QuietBand]
    words: str


class ClockStep(Answer, frozen=True, kw_only=True):
    """A moment at which something changed, and what."""

    at: At
    words: str


class SaidThen(Answer, frozen=True, kw_only=True):
    """What a finding said, since `at`."""

    at: At | None
    line: str
    verdict: Verdict
    cause: str
    root_job: str | None
    path: list[str]
    confidence: float | None


class LookedBack(Answer, frozen=True, kw_only=True):
    """`at` null: everything that is known now. `lines`: how things stood then, in sentences; `said`: what was said of
    it then; `steps`: the moments worth looking at, the oldest first, with those just `before` and `after` this one."""

    at: At | None
    clock: str
    lines: list[str]
    said: SaidThen | None
    steps: list[ClockStep]
    before: ClockStep | None
    after: ClockStep | None


def metric_told(line: Line) -> MetricOnItsClock:
    """As the page draws it; its milliseconds as moments."""
    return MetricOnItsClock(
        metric=line.metric,
        job=line.job,
        pieces=[[MetricPoint(at=_at(ms), value=value) for ms, value in piece] for piece in line.pieces],
        quiet=[
            QuietBand(start=_at(start), end=_at(end), low=low, middle=middle, high=high)
            for start, end, low, middle, high in line.quiet
        ],
        words=line.words,
    )


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def looked_back(back: LookBack) -> LookedBack:
    return LookedBack(
        at=back.then.at if back.then else None,
        clock=back.clock,
        lines=list(back.lines),
        said=_said(back.said, back.said_at) if back.said else None,
        steps=[_step(one) for one in back.steps],
        before=_step(back.before) if back.before else None,
        after=_step(back.after) if back.after else None,
    )


def _step(step: Step) -> ClockStep:
    return ClockStep(at=step.at, words=step.words)


def _said(finding: Finding, at: datetime | None) -> SaidThen:
    return SaidThen(
        at=at,
        line=verdict_line(finding),
        verdict=finding.verdict,
        cause=str(finding.cause),
        root_job=finding.root_job,
        path=list(finding.path),
        confidence=finding.confidence,
    )
