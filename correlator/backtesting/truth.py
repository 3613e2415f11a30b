"""What really happened, where a `truth.json` says so, and what a call is worth against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from correlator.backtesting.replay import Call
from correlator.errors import InputError
from correlator.model import Cause, Verdict


class Outcome(StrEnum):
    """A call against the truth; the worst mistake a call makes is the one it is named by.

    An accusation names an upstream or an outage that is not to blame; a false alarm is systemic where the truth is
    chance; missed is chance where the truth is systemic.
    """

    RIGHT = "right"
    ABSTAINED = "abstained"
    ACCUSATION = "accusation"
    FALSE_ALARM = "false alarm"
    WRONG_CAUSE = "wrong cause"
    WRONG_ROOT = "wrong root"
    MISSED = "missed"


@dataclass(frozen=True)
class TrueCase:
    """One job with a planted mechanism. `of_cause`: the logical runs whose failure the cause is to answer for."""

    tenant: str
    job: str
    mechanism: str
    verdicts: frozenset[str]
    causes: frozenset[str]
    root_jobs: frozenset[str]
    onset: datetime | None
    start: datetime
    end: datetime
    failures: frozenset[str]
    of_cause: frozenset[str]

    @property
    def systemic(self) -> bool:
        """Whether systemic is the only right verdict."""
        return self.verdicts == {Verdict.SYSTEMIC}

    def judge(self, call: Call | None) -> Outcome:
        """What a call is worth; no call is an abstention."""
        if call is None or call.verdict is Verdict.INCONCLUSIVE:
            return Outcome.ABSTAINED
        if call.cause in (Cause.UPSTREAM, Cause.SHARED) and call.cause not in self.causes:
            return Outcome.ACCUSATION
        if call.verdict not in self.verdicts:
            return Outcome.FALSE_ALARM if call.verdict is Verdict.SYSTEMIC else Outcome.MISSED
        if call.cause not in self.causes:
            return Outcome.WRONG_CAUSE
        named = call.cause in (Cause.UPSTREAM, Cause.SELF) and self.root_jobs
        return Outcome.WRONG_ROOT if named and call.root_job not in self.root_jobs else Outcome.RIGHT


def read_truth(file: Path) -> tuple[TrueCase, ...]:
    """The cases of a `truth.json`. Raises InputError for one that cannot be read."""
    try:
        return tuple(true_case(case) for case in json.loads(file.read_text(encoding="utf-8"))["cases"])
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: not a truth file: {error!r}", hint="`correlator simulate` writes one") from error


def true_case(case: Mapping[str, Any]) -> TrueCase:
    """One entry of the file's `cases`."""
    root = case.get("root_job")
    return TrueCase(
        tenant=case["tenant"],
        job=case["job"],
        mechanism=case["mechanism"],
        verdicts=frozenset(case["verdicts"]),
        causes=frozenset(case["causes"]),
        root_jobs=frozenset(case.get("root_jobs") or ([root] if root else [])),
        onset=datetime.fromisoformat(case["onset"]) if case.get("onset") else None,
        start=datetime.fromisoformat(case["start"]),
        end=datetime.fromisoformat(case["end"]),
        failures=frozenset(case["failures"]),
        of_cause=frozenset(case["of_cause"]),
    )
