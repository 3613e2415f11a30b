"""The pages of rules: what they match, what they nearly match, and what they would have said."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from correlator.model import Analysis
from correlator.settings import load_settings
from correlator.store.database import open_store
from correlator.store.finding_events import FindingEvent, append_events
from correlator.store.findings import finding_id, save_analysis
from correlator.store.rule_replays import (
    Basis,
    Played,
    StoredFiring,
    ask_replay,
    begin_replay,
    last_replay,
    replay_done,
    replay_failed,
)
from rules import RuleSet, load_rules
from tests.rules.test_loader import GOOD
from tests.web import cast
from web.app import create_app
from web.reading.rules import finding_counts
from web.rules.trials import trials_of

MEMORY = "upstream-timeout-under-memory-pressure"
LATER = cast.END + timedelta(hours=1)
ID = finding_id(cast.PREMIUM, cast.EXPORT)


@pytest.fixture(scope="module")
def book() -> RuleSet:
    return load_rules()


@pytest.fixture
def engine(tmp_path: Path, book: RuleSet) -> Iterator[Engine]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    save_analysis(made, cast.analysis(), cast.END, book)
    yield made
    made.dispose()


@pytest.fixture
def opened(tmp_path: Path, engine: Engine) -> Iterator[Callable[..., FlaskClient]]:
    apps: list[Flask] = []

    def open_(**environment: str) -> FlaskClient:
        values = {"CORRELATOR_DATABASE_URL": str(engine.url), **environment}
        apps.append(create_app(load_settings(None, values)))
        return apps[-1].test_client()

    yield open_
    for app in apps:
        app.extensions["correlator"].engine.dispose()


@pytest.fixture
def client(opened: Callable[..., FlaskClient]) -> FlaskClient:
    return opened()


def text_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_the_list_shows_every_rule_in_order_and_of_how_many_findings_it_speaks(
    client: FlaskClient, engine: Engine, book: RuleSet
) -> None:
    text = text_of(client, "/rules")
    places = [text.index(f"{rule.title} {rule.id}") for rule in book.rules]
    assert places == sorted(places)
    assert finding_counts(engine) == {MEMORY: 1, "fallback-transient": 1, "fallback-inconclusive": 1}
    assert "An upstream job times out under memory pressure upstream-timeout-under-memory-pressure high 1" in text


def test_a_rule_shows_its_clauses_its_examples_and_what_each_clause_saw(client: FlaskClient, book: RuleSet) -> None:
    text = text_of(client, f"/rules/{MEMORY}")
    rule = book.rule(MEMORY)
    assert rule is not None
    assert rule.version in text
    assert "Built in: rules/builtin/10-resources.yaml, line" in text
    assert str(Path.cwd()) not in text
    assert "✓ holds metric *memory* or *rss* or *heap* moved up job.memory_gib up" in text
    assert "✗ does not come out as written" not in text
    assert "0 false firings in 27.6 job-years" in text


def test_a_finding_that_one_clause_keeps_from_it_is_told_with_that_clause(
    client: FlaskClient, engine: Engine, book: RuleSet
) -> None:
    rule = book.rule("upstream-late")
    assert rule is not None
    trials = trials_of(engine, book, rule)
    assert ([one.about.id for one in trials.nearly], trials.looked_at) == ([ID], 1)
    missed = trials.nearly[0].missed
    assert missed is not None
    assert f"export_ads · tenant-01: {missed.name.replace('_', ' ')} wanted {missed.wanted}" in text_of(
        client, "/rules/upstream-late"
    ).replace(cast.PREMIUM, "tenant-01")


def test_a_rule_that_holds_behind_another_says_which_speaks(client: FlaskClient) -> None:
    text = text_of(client, "/rules/fallback-upstream")
    assert (
        f"Also holds, but another rule applies first Finding Rule that applies export_ads {cast.PREMIUM} {MEMORY}"
        in text
    )


def test_own_rules_come_first_and_broken_ones_are_said(opened: Callable[..., FlaskClient], tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "own.yaml").write_text(GOOD, encoding="utf-8")
    client = opened(CORRELATOR_RULES_FOLDERS=str(folder))
    assert "Not measured for your own rules" in text_of(client, "/rules/ours")
    (folder / "own.yaml").write_text(GOOD.replace("ask:", "asked:"), encoding="utf-8")
    text = text_of(client, "/rules")
    assert "Rule files cannot be used" in text
    assert "no key `asked` here did you mean `ask`?" in text
    assert client.get("/rules/ours").status_code == 404


def _asked(client: FlaskClient, **fields: str) -> int:
    given = {"days": "7", "basis": "known", "actor": "on-call", **fields}
    return client.post("/rules/replay", data=given, headers={"Sec-Fetch-Site": "same-origin"}).status_code


def _play(engine: Engine, versions: dict[str, str], *firings: StoredFiring) -> None:
    ask_replay(engine, "on-call", 7, 3600, Basis.KNOWN, LATER, LATER)
    begun = begin_replay(engine, LATER)
    assert begun is not None
    replay_done(engine, begun.id, Played(versions, cast.START, cast.END, 168, firings), LATER)


def _firing(**changes: object) -> StoredFiring:
    at = cast.START + timedelta(days=2)
    known = {"said_at": at, "until_at": at + timedelta(days=1), "outcome": "transient", "noise": True, "failures": 7}
    plain = {"rule_id": MEMORY, "tenant": cast.PREMIUM, "job": cast.EXPORT, "verdict": "systemic", "held_from": at}
    return StoredFiring(**{**plain, **known, **changes})  # type: ignore[arg-type]


def test_a_replay_is_asked_for_once_and_each_state_of_it_is_shown(client: FlaskClient, engine: Engine) -> None:
    assert "No replay yet" in text_of(client, f"/rules/{MEMORY}")
    assert (_asked(client), _asked(client, actor="somebody")) == (303, 303)
    assert "Waiting since" in text_of(client, "/rules")
    waiting = last_replay(engine)
    assert waiting is not None
    assert (waiting.asked_by, waiting.days, waiting.step_seconds) == ("on-call", 7, 3600)
    begun = begin_replay(engine, LATER)
    assert begun is not None
    assert "Running since" in text_of(client, "/rules")
    replay_failed(engine, begun.id, "the store is locked", LATER)
    assert "The last replay failed: the store is locked" in text_of(client, f"/rules/{MEMORY}")


@pytest.mark.parametrize("fields", [{"days": "8"}, {"days": "x"}, {"basis": "guessed"}, {"actor": " "}], ids=str)
def test_a_window_that_cannot_be_replayed_is_refused(
    client: FlaskClient, engine: Engine, fields: dict[str, str]
) -> None:
    assert _asked(client, **fields) == 422
    assert last_replay(engine) is None


def test_what_a_rule_would_have_said_and_what_of_it_was_noise(
    client: FlaskClient, engine: Engine, book: RuleSet
) -> None:
    held = cast.START + timedelta(days=5)
    stands = _firing(held_from=held, said_at=held, until_at=None, outcome="stands", noise=False)
    never = _firing(held_from=held + timedelta(days=1), said_at=None, outcome="ended", noise=False)
    _play(engine, {rule.id: rule.version for rule in book.rules}, _firing(), stands, never)
    text = text_of(client, f"/rules/{MEMORY}")
    assert "Held 3 times, fired 2 times, 1 of them false alarms (50 %)" in text
    at = held + timedelta(hours=3)
    dismissed = FindingEvent(ID, at, at, "dismiss", "on-call", False, "a test of ours")
    append_events(engine, ID, lambda before: [dismissed])
    text = text_of(client, f"/rules/{MEMORY}")
    assert "Held 3 times, fired 2 times, 2 of them false alarms (100 %)" in text
    assert "stands false alarm: dismissed" in text
    assert "It would not have fired in this window" in text_of(client, "/rules/disk-full")


def test_a_replay_of_other_rules_is_stale_and_says_why(client: FlaskClient, engine: Engine, book: RuleSet) -> None:
    versions = {rule.id: rule.version for rule in book.rules}
    _play(engine, versions)
    assert "Stale:" not in text_of(client, "/rules")
    _play(engine, {**versions, MEMORY: "000000000000"})
    assert "Stale: this rule was changed since" in text_of(client, f"/rules/{MEMORY}")
    assert "Stale: other rules were changed since" in text_of(client, "/rules/disk-full")
    versions.pop("disk-full")
    _play(engine, versions)
    assert "this rule is newer than it" in text_of(client, "/rules/disk-full")


def test_a_rule_that_changed_since_the_last_look_is_said(client: FlaskClient, engine: Engine) -> None:
    class Before:
        def match(self, finding: object, /) -> object:
            return type("Said", (), {"to_dict": lambda _: {"rule_id": "disk-full"}})()

    save_analysis(engine, Analysis(LATER, (cast.systemic(),)), LATER, Before())  # type: ignore[arg-type]
    assert "(the rule was changed since the last analysis)" in text_of(client, "/rules/disk-full")


def test_a_finding_that_waits_for_its_rule_says_what_it_waits_for(
    client: FlaskClient, engine: Engine, book: RuleSet
) -> None:
    """The rule waits for five failed runs; three are attributed to the cause."""
    assert "waits before it is told" not in text_of(client, f"/findings/{ID}")
    few = replace(cast.systemic(), observed=3)
    save_analysis(engine, Analysis(LATER, (few,)), LATER, book)
    told = "3 failed runs of the 5 it waits for"
    assert f"Its rule waits before it is told to anybody: {told}." in text_of(client, f"/findings/{ID}")
    assert f"(waits: {told})" in text_of(client, f"/rules/{MEMORY}")
