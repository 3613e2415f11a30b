"""Where evidence goes, on the page of sources: which sink is in trouble, since when, and what to do."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient

from correlator.store.database import open_store
from correlator.store.sinks import SinkStatus, list_sinks, record_sinks
from tests.web import cast

TROUBLE = SinkStatus("webhook", cast.END, "webhook.url is no address: 'x'", "e.g. https://hooks.example.com/findings")


def test_a_sink_in_trouble_is_said_with_its_beginning_until_it_is_over(
    tmp_path: Path, open_client: Callable[[Path], FlaskClient]
) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    record_sinks(engine, [TROUBLE, SinkStatus("slack", cast.END)])
    later = cast.END + timedelta(hours=1)
    record_sinks(engine, [SinkStatus("webhook", later, TROUBLE.error, TROUBLE.hint), SinkStatus("slack", later)])
    slack, webhook = list_sinks(engine)
    assert (slack.failing_since, webhook.failing_since, webhook.at) == (None, cast.END, later)
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", open_client(tmp_path).get("/sources").text)).split())
    assert "Cannot be written to: webhook" in page
    assert "✗ webhook.url is no address: 'x' e.g. https://hooks.example.com/findings Since" in page
    assert "✓ slack ok as of" in page
    record_sinks(engine, [SinkStatus("slack", later)])
    assert [status.sink for status in list_sinks(engine)] == ["slack"]
    engine.dispose()
