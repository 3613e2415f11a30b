"""Actions from proposal to outcome, against a receiver on loopback."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine
from werkzeug import Request, Response

from connectors.retries import LostAnswerError
from correlator.actions import running
from correlator.actions.deciding import approve, refuse
from correlator.actions.outcomes import check_outcomes, watch_lives
from correlator.actions.proposing import propose
from correlator.actions.running import Ran, run_actions
from correlator.actions.senders import Webhook
from correlator.actions.states import State
from correlator.actions.trust import confirmed_findings
from correlator.cli.actions import actions as command
from correlator.errors import SettingsError, SourceError, UsageError
from correlator.store.actions import claim_sending, get_action, list_actions, move_action, steps_of
from correlator.store.database import open_store
from correlator.store.finding_events import FindingEvent, append_events
from correlator.store.findings import finding_id
from tests.actions.kit import NOW, SECRET, full, look, rules, settings, stored
from tests.attaching.receiver import documented_check
from tests.evidence.factory import finding

ID = finding_id("tenant-07", "export_ads")
PERSON = {"actor": "on-call", "reason": "known and harmless"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.dispose()


def _approved(engine: Engine, tmp_path: Path, target: str = "http://127.0.0.1:9/hook") -> str:
    look(engine, full())
    (name,) = propose(engine, settings(tmp_path, target=target), NOW)
    approve(engine, name, **PERSON, at=NOW)
    return name


def _state(engine: Engine, name: str) -> str:
    found = get_action(engine, name)
    assert found is not None
    return found.state


def _steps(engine: Engine, name: str) -> list[str]:
    return [step.step for step in steps_of(engine, name)]


class Counting:
    """A sender that counts, and then does what it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[Mapping[str, Any]] = []
        self._error = error

    def __call__(self, target: str, request: Mapping[str, Any]) -> str:
        self.sent.append(request)
        if self._error:
            raise self._error
        return "done"


def _run(engine: Engine, tmp_path: Path, sender: Counting, minutes: float = 0, mode: str = "live") -> Ran:
    at = NOW + timedelta(minutes=minutes)
    return run_actions(engine, settings(tmp_path, mode), at, lambda kind, values: sender)


def test_off_is_the_default_and_nothing_is_even_proposed(engine: Engine, tmp_path: Path) -> None:
    from correlator.settings import load_settings

    look(engine, full())
    assert load_settings(None, {})["actions.mode"] == "never"
    assert propose(engine, settings(tmp_path, "never"), NOW) == ()
    assert list_actions(engine) == []


def test_a_dry_run_shows_what_would_go_out_and_sends_nothing(engine: Engine, tmp_path: Path) -> None:
    look(engine, full())
    (name,) = propose(engine, settings(tmp_path, "rehearse"), NOW)
    approve(engine, name, **PERSON, at=NOW)
    sender = Counting()
    ran = _run(engine, tmp_path, sender, mode="rehearse")
    assert sender.sent == []
    assert ran.held == {name: "actions.mode is `rehearse`"}
    assert _steps(engine, name) == ["proposed", "rehearsed", "approved", "held back"]
    assert "would send to http://127.0.0.1:9/hook" in steps_of(engine, name)[1].words


def test_nothing_goes_out_that_nobody_approved(engine: Engine, tmp_path: Path) -> None:
    look(engine, full())
    (name,) = propose(engine, settings(tmp_path), NOW)
    sender = Counting()
    _run(engine, tmp_path, sender)
    assert sender.sent == []
    refuse(engine, name, **PERSON, at=NOW)
    with pytest.raises(UsageError, match="is refused, so it cannot be approved"):
        approve(engine, name, **PERSON, at=NOW)


@pytest.mark.parametrize(("actor", "reason"), [("", "why"), ("correlator", "why"), ("on-call", " ")])
def test_only_a_person_with_a_reason_decides(engine: Engine, tmp_path: Path, actor: str, reason: str) -> None:
    look(engine, full())
    (name,) = propose(engine, settings(tmp_path), NOW)
    with pytest.raises(UsageError, match="by a person"):
        approve(engine, name, actor, reason, NOW)
    assert _state(engine, name) == State.PROPOSED


def test_one_standing_of_a_finding_makes_one_action(engine: Engine, tmp_path: Path) -> None:
    name = _approved(engine, tmp_path)
    sender = Counting()
    assert _run(engine, tmp_path, sender).done == [name]
    look(engine, full(), minutes=5)
    assert propose(engine, settings(tmp_path), NOW) == ()
    assert _run(engine, tmp_path, sender, 90) == Ran()
    assert len(sender.sent) == 1
    look(engine, finding(), minutes=100)
    at = look(engine, full(), minutes=110)
    assert len(propose(engine, settings(tmp_path), at)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"signatures": ()}, {"observed": 4}, {"verdict": finding().verdict, "cause": finding().cause}],
    ids=["no known error", "still waiting", "not systemic"],
)
def test_only_a_known_error_of_a_finding_that_is_said_is_acted_on(
    engine: Engine, tmp_path: Path, changes: dict[str, Any]
) -> None:
    look(engine, full(**changes))
    assert propose(engine, settings(tmp_path), NOW) == ()


def test_what_no_longer_stands_is_overtaken(engine: Engine, tmp_path: Path) -> None:
    name = _approved(engine, tmp_path)
    look(engine, finding(), minutes=5)
    sender = Counting()
    assert _run(engine, tmp_path, sender, 6).overtaken == [name]
    assert sender.sent == []


def test_no_more_an_hour_than_the_rule_allows(engine: Engine, tmp_path: Path) -> None:
    others = [full(tenant=f"tenant-{n:02}") for n in range(3)]
    look(engine, *others)
    for name in propose(engine, settings(tmp_path), NOW):
        approve(engine, name, **PERSON, at=NOW)
    sender = Counting()
    ran = _run(engine, tmp_path, sender)
    assert len(ran.done) == len(sender.sent) == 1
    assert set(ran.held.values()) == {"1 of this rule went out in the last hour, and no more than 1 may"}
    assert _run(engine, tmp_path, sender, 59).done == []
    assert len(_run(engine, tmp_path, sender, 61).done) == 1


def test_no_more_an_hour_than_all_rules_may(engine: Engine, tmp_path: Path) -> None:
    name = _approved(engine, tmp_path)
    why = claim_sending(
        engine, name, before="approved", to="sending", rule_id="full-disk", caps=(5, 0), at=NOW, actor="correlator"
    )
    assert why == "0 went out in the last hour, and no more than 0 may"
    assert _state(engine, name) == State.APPROVED


@pytest.mark.parametrize(
    ("error", "state"),
    [(SourceError("refused", permanent=True), State.FAILED), (LostAnswerError("no answer"), State.UNSURE)],
)
def test_what_failed_or_may_have_been_done_is_not_sent_again(
    engine: Engine, tmp_path: Path, error: Exception, state: State
) -> None:
    name = _approved(engine, tmp_path)
    sender = Counting(error)
    _run(engine, tmp_path, sender)
    _run(engine, tmp_path, sender, 120)
    assert _state(engine, name) == state
    assert len(sender.sent) == 1


def test_a_kill_between_entering_and_sending_leaves_it_unsure(engine: Engine, tmp_path: Path) -> None:
    name = _approved(engine, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _run(engine, tmp_path, Counting(KeyboardInterrupt()))  # type: ignore[arg-type]
    assert _state(engine, name) == State.SENDING
    sender = Counting()
    assert _run(engine, tmp_path, sender, 1) == Ran()
    assert _run(engine, tmp_path, sender, 10).unsure == [name]
    assert sender.sent == []


def test_what_goes_out_late_in_a_long_round_is_not_taken_for_cut(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _approved(engine, tmp_path)
    seconds = [0.0]
    monkeypatch.setattr(running, "monotonic", lambda: seconds.pop() if seconds else 400.0)

    class Meanwhile(Counting):
        def __call__(self, target: str, request: Mapping[str, Any]) -> str:
            assert _run(engine, tmp_path, Counting(), 8) == Ran()
            return super().__call__(target, request)

    assert _run(engine, tmp_path, Meanwhile()).done == [name]
    assert _state(engine, name) == State.DONE


def test_of_two_who_run_at_once_one_sends(engine: Engine, tmp_path: Path) -> None:
    name = _approved(engine, tmp_path)
    asked = {"before": "approved", "to": "sending", "rule_id": "full-disk", "at": NOW, "actor": "correlator"}
    assert claim_sending(engine, name, caps=(9, 9), **asked) == ""  # type: ignore[arg-type]
    assert claim_sending(engine, name, caps=(9, 9), **asked) == "it is no longer approved"  # type: ignore[arg-type]


def _judged(engine: Engine, step: str, machine: bool = False, minutes: float = 1, tenant: str = "tenant-07") -> None:
    at, about = NOW + timedelta(minutes=minutes), finding_id(tenant, "export_ads")
    event = FindingEvent(about, at, at, step, "correlator" if machine else "on-call", machine, "seen before")
    append_events(engine, about, lambda before: [event])


def test_trust_is_earned_by_findings_that_people_confirmed(engine: Engine, tmp_path: Path) -> None:
    tenants = ["tenant-01", "tenant-02", "tenant-03"]
    look(engine, *(full(tenant=tenant) for tenant in tenants))
    _judged(engine, "confirm", tenant="tenant-01")
    _judged(engine, "confirm", tenant="tenant-01")
    _judged(engine, "confirm", machine=True, tenant="tenant-03")
    assert confirmed_findings(engine, "full-disk") == 1
    _judged(engine, "confirm", tenant="tenant-02")
    assert confirmed_findings(engine, "full-disk") == 2
    assert confirmed_findings(engine, "rest") == 0
    names = propose(engine, settings(tmp_path), NOW)
    assert {_state(engine, name) for name in names} == {State.APPROVED}
    assert "people confirmed 2 findings" in steps_of(engine, names[0])[-1].words


def test_trust_is_lost_by_one_that_was_dismissed(engine: Engine) -> None:
    tenants = ["tenant-01", "tenant-02", "tenant-03"]
    look(engine, *(full(tenant=tenant) for tenant in tenants))
    for minutes, (step, tenant) in enumerate(
        [("confirm", tenants[0]), ("dismiss", tenants[1]), ("confirm", tenants[2])], 1
    ):
        _judged(engine, step, minutes=minutes, tenant=tenant)
    assert confirmed_findings(engine, "full-disk") == 1


@pytest.mark.parametrize(
    ("shown", "helped"),
    [(["fixed"], True), (["watch", "back"], False), (["failing-otherwise"], False), (["watch"], None)],
)
def test_the_outcome_is_what_the_watch_shows(
    engine: Engine, tmp_path: Path, shown: list[str], helped: bool | None
) -> None:
    name = _approved(engine, tmp_path)
    _run(engine, tmp_path, Counting())
    for minutes, step in enumerate(shown, 1):
        _judged(engine, step, machine=True, minutes=minutes)
    found = check_outcomes(engine, watch_lives(engine), NOW + timedelta(days=1))
    assert found == ({} if helped is None else {name: helped})
    assert _state(engine, name) == {True: "helped", False: "did not help", None: "done"}[helped]
    assert confirmed_findings(engine, "full-disk") == 0


def test_steps_are_never_changed_and_an_action_moves_only_from_where_it_stands(engine: Engine, tmp_path: Path) -> None:
    name = _approved(engine, tmp_path)
    before = steps_of(engine, name)
    assert not move_action(engine, name, "done", before={"sending"}, actor="x", words="", at=NOW)
    assert steps_of(engine, name) == before
    assert [step.number for step in before] == [1, 2, 3]


def test_a_webhook_is_signed_and_carries_the_facts(engine: Engine, tmp_path: Path, httpserver: HTTPServer) -> None:
    got: list[Request] = []

    def receive(request: Request) -> Response:
        got.append(request)
        request.get_data()
        return Response('{"ok": true}', 202)

    httpserver.expect_request("/hook", method="POST").respond_with_handler(receive)
    name = _approved(engine, tmp_path, httpserver.url_for("/hook"))
    ran = run_actions(engine, settings(tmp_path, target=httpserver.url_for("/hook")), NOW)
    assert ran.done == [name]
    (request,) = got
    assert documented_check()({name.lower(): value for name, value in request.headers}, request.get_data(), SECRET)
    assert request.headers["Idempotency-Key"] == request.headers["webhook-id"] == name
    body = json.loads(request.get_data())
    assert (body["rule"], body["finding_id"], body["fix"]) == ("full-disk", ID, "Remove old files.")
    assert "HTTP 202" in steps_of(engine, name)[-1].words
    assert SECRET not in str(steps_of(engine, name))


@pytest.mark.parametrize(("status", "error"), [(400, SourceError), (302, SourceError), (500, LostAnswerError)])
def test_what_a_webhook_answers(httpserver: HTTPServer, status: int, error: type[Exception]) -> None:
    httpserver.expect_request("/hook").respond_with_data(f"{SECRET} said no", status, {"Location": "/other"})
    with pytest.raises(error) as caught:
        Webhook(SECRET, lambda: 0.0)(httpserver.url_for("/hook?token-of-the-address"), {"action_id": "A-1"})
    assert isinstance(caught.value, LostAnswerError) is (error is LostAnswerError)
    assert not any(one in str(caught.value) for one in (SECRET, "token-of-the-address"))
    assert len(httpserver.log) == 1


def test_nobody_there_is_certainly_not_done() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="no answer") as caught:
        Webhook(SECRET, lambda: 0.0)(f"http://127.0.0.1:{port}/", {"action_id": "A-1"})
    assert not isinstance(caught.value, LostAnswerError)


@pytest.mark.parametrize(
    "target",
    ["http://example.com/hook", "ftp://127.0.0.1/x", "https://user:pass@example.com/", "file:///etc/passwd", "x"],
)
def test_an_address_that_may_not_be_used_is_held_back(engine: Engine, tmp_path: Path, target: str) -> None:
    name = _approved(engine, tmp_path, target)
    ran = run_actions(engine, settings(tmp_path, target=target), NOW)
    assert "is no address that may be used" in ran.held[name]
    assert "would fail" in steps_of(engine, name)[1].words


def test_a_webhook_without_its_key_is_held_back(engine: Engine, tmp_path: Path) -> None:
    from dataclasses import replace

    name = _approved(engine, tmp_path)
    ran = run_actions(engine, replace(settings(tmp_path), environment={}), NOW)
    assert "ACTIONS_WEBHOOK_SECRET is not set" in ran.held[name]


def test_an_unknown_mode_is_an_error(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"line 3: actions\.mode must be one of"):
        propose(engine, settings(tmp_path, "maybe"), NOW)


def test_the_commands_show_approve_and_run(engine: Engine, tmp_path: Path) -> None:
    look(engine, full())
    settings(tmp_path, "rehearse")
    given = ["--config", str(tmp_path / "correlator.yaml")]
    ran = CliRunner().invoke(command, ["run", *given])
    assert "mode rehearse: 1 proposed" in ran.stdout
    (row,) = json.loads(CliRunner().invoke(command, ["list", "--json", *given]).stdout)["actions"]
    done = CliRunner().invoke(command, ["approve", row["id"], "--by", "on-call", "--reason", "known", *given])
    assert done.stdout == f"{row['id']} is approved\n"
    shown = CliRunner().invoke(command, ["show", row["id"], *given]).stdout
    assert "approved by on-call: known" in shown
    assert row["id"] in CliRunner().invoke(command, ["list", *given]).stdout
    missing = CliRunner().invoke(command, ["show", "A-NONE", *given])
    assert isinstance(missing.exception, UsageError)
    refused = CliRunner().invoke(command, ["refuse", row["id"], "--by", "on-call", "--reason", "freeze", *given])
    assert "is refused" in refused.stdout
    assert stored(engine, ID).finding.job == "export_ads"
    assert rules("rerun").rules[0].action is not None
