"""Every built-in rule on a simulated history: what happened is simulated, what the failing attempts say is put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from correlator.model import Attempt, Cause, Contribution, Finding, MetricPoint, Sign
from correlator.simulation.history import History
from correlator.simulation.stories import tell_story
from correlator.text.signatures import signature
from rules import load_rules
from tests.engine.build import findings, tables_of_history

RULES = load_rules()
CASE = ("tenant-01", "export_ads")
ROOT = "build_segments"
DAYS = 24


@cache
def history(name: str) -> History:
    return tell_story(name, 0, days=DAYS).history


def _says(attempts: Sequence[Attempt], job: str, text: str) -> tuple[Attempt, ...]:
    return tuple(replace(one, error=text) if one.error and one.job == job else one for one in attempts)


def _renamed(points: Sequence[MetricPoint], name: str) -> tuple[MetricPoint, ...]:
    return tuple(replace(point, metric=point.metric.replace("memory", name)) for point in points)


def case(told: History) -> Finding:
    return findings(tables_of_history(told))[CASE]


def speaks(finding: Finding) -> str:
    """The rule that speaks, whose ask is filled to the last fact."""
    match = RULES.match(finding)
    assert match.missing == ()
    assert match.ask
    return match.rule_id


@pytest.mark.parametrize(
    ("story", "rule_id"),
    [
        ("upstream-timeout", "upstream-timeout-under-memory-pressure"),
        ("late-upstream", "upstream-late"),
        ("shared-outage", "shared-outage"),
        ("own-change", "own-change-after-deploy"),
        ("slow-worsening", "schema-drift"),
        ("night-decoy", "time-of-day-load"),
        ("retry-storm", "retry-storm"),
        ("transient", "fallback-transient"),
        ("alternating-roots", "fallback-upstream"),
    ],
)
def test_a_story_as_it_is_told(story: str, rule_id: str) -> None:
    assert speaks(case(history(story))) == rule_id


def test_the_root_itself_is_asked_for_what_those_below_it_ask_of_it() -> None:
    """Its own failures are told apart by its memory, and not by the hour."""
    found = findings(tables_of_history(history("upstream-timeout")))
    below = found[CASE]
    root = found["tenant-01", below.root_job or ""]
    assert root.sign is Sign.PRESSURE
    assert speaks(root) == "own-memory-pressure"
    asked, passed_on = (RULES.match(one).ask for one in (root, below))
    give = f"Give {root.job} more memory for tenant-01, or split its input"
    assert asked.startswith(give)
    assert passed_on.startswith(give)


@cache
def _own() -> Finding:
    """A job that fails more often from some day on, without a recorded change."""
    return case(history("slow-worsening"))


@cache
def _upstream() -> Finding:
    return case(replace(history("upstream-timeout"), metrics=()))


def _with_text(finding: Finding, text: str) -> Finding:
    masked = signature(text)
    counts = tuple(replace(count, signature=masked, example=text) for count in finding.signatures[:1])
    roots = tuple(replace(count, signature=masked, example=text) for count in finding.root_signatures[:1])
    pairs = tuple(replace(pair, error=text, upstream_error=text) for pair in finding.pairs)
    return replace(finding, signatures=counts, root_signatures=roots, pairs=pairs)


TEXTS = {
    "out-of-memory": "MemoryError: worker process 71 was killed",
    "disk-full": "OSError: [Errno 28] No space left on device",
    "quota-exhausted": "Forbidden: exceeded quota: compute-resources",
    "connection-limit": "FATAL: sorry, too many clients already",
    "data-skew": "Stage 7 aborted: skewed partition 12",
    "clock-skew": "RequestTimeTooSkewed: the clock is 931 s off",
    "expired-credential": "401 Unauthorized: the token expired",
    "permission-denied": "ERROR: permission denied for table orders",
    "partner-rate-limit": "HTTP 429 Too Many Requests",
    "dns-failure": "gaierror: Temporary failure in name resolution",
    "partner-outage": "502 Bad Gateway",
    "schema-drift": "SchemaError: unexpected column consent",
    "partition-missing": "MissingInput: partition 12 is not there",
    "calendar-mistake": "ValueError: day is out of range for month",
    "lock-contention": "ERROR: deadlock detected",
    "zombie-runs": "Detected zombie job",
}


@pytest.mark.parametrize(("rule_id", "text"), TEXTS.items())
def test_a_text_at_the_job_itself(rule_id: str, text: str) -> None:
    assert speaks(_with_text(_own(), text)) == rule_id


@pytest.mark.parametrize(
    ("rule_id", "text"), sorted(set(TEXTS.items()) - {("partition-missing", TEXTS["partition-missing"])})
)
def test_a_text_at_the_root(rule_id: str, text: str) -> None:
    """A missing partition is not said of a root that mostly times out: the time-out is the cause."""
    assert speaks(_with_text(_upstream(), text)) == rule_id


def test_a_text_goes_all_the_way_from_the_runs() -> None:
    told = history("upstream-timeout")
    full = replace(told, metrics=(), attempts=_says(told.attempts, ROOT, "OSError: No space left on device"))
    assert speaks(case(full)) == "disk-full"


@pytest.mark.parametrize(
    ("metric", "rule_id"),
    [("queue_depth", "queue-backlog"), ("cpu_steal", "noisy-neighbour"), ("cpu", "fallback-upstream")],
)
def test_what_moved_before_the_trouble(metric: str, rule_id: str) -> None:
    told = history("upstream-timeout")
    assert speaks(case(replace(told, metrics=_renamed(told.metrics, metric)))) == rule_id


def test_bad_luck_with_a_cause_for_a_part_of_it() -> None:
    chance = case(history("transient"))
    part = chance.failed_first // 3
    mixed = replace(
        chance, contributions=(Contribution(Cause.NONE, None, 20), Contribution(Cause.UPSTREAM, ROOT, part))
    )
    assert speaks(mixed) == "cause-of-a-part"
    assert f"{part} are attributed to {ROOT} upstream, 20 are attributed to no known cause" in RULES.match(mixed).ask


def test_a_deploy_before_the_trouble_of_an_upstream() -> None:
    own = case(history("own-change"))
    assert speaks(replace(_upstream(), changes=own.changes)) == "upstream-change-after-deploy"


@pytest.mark.parametrize(("scope", "rule_id"), [("host worker-3", "one-bad-host"), ("pool etl-small", "one-bad-place")])
def test_an_outage_of_one_place(scope: str, rule_id: str) -> None:
    shared = case(history("shared-outage"))
    there = tuple(replace(episode, scope=scope) for episode in shared.episodes)
    assert speaks(replace(shared, episodes=there)) == rule_id


def test_no_built_in_rule_is_left_out() -> None:
    named = {"upstream-timeout-under-memory-pressure", "upstream-late", "shared-outage", "own-change-after-deploy"}
    named |= {"time-of-day-load", "retry-storm", "queue-backlog", "noisy-neighbour", "upstream-change-after-deploy"}
    named |= {"one-bad-host", "one-bad-place", "own-memory-pressure", "cause-of-a-part", *TEXTS}
    assert named == {rule.id for rule in RULES.rules if not rule.id.startswith("fallback-")}
    assert len(named) >= 20
    assert all(rule.sources for rule in RULES.rules if rule.id in named)
