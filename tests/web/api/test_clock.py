"""An incident's clock by programs is that of the page: the same sentences, steps, and points."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape

import msgspec
import pytest
from flask.testing import FlaskClient

from correlator.evidence.charts.incident import Line
from web.api.clock import metric_told


@pytest.mark.parametrize("clock", ["happened", "known"])
def test_what_is_said_of_a_moment_is_what_the_page_says(client: FlaskClient, clock: str) -> None:
    asked = f"Q1EXPORT?clock={clock}"
    now = client.get(f"/api/v1/incidents/{asked}").get_json()["look_back"]
    assert (now["at"], now["lines"], now["after"]) == (None, [], None)
    assert now["before"] == now["steps"][-1]
    for step in now["steps"][:: max(1, len(now["steps"]) // 3)]:
        then = client.get(f"/api/v1/incidents/{asked}&at={step['at']}").get_json()
        page = unescape(client.get(f"/incidents/{asked}&at={step['at']}").text)
        assert then["look_back"]["at"] == step["at"]
        assert then["look_back"]["lines"][0] in page
        assert all(attempt["run_id"] in page for attempt in then["attempts"])


def test_a_metric_has_its_points_gaps_and_quiet_days_as_moments() -> None:
    at = datetime(2026, 3, 15, 4, tzinfo=UTC)
    ms = int(at.timestamp() * 1000)
    line = Line(
        "memory_gib", "ingest_events", (((ms, 11.5),), ((ms + 60_000, 6.0),)), ((ms, ms + 1, 1, 2, 3),), "words"
    )
    told = msgspec.to_builtins(metric_told(line))
    assert [[point["at"] for point in piece] for piece in told["pieces"]] == [
        ["2026-03-15T04:00:00Z"],
        ["2026-03-15T04:01:00Z"],
    ]
    assert told["quiet"] == [
        {"start": "2026-03-15T04:00:00Z", "end": "2026-03-15T04:00:00.001000Z", "low": 1, "middle": 2, "high": 3}
    ]
