"""The facts and findings as the API gives them: the program's own types, and what stands beside them in an answer."""

from __future__ import annotations

from dataclasses import dataclass

from correlator.model import Finding, iso
from rules.model import RuleMatch
from web import reading
from web.api.kinds import document_of
from web.check.runs import RunAnswer
from web.context import context


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDocument(Finding):
    """What is said about one job of one tenant: the keys of `correlator analyze --json` with an id and the rule."""

    id: str
    rule: RuleMatch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedJob(Finding):
    """A finding with its verdict in one sentence (`line`), the reasons (`why`), and each run that was named. Where
    nothing stands about the job, `id` is null."""

    id: str | None
    rule: RuleMatch | None = None
    line: str
    why: list[str]
    asked_runs: list[RunAnswer]


DOCUMENTS = (FindingDocument, CheckedJob, Finding)
"""Types of objects that are given as they stand in the store."""

AsFinding = document_of(FindingDocument.__name__)
AsChecked = document_of(CheckedJob.__name__)
AsJudged = document_of(Finding.__name__)


def data_as_of() -> str | None:
    """The newest event of any source."""
    newest = reading.freshness_in_short(context().engine).newest_event
    return iso(newest) if newest else None
