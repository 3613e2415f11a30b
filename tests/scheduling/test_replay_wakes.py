"""From the button on the page of rules to the replay: begun within seconds, and its end shown there."""

from __future__ import annotations

from pathlib import Path

from correlator.store.ledger import list_jobs
from correlator.store.rule_replays import ReplayState, last_replay
from tests.scheduling.test_webhook_wakes import scheduler, settings_for, until
from web.app import create_app


def test_a_replay_that_is_asked_for_is_begun_at_once(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9")
    app = create_app(settings)
    client, engine = app.test_client(), app.extensions["correlator"].engine
    asked = client.post("/rules/replay", data={"actor": "on-call"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert asked.status_code == 303
    with scheduler(settings):
        until(lambda: (found := last_replay(engine)) is not None and found.state is ReplayState.FAILED)
        until(lambda: any(run.ok is False for run in list_jobs(engine, "replay")))
    assert "The last replay failed: nothing is stored to replay" in client.get("/rules").text
    engine.dispose()
