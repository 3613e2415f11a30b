"""What a replay said about each job over time, as one story: raised when, withdrawn how often, and was it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from correlator.backtesting.replay import Call
from correlator.backtesting.truth import Outcome, TrueCase
from correlator.history.building import build_history
from correlator.history.columns import FAILED_CODES, run_id_of
from correlator.model import Verdict
from correlator.tables.frames import Tables, to_micros

IntArray = NDArray[np.int64]


@dataclass
class Record:
    """The calls about one job, first to last; only those that say something else than the call before are kept."""

    tenant: str
    job: str
    calls: list[Call] = field(default_factory=list)
    looks: int = 0
    last: Call | None = None

    def add(self, call: Call) -> None:
        self.looks += 1
        self.last = call
        if not self.calls or self.calls[-1].said != call.said:
            self.calls.append(call)

    @property
    def raised(self) -> Call | None:
        """The first systemic call."""
        return next((call for call in self.calls if call.verdict is Verdict.SYSTEMIC), None)

    @property
    def withdrawn(self) -> int:
        """How often a systemic call was followed by one that says anything else."""
        return sum(call.verdict is Verdict.SYSTEMIC for call in self.calls[:-1])

    @property
    def changes(self) -> int:
        """How often the answer changed, of any kind, after the first one that was not inconclusive."""
        decided = [n for n, call in enumerate(self.calls) if call.verdict is not Verdict.INCONCLUSIVE]
        return len(self.calls) - 1 - decided[0] if decided else 0


@dataclass(frozen=True)
class Judged:
    """A record against the truth. Delays count from the first failure of the cause; None without a right call."""

    case: TrueCase
    outcomes: tuple[Outcome, ...]
    first_right: Call | None
    failures_of_cause: int
    delay_failures: int | None
    delay_hours: float | None

    @property
    def final(self) -> Outcome:
        return self.outcomes[-1] if self.outcomes else Outcome.ABSTAINED

    @property
    def ever_accused(self) -> bool:
        return Outcome.ACCUSATION in self.outcomes

    @property
    def ever_false_alarm(self) -> bool:
        return Outcome.FALSE_ALARM in self.outcomes

    @property
    def right_withdrawn(self) -> bool:
        """Whether a right answer was followed by one that is not right."""
        return any(now is Outcome.RIGHT and then is not Outcome.RIGHT for now, then in self._steps())

    def _steps(self) -> Iterable[tuple[Outcome, Outcome]]:
        return zip(self.outcomes, self.outcomes[1:], strict=False)


def judge(record: Record, case: TrueCase, failed_at: dict[str, int]) -> Judged:
    """`failed_at`: when each failed run's first attempt ended (µs), by logical run id."""
    outcomes = tuple(case.judge(call) for call in record.calls)
    first = next((call for call, found in zip(record.calls, outcomes, strict=True) if found is Outcome.RIGHT), None)
    ended = np.sort(np.array([failed_at[run] for run in case.of_cause if run in failed_at], np.int64))
    if first is None or not len(ended):
        return Judged(case, outcomes, first, len(ended), None, None)
    at = to_micros(first.at)
    seen = int(np.searchsorted(ended, at, side="right"))
    return Judged(case, outcomes, first, len(ended), seen, (at - int(ended[0])) / 3_600_000_000)


def failure_times(tables: Tables, as_of: int) -> dict[tuple[str, str], dict[str, int]]:
    """By tenant and job: when the first attempt of each run that failed first ended (µs), by logical run id."""
    history = build_history(tables, as_of)
    bad = np.isin(history.attempts.status[history.runs.first], FAILED_CODES)
    stream = np.searchsorted(history.stream_start, np.flatnonzero(bad), side="right") - 1
    found: dict[tuple[str, str], dict[str, int]] = {}
    for run, number in zip(np.flatnonzero(bad).tolist(), stream.tolist(), strict=True):
        key = (
            history.tenants[int(history.stream_tenant[number])],
            history.jobs[int(history.stream_job[number])],
        )
        found.setdefault(key, {})[run_id_of(history, run)] = int(history.runs.first_end[run])
    return found
