"""Check: which jobs the pasted names belong to, one answer a job, and which names nobody knows, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Engine

from correlator.checking import answers as known
from correlator.checking.answers import LOOKED_IN as EVERYWHERE
from correlator.checking.answers import Checked, Limits
from correlator.evidence.known import rule_match
from correlator.evidence.words import verdict_line
from correlator.model import Cause, Finding, Verdict
from correlator.store.findings import StoredFinding
from correlator.text.quantities import duration, expected, moment, number, plural
from web.check.names import Asked, asked_names, place_words
from web.check.runs import RunAnswer, run_answers

LIMITS: Final = Limits(jobs=25, newest=200)
_ORDER: Final = ("systemic", "inconclusive", "unknown", "transient", "healthy")
"""What somebody has to act on comes first."""
LOOKED_IN: Final = f"Looked for among the {EVERYWHERE}."


@dataclass(frozen=True, slots=True)
class Answer:
    """One job of one tenant. `document` is the finding in the API's shape, None where nothing failed; `asked_ids` are
    the attempts that were pasted."""

    tenant: str
    job: str
    verdict: str
    line: str
    why: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    root_job: str | None = None
    owner: str = ""
    ask: str = ""
    finding_id: str | None = None
    runs: tuple[RunAnswer, ...] = ()
    asked_ids: tuple[str, ...] = ()
    stored: StoredFinding | None = None

    @property
    def finding(self) -> Finding | None:
        return self.stored.finding if self.stored else None

    @property
    def document(self) -> dict[str, Any] | None:
        return self.stored.document if self.stored else None

    def to_dict(self) -> dict[str, Any]:
        """The finding's own keys, then what the check adds."""
        added = {"line": self.line, "why": list(self.why), "asked_runs": [asdict(run) for run in self.runs]}
        return {**(self.document or blank(self.tenant, self.job).to_dict()), "id": self.finding_id, **added}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name nobody knows, and known ones that are near it."""

    name: str
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """`more`: so many jobs beyond those answered. `about`: which column of a table was read. `silent`: links that name
    nothing."""

    answers: tuple[Answer, ...]
    missing: tuple[Unknown, ...] = ()
    more: int = 0
    about: str = ""
    silent: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.missing)

    def to_dict(self) -> dict[str, Any]:
        found = [answer.to_dict() for answer in self.answers]
        near = {one.name: list(one.near) for one in self.missing if one.near}
        told = {"looked_in": LOOKED_IN, "near": near, "more_jobs": self.more}
        told |= {"about": self.about, "silent": list(self.silent)}
        return {"findings": found, "unknown": list(self.unknown), **told}


def blank(tenant: str, job: str) -> Finding:
    """A job about which nothing stands, in the shape of a finding."""
    return Finding(
        tenant,
        job,
        Verdict.INCONCLUSIVE,
        Cause.NONE,
        root_job=None,
        path=(),
        confidence=None,
        runs=0,
        failed_first=0,
        recovered_by_retry=0,
        observed=None,
        expected_by_chance=None,
        p_value=None,
        onset=None,
        needs="a failed attempt in the window looked at",
    )


def check_names(engine: Engine, names: Sequence[str]) -> Result:
    """Names may be run ids, logical run ids, job names, ids of incidents and findings, and links to them."""
    return check_text(engine, "\n".join(names))


def check_text(engine: Engine, text: str, tags: Mapping[str, str] | None = None) -> Result:
    """Whatever was pasted; `tags` are the setting `datadog.tags`. RefusedError (422) where it is too much at once."""
    asked = asked_names(engine, text, tags or {})
    checked = known.check_names(engine, asked.names, LIMITS, asked.places)
    lost = [*checked.unknown, *(place_words(*place) for place in checked.nowhere)]
    return _result(engine, checked, asked, asked.unknown(lost))


def check_job(engine: Engine, job: str, tenant: str | None) -> Result:
    """The job in one tenant, or (None or `*`) in every tenant that runs it."""
    if tenant in (None, "*"):
        checked = known.check_names(engine, [job], LIMITS)
        return _result(engine, checked, Asked(()), checked.unknown)
    checked = known.check_names(engine, [], LIMITS, [(tenant or "", job)])
    return _result(engine, checked, Asked(()), [place_words(*place) for place in checked.nowhere])


def _result(engine: Engine, checked: Checked, asked: Asked, unknown: Sequence[str]) -> Result:
    answers = sorted((_answer(answer) for answer in checked.answers), key=lambda one: _ORDER.index(one.verdict))
    return Result(tuple(answers), tuple(_unknown(engine, unknown)), checked.more, asked.about, asked.silent)


def _answer(answer: known.Answer) -> Answer:
    stored = answer.stored
    runs = tuple(run_answers(answer.attempts, stored.finding if stored else None))
    if stored is None:
        return _without_finding(answer, runs)
    finding, match = stored.finding, rule_match(stored)
    return Answer(
        answer.tenant,
        answer.job,
        verdict=str(finding.verdict),
        line=verdict_line(finding),
        why=tuple(reasons(finding)),
        path=finding.path,
        root_job=finding.root_job,
        owner=match.owner if match else "",
        ask=match.ask if match else "",
        finding_id=stored.id,
        runs=runs,
        asked_ids=answer.run_ids,
        stored=stored,
    )


def _without_finding(answer: known.Answer, runs: tuple[RunAnswer, ...]) -> Answer:
    tenant, job, last = answer.tenant, answer.job, answer.last_failure
    if last is None or last.at is None:
        some = last is not None and last.looked_at == LIMITS.newest
        which = f"none of its newest {LIMITS.newest:,} attempts" if some else "no stored attempt of this job"
        return Answer(tenant, job, "healthy", f"{which} failed or timed out", runs=runs, asked_ids=answer.run_ids)
    line = f"no verdict yet; its last failed attempt was {moment(last.at)}"
    why = ("The last analysis did not cover that failure: it is newer, or before the window.",)
    return Answer(tenant, job, "unknown", line, why, runs=runs, asked_ids=answer.run_ids)


def reasons(finding: Finding) -> Iterable[str]:
    """Why, in the fewest sentences: chance, recovery, lag, what else was seen."""
    if finding.p_value is not None and finding.expected_by_chance is not None:
        yield f"By chance {expected(finding.expected_by_chance)} would be expected (p = {number(finding.p_value)})."
    if finding.recovery and finding.cause is Cause.UPSTREAM:
        found = finding.recovery
        before = f"Before {finding.root_job} was ready, {found.before_failed} of {found.before_total} attempts failed"
        yield f"{before}; once it was ready, {found.after_passed} of {found.after_total} passed."
    if finding.lag_profile and finding.cause is Cause.UPSTREAM:
        yield f"The failed runs started {duration(finding.lag_profile.median)} (median) after the run they read from."
    moved = [metric for metric in finding.metrics if metric.moved]
    if moved:
        names = ", ".join(f"{metric.metric} of {metric.job}" for metric in moved[:3])
        yield f"Out of its usual range before the failures: {names}."
    if finding.onset:
        yield f"Since {moment(finding.onset)}."


def _unknown(engine: Engine, names: Sequence[str]) -> Iterable[Unknown]:
    """With what may have been meant."""
    for name, near in zip(names, known.names_meant(engine, names), strict=True):
        yield Unknown(name, near)


def title_of(result: Result) -> str:
    """The heading over the answers."""
    if not result.answers:
        return f"{plural(len(result.missing), 'name')} not known here" if result.missing else "Nothing to look for"
    systemic = sum(answer.verdict == "systemic" for answer in result.answers)
    if len(result.answers) == 1 and not result.more:
        return {"systemic": "Yes, systemic", "transient": "No, transient", "inconclusive": "Too early to say"}.get(
            result.answers[0].verdict, result.answers[0].job
        )
    return f"{systemic} of {plural(len(result.answers), 'job')} systemic"
