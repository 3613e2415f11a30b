"""What the check says of PagerDuty's key, and that nothing is written to find out."""

from __future__ import annotations

from typing import Any

from pytest_httpserver import HTTPServer

from connectors.pagerduty.check import check
from correlator.ports import Found, Probe
from correlator.settings import load_settings
from tests.connectors.scripted import Script, Slept, failure

SENDER = "oncall@example.com"


def refused(status: int, code: int, message: str) -> Any:
    return failure(status, {"error": {"message": message, "code": code}})


def account(asked: Any, *, writes: bool = True, plan: bool = True, users: tuple[str, ...] = (SENDER,)) -> Any:
    """An account's answers: a note on an incident that is not there is not found, or forbidden to a read-only key."""
    method, path, *_ = asked
    if method == "POST":
        return refused(404, 2100, "Not Found") if writes else refused(403, 2010, "Access Denied")
    if path.endswith(("/related_incidents", "/past_incidents")):
        return {path.rsplit("/", 1)[1]: []} if plan else refused(402, 2014, "Account does not have the ability")
    if path == "/users":
        return {"users": [{"email": email} for email in users]}
    return {path.strip("/"): [{"id": "PINC1"}]}


def probes(script: Script, sender: str = SENDER, **environment: str) -> dict[str, Probe]:
    keys = {
        "PAGERDUTY_API_KEY": "test-rest-key",
        "CORRELATOR_PAGERDUTY_URL": script.url,
        "CORRELATOR_PAGERDUTY_FROM": sender,
    }
    settings = load_settings(environment=keys | environment)
    return {probe.name: probe for probe in check(settings, Slept().patience(attempts=1))}


def failing(found: dict[str, Probe]) -> list[str]:
    return [name for name, probe in found.items() if probe.fails]


def test_an_account_that_has_it_all(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [account])
    found = probes(script)
    assert {probe.found for probe in found.values()} == {Found.OK}
    assert len(script.asked) == len(found)
    written = [path for method, path, *_ in script.asked if method != "GET"]
    assert written == ["/incidents/PNOSUCHINCIDENT/notes"]


def test_a_rate_limit_of_one_check_holds_up_no_other(httpserver: HTTPServer) -> None:
    """Each kind of source has a check, and `correlator sources check` runs them one after the other."""
    limited = failure(429, headers={"ratelimit-reset": "60"})
    script = Script(httpserver, [limited, account])
    settings = load_settings(environment={"PAGERDUTY_API_KEY": "test-rest-key", "CORRELATOR_PAGERDUTY_URL": script.url})
    first, second = check(settings), check(settings)
    assert first[0].found is Found.UNKNOWN
    assert second[0].found is Found.OK


def test_a_key_that_may_only_read(httpserver: HTTPServer) -> None:
    found = probes(Script(httpserver, [lambda asked: account(asked, writes=False)]))
    assert failing(found) == ["write notes"]
    assert found["write notes"].without == "no notes are written"
    assert "notes need a full one" in found["write notes"].hint


def test_a_key_that_is_not_to_write_is_not_tried(httpserver: HTTPServer) -> None:
    script = Script(httpserver, [account])
    assert "write notes" not in probes(script, sender="", CORRELATOR_PAGERDUTY_ATTACH="false")
    assert {method for method, *_ in script.asked} == {"GET"}


def test_a_plan_without_related_incidents_does_without(httpserver: HTTPServer) -> None:
    found = probes(Script(httpserver, [lambda asked: account(asked, plan=False)]))
    assert failing(found) == []
    assert found["read related incidents"].found is Found.MISSING


def test_an_author_nobody_knows(httpserver: HTTPServer) -> None:
    found = probes(Script(httpserver, [lambda asked: account(asked, users=("other@example.com",))]))
    assert failing(found) == ["author of notes"]
    assert SENDER in found["author of notes"].said


def test_no_author(httpserver: HTTPServer) -> None:
    assert failing(probes(Script(httpserver, [account]), sender="")) == ["author of notes"]


def test_a_key_that_has_expired(httpserver: HTTPServer) -> None:
    found = probes(Script(httpserver, [refused(401, 2006, "Invalid Credentials")]))
    assert set(failing(found)) == {"read incidents", "author of notes", "write notes"}
    assert {probe.found for probe in found.values()} == {Found.MISSING}
