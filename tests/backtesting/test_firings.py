"""What rules would have said: firings, waiting, and what became of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from correlator.backtesting import schedule
from correlator.backtesting.firings import JobStory, Outcome, RuleBacktest, firings_in_store, firings_in_tables
from correlator.cli.rules import rules as command
from correlator.errors import UsageError
from correlator.model import Finding, MonitorTransition
from correlator.ports import Page
from correlator.simulation.stories import write_story
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.frames import store_tables
from correlator.tables.reading import read_folder
from rules import RuleSet, load_rules
from tests.evidence.factory import finding, inconclusive, own

RULES = load_rules()
START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=28)


def _told(*looks: Finding | None, rules: RuleSet = RULES) -> JobStory:
    story = JobStory()
    for day, about in enumerate(looks):
        at = START + timedelta(days=day)
        if about is None:
            story.nothing(at)
            continue
        rule = rules.winner(about)
        assert rule is not None
        story.add(about, rule, at)
    return story


@pytest.mark.parametrize(
    ("after", "outcome", "noise"),
    [
        (finding(), Outcome.TRANSIENT, True),
        (inconclusive(), Outcome.WITHDRAWN, True),
        (own(changes=(), signatures=()), Outcome.OTHER_RULE, False),
        (None, Outcome.ENDED, False),
        (own(), Outcome.STANDS, False),
    ],
)
def test_what_became_of_a_firing(after: Finding | None, outcome: Outcome, noise: bool) -> None:
    first = _told(own(), after).firings[0]
    assert (first.rule_id, first.outcome, first.noise) == ("own-change-after-deploy", outcome, noise)
    assert first.said_at == START
    assert "Roll back or fix" in first.ask


def test_what_was_never_said_is_no_noise() -> None:
    first = _told(own(observed=2), finding()).firings[0]
    assert first.said_at is None
    assert first.outcome is Outcome.TRANSIENT
    assert not first.noise


def test_a_firing_that_comes_back_while_it_was_still_said_is_the_same_one() -> None:
    last = START + timedelta(hours=30)
    story = _told(own(last_failure_at=last), inconclusive(), own(last_failure_at=last))
    assert [firing.rule_id for firing in story.firings] == ["own-change-after-deploy", "fallback-inconclusive"]
    assert story.firings[0].outcome is Outcome.STANDS
    apart = _told(own(), *([inconclusive()] * 4), own())
    assert [firing.rule_id for firing in apart.firings][::2] == ["own-change-after-deploy"] * 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("story")
    write_story("own-change", 1, place)
    return place


@pytest.fixture(scope="module")
def played(folder: Path) -> RuleBacktest:
    return firings_in_tables(read_folder(folder), RULES, schedule.every(timedelta(days=1), START, END), START, END)


def test_a_deploy_would_have_been_told_of_after_it_happened(folder: Path, played: RuleBacktest) -> None:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["cases"][0]
    (found,) = [firing for firing in played.of("own-change-after-deploy") if firing.job == truth["job"]]
    assert found.said_at is not None
    assert found.said_at > datetime.fromisoformat(truth["onset"])
    assert found.outcome is Outcome.STANDS
    assert played.looks == 28


def test_one_rule_speaks_about_a_job_at_a_time(played: RuleBacktest) -> None:
    for job in {firing.job for firing in played.firings}:
        mine = sorted((f for f in played.firings if f.job == job), key=lambda firing: firing.held_from)
        assert sum(firing.until is None for firing in mine) <= 1
        assert all(firing.until is None or firing.until > firing.held_from for firing in mine)


def test_the_store_says_the_same_as_the_folder_once_all_is_known(folder: Path, tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store_tables(engine, "files", read_folder(folder), END)
    late = END + timedelta(hours=1)
    done = firings_in_store(engine, timedelta(days=28), RULES, [schedule.Tick(late)], END, late)
    once = firings_in_tables(read_folder(folder), RULES, [schedule.Tick(END)], START, END)
    assert {(f.rule_id, f.job) for f in done.firings} == {(f.rule_id, f.job) for f in once.firings}
    assert {firing.held_from for firing in done.firings} == {late}


def test_a_rule_about_monitors_speaks_when_the_store_knew_of_them(folder: Path, tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store_tables(engine, "files", read_folder(folder), END)
    watched = replace(RULES.rules[0], id="watched", when={"any": [{"monitor": {"state": "alert"}}]})
    rules = RuleSet((watched, *RULES.rules))
    plain = firings_in_store(engine, timedelta(days=28), RULES, [schedule.Tick(END)], END, END)
    failed = next(firing.last_failure_at for firing in plain.firings if firing.job == "export_ads")
    assert failed is not None
    alert = MonitorTransition("event-1", "4711", failed, "alert", "Exports", job="export_ads", tenant="tenant-01")
    late = END + timedelta(hours=1)
    store_page(engine, "datadog", Page("monitors", (alert,), {}, done=True), late)

    def spoke(at: datetime) -> list[str]:
        done = firings_in_store(engine, timedelta(days=28), rules, [schedule.Tick(at)], at, at)
        return [firing.job for firing in done.firings if firing.rule_id == "watched"]

    assert (spoke(END), spoke(late)) == ([], ["export_ads"])


def test_the_command_tells_when_and_how_often_it_was_noise(folder: Path) -> None:
    asked = ["backtest", "own-change-after-deploy", "--folder", str(folder), "--every", "7d"]
    done = CliRunner().invoke(command, asked)
    assert done.exit_code == 0, done.output
    assert "export_ads" in done.stdout
    assert "0 of them noise" in done.stderr
    document = json.loads(CliRunner().invoke(command, [*asked, "--json"]).stdout)
    assert document["said"] == len([row for row in document["firings"] if row["said_at"]]) == 1


def test_a_rule_that_is_not_there_is_named_with_the_nearest(folder: Path) -> None:
    done = CliRunner().invoke(command, ["backtest", "disk-ful", "--folder", str(folder)])
    assert isinstance(done.exception, UsageError)
    assert done.exception.hint == "did you mean `disk-full`?"
