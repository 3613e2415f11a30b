from __future__ import annotations

from pathlib import Path

import pytest

from correlator.errors import SettingsError
from correlator.scheduling.plan import plan_jobs
from correlator.settings import load_settings

KEYS = {"DD_API_KEY": "a-key", "DD_APP_KEY": "another", "PAGERDUTY_API_KEY": "a-third"}
ON = {"CORRELATOR_DATADOG_ENABLED": "true", "CORRELATOR_PAGERDUTY_ENABLED": "true"}
FROM = {"CORRELATOR_PAGERDUTY_FROM": "correlator@example.com"}


def test_each_source_has_a_pull_and_notes_have_a_job() -> None:
    jobs = {job.name: job for job in plan_jobs(load_settings(environment={**KEYS, **ON, **FROM}))}
    assert list(jobs) == ["pull:datadog", "pull:pagerduty", "correlate", "attach", "replay"]
    assert jobs["correlate"].followers == ("attach",)


def test_periods_are_the_settings() -> None:
    periods = {"CORRELATOR_SCHEDULE_PULL_SECONDS": "40", "CORRELATOR_SCHEDULE_CORRELATE_SECONDS": "70"}
    jobs = plan_jobs(load_settings(environment={**KEYS, **ON, **FROM, **periods}))
    assert [job.every_seconds for job in jobs] == [40, 40, 70, 70, 86400]


def test_without_notes_nothing_is_attached() -> None:
    environment = {**KEYS, **ON, "CORRELATOR_PAGERDUTY_ATTACH": "false"}
    jobs = plan_jobs(load_settings(environment=environment))
    assert [job.name for job in jobs] == ["pull:datadog", "pull:pagerduty", "correlate", "replay"]
    assert jobs[2].followers == ()


@pytest.mark.parametrize(
    ("mode", "after"), [("never", ()), ("rehearse", ("actions",)), ("live", ("actions",))], ids=str
)
def test_actions_follow_a_look_once_they_are_turned_on(mode: str, after: tuple[str, ...]) -> None:
    jobs = {job.name: job for job in plan_jobs(load_settings(environment={"CORRELATOR_ACTIONS_MODE": mode}))}
    assert jobs["correlate"].followers == after
    assert ("actions" in jobs) is bool(after)


def test_a_sink_that_is_configured_wrongly_is_planned_and_says_so_in_its_round() -> None:
    broken = {"CORRELATOR_WEBHOOK_ENABLED": "true", "CORRELATOR_WEBHOOK_URL": "no address"}
    assert [job.name for job in plan_jobs(load_settings(environment=broken))] == ["correlate", "attach", "replay"]


def test_without_sources_there_is_still_something_to_look_at() -> None:
    assert [job.name for job in plan_jobs(load_settings(environment={}))] == ["correlate", "replay"]


def test_a_key_that_is_missing_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DD_API_KEY"):
        plan_jobs(load_settings(environment={"CORRELATOR_DATADOG_ENABLED": "true"}))
