"""Reading vendors' payloads: paths, times, ids, and words that may stand in an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.payloads import (
    UnmappableError,
    dig,
    excerpt,
    identifier,
    masked,
    millis,
    moment,
    optional_moment,
    set_aside,
    text_of,
)

AT = datetime(2026, 3, 1, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "path", "found"),
    [
        ({"a": {"b": {"c": 1}}}, "a.b.c", 1),
        ({"a.b": {"c": 1}}, "a.b.c", 1),
        ({"a": {"b.c": 1}}, "a.b.c", 1),
        ({"a": {"b": None}, "a.b": 2}, "a.b", 2),
        ({"a": [1]}, "a.0", None),
        (None, "a", None),
    ],
)
def test_a_path_finds_nested_and_flat_keys(value: object, path: str, found: object) -> None:
    assert dig(value, path) == found


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-01T02:05:00Z", "2026-03-01t02:05:00z", "2026-03-01T03:05:00+01:00"),
        *("1772330700", "1772330700000", "1772330700000000", "1772330700000000000"),
    ],
)
def test_times_are_read_in_any_spelling(text: str) -> None:
    assert moment(text, "at") == AT


@given(
    st.integers(0, 6_000_000_000).map(
        lambda seconds: datetime(2001, 9, 10, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=7)
    )
)
def test_milliseconds_come_back_as_the_same_time(at: datetime) -> None:
    assert abs(moment(millis(at), "at") - at) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no at"),
        ("  ", "no at"),
        ({}, "no at"),
        ("soon", "at is not a time: 'soon'"),
        ("2026-03-01", "at has no offset: '2026-03-01'"),
        ("9999-12-31T23:59:59-01:00", "at is not a time"),
        ("0001-01-01T00:00:00+02:00", "at is not a time"),
    ],
)
def test_what_is_no_time_is_refused(value: object, reason: str) -> None:
    with pytest.raises(UnmappableError, match=reason):
        moment(value, "at")


def test_a_blank_optional_time_is_none() -> None:
    assert optional_moment("", "at") is None
    assert optional_moment("2026-03-01T02:05:00Z", "at") == AT


def test_scalars_are_texts_and_the_rest_is_nothing() -> None:
    scalars: list[Any] = [" a ", 7, 1.5, True]
    others: list[Any] = ["", None, [], {}]
    assert [text_of(value) for value in scalars] == ["a", "7", "1.5", "true"]
    assert [text_of(value) for value in others] == [None] * 4


def test_texts_hold_nothing_that_a_database_refuses() -> None:
    assert text_of("a\x00b\ud800c") == "ab?c"
    assert set_aside({"id": "x"}, "why \x00").reason == "why "


def test_an_identifier_must_fit_a_key() -> None:
    assert identifier(7, "run id") == "7"
    for value, reason in ((None, "no run id in it"), ("x" * 513, "longer than 512")):
        with pytest.raises(UnmappableError, match=reason):
            identifier(value, "run id")
    assert len(set_aside({"id": "x" * 513}, "why").item_id) == 20


def test_an_item_without_an_id_is_named_by_its_content() -> None:
    first, second = set_aside({"x": 1}, "why"), set_aside({"x": 1}, "why")
    assert first == second
    assert first.item_id != set_aside({"x": 2}, "why").item_id
    assert set_aside(None, "why").payload == {"value": None}
    assert set_aside({"id": "a"}, "why").item_id == "a"


def test_an_excerpt_is_one_line_without_markup_and_secrets() -> None:
    text = "<html><b>No</b>\n key-1 here</html>" + "x" * 400
    found = excerpt(text, ("key-1", ""))
    assert found.startswith("No [secret] here")
    assert len(found) == 300


@given(st.integers(0, 4000))
def test_no_part_of_a_secret_is_told_wherever_it_stands(before: int) -> None:
    """A cut through the middle would leave the beginning of it."""
    told = excerpt("<i>" * (before // 4) + "x" * (before % 400) + "SECRET-7f3a-9c1d", ("SECRET-7f3a-9c1d",))
    assert "SECRET" not in told


def test_an_answer_that_echoes_a_key_is_read_without_it() -> None:
    assert masked(b'{"key": "0123456789abcdef"}', ("0123456789abcdef", "")) == b'{"key": "[secret]"}'
    assert masked(b'{"data": []}', ("a",)) == b'{"data": []}'
