"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from correlator.errors import UsageError
from correlator.text.lengths import interval


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("6h", 21600), ("1d", 86400), (" 90m ", 5400)])
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert interval(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "-5m", "5 m", "1w", "five minutes"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(UsageError, match="not a length of time"):
        interval(text)
