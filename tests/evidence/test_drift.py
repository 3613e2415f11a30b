"""Quoted answers laid beside what the source says now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import connectors.registry
from correlator.cli.bundle import bundle as command
from correlator.errors import InputError, SourceError, UsageError
from correlator.evidence.drift import Drift, ask_again
from correlator.evidence.quotes import Quote
from correlator.ports import Asker


class Source:
    """Gives what it holds by request; an error is raised."""

    def __init__(self, **now: Any) -> None:
        self.now = now
        self.asked: list[str] = []

    def refetch(self, request: str, body: Any) -> Any:
        self.asked.append(request)
        found = self.now.get(request)
        if isinstance(found, Exception):
            raise found
        return found


def quote(request: str, body: Any = None, source: str = "datadog") -> Quote:
    return Quote(source, f"fact-{request}", request, None, body if body is not None else {"a": 1, "b": {"c": [1]}})


def test_same_changed_gone_and_not_asked_are_told_apart() -> None:
    source = Source(same={"b": {"c": [1]}, "a": 1}, changed={"a": 2, "b": {"c": [1], "d": 0}}, bad=InputError("never"))
    quotes = [quote(name) for name in ("same", "changed", "gone", "bad")]
    found = list(ask_again(quotes, lambda _: source))
    assert [one.drift for one in found] == [Drift.SAME, Drift.CHANGED, Drift.GONE, Drift.NOT_ASKED]
    assert found[1].said == "a, b.d"
    assert str(found[3]) == "datadog fact-bad: not asked: never"


def test_a_source_that_fails_three_times_is_left_alone() -> None:
    source = Source(**{str(n): SourceError("no answer") for n in range(9)})
    found = list(ask_again([quote(str(n)) for n in range(9)], lambda _: source))
    assert len(source.asked) == 3
    assert {one.drift for one in found} == {Drift.NOT_ASKED}


def test_refused_credentials_are_not_tried_again_and_other_sources_go_on() -> None:
    broken, fine = Source(x=SourceError("refused", permanent=True)), Source(x={"a": 1, "b": {"c": [1]}})
    quotes = [quote("x"), quote("x"), quote("x", source="pagerduty")]
    found = list(ask_again(quotes, lambda name: fine if name == "pagerduty" else broken))
    assert [one.drift for one in found] == [Drift.NOT_ASKED, Drift.NOT_ASKED, Drift.SAME]
    assert broken.asked == ["x"]


def test_a_source_that_is_not_configured_is_said_for_each_quote() -> None:
    def none(kind: str) -> Asker:
        raise UsageError(f"there is no way to ask `{kind}`")

    assert [one.said for one in ask_again([quote("x")], none)] == ["there is no way to ask `datadog`"]


def test_the_command_shows_drift_and_ends_with_one(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = "POST /api/v2/spans/events/search"
    answers = {request: {"id": "run-1", "tags": ["a", "ü"]}}
    monkeypatch.setattr(connectors.registry, "build_asker", lambda kind, settings: Source(**answers))
    done = CliRunner().invoke(command, ["verify", str(bundle), "--online"], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (0, "same\n")
    answers[request]["tags"] = ["b"]
    done = CliRunner().invoke(command, ["verify", str(bundle), "--online", "--json"], catch_exceptions=False)
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert document["same"]
    assert document["online"] == [{"source": "datadog", "fact_id": "run-1", "drift": "changed", "said": "tags"}]
