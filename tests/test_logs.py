"""What is logged, and what never is."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from correlator.errors import SettingsError
from correlator.logs import MASK, set_up_logs
from correlator.settings import load_settings

KEY = "0123456789abcdef"


def _logs(**environment: str) -> io.StringIO:
    stream = io.StringIO()
    set_up_logs(load_settings(environment=environment), stream)
    return stream


def test_an_event_is_one_line_with_its_values() -> None:
    stream = _logs()
    structlog.get_logger("part").info("job done", job="pull:datadog", rows=3)
    assert stream.getvalue().count("\n") == 1
    for part in ("info", "job done", "job=pull:datadog", "rows=3", "Z"):
        assert part in stream.getvalue()


def test_json_is_one_object_a_line() -> None:
    stream = _logs(CORRELATOR_LOG_FORMAT="json")
    structlog.get_logger("part").warning("late", seconds=4, names=["a", "b"])
    logging.getLogger("a.library").error("broken: %s", "pipe")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["level"], first["seconds"], first["names"]) == ("late", "warning", 4, ["a", "b"])
    assert (second["event"], second["level"]) == ("broken: pipe", "error")


URL = "postgresql://user:hunt@er22@db/x?sslpassword=hunt"


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_masked_wherever_they_turn_up(form: str) -> None:
    stream = _logs(CORRELATOR_LOG_FORMAT=form, DD_API_KEY=KEY)
    log = structlog.get_logger("part")
    log.info("asked with %s", KEY, url=URL, nested={"headers": [KEY]}, error=OSError(KEY))
    logging.getLogger("a.library").warning("header %s", {"DD-API-KEY": KEY})
    try:
        int(KEY + "-")
    except ValueError:
        log.exception("failed")
    assert KEY not in stream.getvalue()
    assert not any(part in stream.getvalue() for part in ("hunt", "er22"))
    assert stream.getvalue().count(MASK) >= 5
    assert "postgresql://user:" in stream.getvalue()


def test_the_level_is_a_setting() -> None:
    stream = _logs(CORRELATOR_LOG_LEVEL="warning")
    structlog.get_logger("part").info("not told")
    structlog.get_logger("part").warning("told")
    assert "not told" not in stream.getvalue()
    assert "told" in stream.getvalue()


@pytest.mark.parametrize("variable", ["CORRELATOR_LOG_LEVEL", "CORRELATOR_LOG_FORMAT"])
def test_a_wrong_value_is_told_with_its_place(variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        _logs(**{variable: "loud"})
