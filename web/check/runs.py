"""The runs somebody asked about: how each went, and what its failure is attributed to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from correlator.evidence.aligned import run_key
from correlator.model import FAILURES, Attempt, Cause, Finding, Pair, Status, iso
from correlator.text.quantities import duration, moment

_WITHOUT_UPSTREAM: Final[Mapping[Cause, str]] = {
    Cause.SHARED: "the shared outage",
    Cause.SELF: "a cause in the job itself",
    Cause.NONE: "no single cause",
}


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """One asked-for run: how its attempts went in words, and what its failure is attributed to."""

    run_id: str
    started_at: str
    course: str
    laid_to: str
    error: str | None
    is_laid: bool = False


def run_answers(attempts: Sequence[Attempt], finding: Finding | None) -> Iterable[RunAnswer]:
    """One line for each logical run among the attempts, oldest first."""
    runs: dict[tuple[str, str, str], list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda item: (item.started_at, item.run_id)):
        runs.setdefault(run_key(attempt), []).append(attempt)
    for group in runs.values():
        pair = _pair_of(group, finding.pairs if finding else ())
        error = next((item.error for item in group if item.error), None)
        yield RunAnswer(
            group[0].run_id, iso(group[0].started_at), course(group), laid_to(group, finding), error, pair is not None
        )


def course(group: Sequence[Attempt]) -> str:
    """`failed, then passed on attempt 2`, in the order things happened."""
    words = [str(item.status).replace("_", " ") for item in group]
    if len(group) > 1 and group[-1].status is Status.SUCCESS:
        return f"{words[0]} first, passed on attempt {group[-1].attempt or len(group)}"
    return ", then ".join(words)


def laid_to(group: Sequence[Attempt], finding: Finding | None) -> str:
    """What the run's failure is attributed to, with the upstream's run and the lag."""
    if not any(item.status in FAILURES for item in group):
        return "–"
    pair = _pair_of(group, finding.pairs if finding else ())
    if pair is None:
        return "no cause found" if finding else "not analysed yet"
    if pair.upstream_due_at:
        return f"the {pair.upstream_job} run due {moment(pair.upstream_due_at)}, not seen yet"
    if pair.upstream_logical_run_id is None:
        return _WITHOUT_UPSTREAM.get(finding.cause, "") if finding else ""
    lag = "" if pair.lag_seconds is None else f"; begun {duration(pair.lag_seconds)} after it"
    state = "failed" if pair.upstream_failed_at else "was late"
    return f"{pair.upstream_job} run {pair.upstream_logical_run_id}, which {state}{lag}"


def _pair_of(group: Sequence[Attempt], pairs: Sequence[Pair]) -> Pair | None:
    keys = {group[0].logical_run_id, *(item.run_id for item in group)}
    return next((pair for pair in pairs if pair.logical_run_id in keys), None)
