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
    assert list(jobs) == ["pull:datadog", "pull:pagerduty", "correlate", "attach", "sums", "replay"]
    assert jobs["correlate"].followers == ("attach", "sums")


def test_periods_are_the_settings() -> None:
    periods = {"CORRELATOR_SCHEDULE_PULL_SECONDS": "40", "CORRELATOR_SCHEDULE_CORRELATE_SECONDS": "70"}
    jobs = plan_jobs(load_settings(environment={**KEYS, **ON, **FROM, **periods}))
    assert [job.every_seconds for job in jobs] == [40, 40, 70, 70, 70, 86400]


def test_without_notes_nothing_is_attached() -> None:
    environment = {**KEYS, **ON, "CORRELATOR_PAGERDUTY_ATTACH": "false"}
    jobs = plan_jobs(load_settings(environment=environment))
    assert [job.name for job in jobs] == ["pull:datadog", "pull:pagerduty", "correlate", "sums", "replay"]
    assert jobs[2].followers == ("sums",)


@pytest.mark.parametrize(
    ("mode", "after"), [("never", ()), ("rehearse", ("actions",)), ("live", ("actions",))], ids=str
)
def test_actions_follow_a_look_once_they_are_turned_on(mode: str, after: tuple[str, ...]) -> None:
    jobs = {job.name: job for job in plan_jobs(load_settings(environment={"CORRELATOR_ACTIONS_MODE": mode}))}
    assert jobs["correlate"].followers == (*after, "sums")
    assert ("actions" in jobs) is bool(after)


def test_a_sink_that_is_configured_wrongly_is_planned_and_says_so_in_its_round() -> None:
    broken = {"CORRELATOR_WEBHOOK_ENABLED": "true", "CORRELATOR_WEBHOOK_URL": "no address"}
    assert [job.name for job in plan_jobs(load_settings(environment=broken))] == [
        "correlate",
        "attach",
        "sums",
        "replay",
    ]


def test_without_sources_there_is_still_something_to_look_at() -> None:
    assert [job.name for job in plan_jobs(load_settings(environment={}))] == ["correlate", "sums", "replay"]


def test_a_key_that_is_missing_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DD_API_KEY"):
        plan_jobs(load_settings(environment={"CORRELATOR_DATADOG_ENABLED": "true"}))


@pytest.mark.parametrize("name", ["raw_answers", "set_aside"])
def test_what_is_old_is_let_go_of_daily_where_that_is_wanted_and_no_look_needs_it(name: str) -> None:
    variable = f"CORRELATOR_RETENTION_{name.upper()}_DAYS"
    jobs = {job.name: job.every_seconds for job in plan_jobs(load_settings(environment={variable: "35"}))}
    assert jobs["retention"] == 86400
    for days in ("34", "1"):
        with pytest.raises(SettingsError, match=rf"retention.{name}_days is {days}, .*window_days \(35 days\)"):
            plan_jobs(load_settings(environment={variable: days}))
