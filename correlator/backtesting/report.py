"""A backtest as a JSON document and as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from correlator.backtesting.backtest import Backtest
from correlator.backtesting.record import Judged, Record
from correlator.backtesting.replay import Call
from correlator.model import iso


def document(done: Backtest) -> dict[str, Any]:
    """JSON-ready: when each finding was raised, what became of it, and whether it was right if that is known."""
    judged = done.judged
    return {
        "from": iso(done.start),
        "to": iso(done.end),
        "looks": done.ticks,
        "decided": done.decided,
        "findings": [finding(record, judged.get(key)) for key, record in sorted(done.records.items())],
        "summary": summary(done.records.values(), judged.values()),
    }


def finding(record: Record, judged: Judged | None) -> dict[str, Any]:
    """One job: `raised` is the first systemic call; `calls` every call that said something else than the one before."""
    return {
        "tenant": record.tenant,
        "job": record.job,
        "raised": None if record.raised is None else call(record.raised),
        "last": None if record.last is None else call(record.last),
        "withdrawn": record.withdrawn,
        "changes": record.changes,
        "calls": [call(one) for one in record.calls],
        "truth": None if judged is None else against_truth(judged),
    }


def call(one: Call) -> dict[str, Any]:
    return {
        "at": iso(one.at),
        "verdict": one.verdict,
        "cause": one.cause,
        "root_job": one.root_job,
        "confidence": one.confidence,
        "runs": one.runs,
        "failed_first": one.failed_first,
    }


def against_truth(judged: Judged) -> dict[str, Any]:
    """`delay_*`: failures of the cause seen by the first right call, and hours from the first of them to it."""
    first = judged.first_right
    return {
        "mechanism": judged.case.mechanism,
        "outcomes": list(judged.outcomes),
        "last": judged.final,
        "first_right_at": None if first is None else iso(first.at),
        "failures_of_cause": judged.failures_of_cause,
        "delay_failures": judged.delay_failures,
        "delay_hours": None if judged.delay_hours is None else round(judged.delay_hours, 2),
        "ever_accused_wrongly": judged.ever_accused,
        "ever_false_alarm": judged.ever_false_alarm,
        "right_withdrawn": judged.right_withdrawn,
    }


def summary(records: Iterable[Record], judged: Iterable[Judged]) -> dict[str, Any]:
    """Counts over all jobs and, where the truth is known, over its cases."""
    every, cases = list(records), list(judged)
    raised = [record for record in every if record.raised is not None]
    counts: dict[str, Any] = {
        "jobs": len(every),
        "raised": len(raised),
        "withdrawn_ever": sum(record.withdrawn > 0 for record in raised),
        "withdrawals": sum(record.withdrawn for record in every),
    }
    if cases:
        counts |= _against_truth(cases)
    return counts


def _against_truth(cases: Sequence[Judged]) -> dict[str, Any]:
    right = [one for one in cases if one.first_right is not None]
    systemic = [one for one in right if one.case.systemic]
    return {
        "cases": len(cases),
        "last": dict(sorted(Counter(str(one.final) for one in cases).items())),
        "ever_accused_wrongly": sum(one.ever_accused for one in cases),
        "ever_false_alarm": sum(one.ever_false_alarm for one in cases),
        "ever_right": len(right),
        "right_withdrawn": sum(one.right_withdrawn for one in right),
        "median_delay_failures": _median([one.delay_failures for one in systemic]),
        "median_delay_hours": _median([one.delay_hours for one in systemic]),
    }


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(median(known)), 2) if known else None
