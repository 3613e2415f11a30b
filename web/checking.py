"""Check: which jobs the asked-for names belong to, one answer a job, and which names nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Engine

from correlator.evidence.packet import verdict_line
from correlator.model import Attempt, Cause, Finding, Verdict
from correlator.quantities import duration, moment, number, plural, tenant_name
from correlator.store.findings import finding_id, get_finding
from correlator.store.lookups import failed_attempts
from web import reading
from web.asked_runs import RunAnswer, run_answers
from web.errors import unprocessable
from web.provenance import rule_match

MOST_NAMES: Final = 200
LOOKED_IN: Final = "Looked for among run ids, logical run ids, job names and incident ids of everything stored."


@dataclass(frozen=True, slots=True)
class Answer:
    """One job of one tenant. `document` is the finding in the API's shape, None where nothing failed."""

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
    finding: Finding | None = None
    document: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The finding's own keys, then what the check adds."""
        added = {"line": self.line, "why": list(self.why), "asked_runs": [asdict(run) for run in self.runs]}
        return {**(self.document or blank(self.tenant, self.job).to_dict()), "id": self.finding_id, **added}


@dataclass(frozen=True, slots=True)
class Result:
    answers: tuple[Answer, ...]
    unknown: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        found = [answer.to_dict() for answer in self.answers]
        return {"findings": found, "unknown": list(self.unknown), "looked_in": LOOKED_IN}


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


def names_in(text: str) -> list[str]:
    """The names in what somebody pasted, in order, each once; of a link its last part. RefusedError if too many."""
    words = [_unwrapped(word) for word in re.split(r"[\s,;]+", text)]
    names = list(dict.fromkeys(_last_part(word) for word in words if word))
    if len(names) > MOST_NAMES:
        raise unprocessable(f"{len(names)} names are more than fit in one check", f"check up to {MOST_NAMES} at a time")
    return names


def _unwrapped(word: str) -> str:
    """Without the quotes or brackets that a word was pasted in."""
    wrapped = len(word) > 2 and word[0] + word[-1] in ('""', "''", "``", "<>", "()", "[]")
    return word[1:-1] if wrapped else word


def _last_part(word: str) -> str:
    return word.split("?")[0].rstrip("/").rsplit("/", 1)[-1] if word.startswith(("http://", "https://")) else word


def check_names(engine: Engine, names: Sequence[str]) -> Result:
    """Names may be run ids, logical run ids, job names or incident ids."""
    names = names_in("\n".join(names))
    by_job: dict[tuple[str, str], list[Attempt]] = {}
    found: set[str] = set()
    for attempt in reading.attempts_named(engine, names):
        by_job.setdefault((attempt.tenant, attempt.job), []).append(attempt)
        found |= {attempt.run_id, attempt.logical_run_id or attempt.run_id}
    for name, tenant, job in reading.jobs_named(engine, [name for name in names if name not in found]):
        by_job.setdefault((tenant, job), [])
        found.add(name)
    answers = tuple(answer_for(engine, tenant, job, runs) for (tenant, job), runs in sorted(by_job.items()))
    return Result(answers, tuple(name for name in names if name not in found))


def check_job(engine: Engine, job: str, tenant: str | None) -> Result:
    """The job in one tenant, or (None or `*`) in every tenant that runs it."""
    every = tenant in (None, "*")
    places = [where for _, where, _ in reading.jobs_named(engine, [job]) if every or where == tenant]
    answers = tuple(answer_for(engine, where, job, []) for where in sorted(set(places)))
    return Result(answers, () if answers else (job if every else f"{job} of {tenant_name(tenant or '')}",))


def answer_for(engine: Engine, tenant: str, job: str, attempts: Sequence[Attempt]) -> Answer:
    stored = get_finding(engine, finding_id(tenant, job))
    if stored is None or stored.gone_at:
        return _without_finding(engine, tenant, job, attempts)
    finding, match = stored.finding, rule_match(stored)
    return Answer(
        tenant,
        job,
        verdict=str(finding.verdict),
        line=verdict_line(finding),
        why=tuple(reasons(finding)),
        path=finding.path,
        root_job=finding.root_job,
        owner=match.owner if match else "",
        ask=match.ask if match else "",
        finding_id=stored.id,
        runs=tuple(run_answers(attempts, finding)),
        finding=finding,
        document=stored.document,
    )


def _without_finding(engine: Engine, tenant: str, job: str, attempts: Sequence[Attempt]) -> Answer:
    runs = tuple(run_answers(attempts, None))
    failed = failed_attempts(engine, job, tenant)
    if not failed:
        return Answer(tenant, job, "healthy", "no stored attempt of this job failed or timed out", runs=runs)
    line = f"no verdict stands about it; its last failed attempt is of {moment(failed[-1].started_at)}"
    hint = "The last look did not judge that failure: it is younger, or lies before the window. On the command line "
    return Answer(tenant, job, "unknown", line, (f"{hint}`correlator check` judges it now.",), runs=runs)


def reasons(finding: Finding) -> Iterable[str]:
    """Why, in the fewest sentences: chance, recovery, lag, what else was seen."""
    if finding.p_value is not None and finding.expected_by_chance is not None:
        yield f"By chance {number(finding.expected_by_chance)} would be expected (p = {number(finding.p_value)})."
    if finding.recovery and finding.cause is Cause.UPSTREAM:
        found = finding.recovery
        before = f"{found.before_failed} of {found.before_total} attempts before {finding.root_job} was ready failed"
        yield f"{before}, {found.after_passed} of {found.after_total} after it passed."
    if finding.lag_profile and finding.cause is Cause.UPSTREAM:
        yield f"The failures follow its trouble after {duration(finding.lag_profile.median)} (median)."
    moved = [metric for metric in finding.metrics if metric.moved]
    if moved:
        names = ", ".join(f"{metric.metric} of {metric.job}" for metric in moved[:3])
        yield f"Before the trouble {names} moved."
    if finding.onset:
        yield f"It began {moment(finding.onset)}."


def title_of(result: Result) -> str:
    """The heading over the answers."""
    if not result.answers:
        return f"{plural(len(result.unknown), 'name')} not known here"
    systemic = sum(answer.verdict == "systemic" for answer in result.answers)
    if len(result.answers) == 1:
        return {"systemic": "Yes, systemic", "transient": "No, transient", "inconclusive": "Too early to say"}.get(
            result.answers[0].verdict, result.answers[0].job
        )
    return f"{systemic} of {plural(len(result.answers), 'job')} systemic"
