"""When a look may go by what the last one left."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from correlator.incremental.memory import READ_ANEW, usable
from correlator.incremental.state import State

MADE_AT = 1_000_000
LEFT = cast(State, SimpleNamespace(settings="settings", token="token", now=MADE_AT + 5, made_at=MADE_AT))


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ({}, True),
        ({"wanted": "other settings"}, False),
        ({"token": "of others' findings"}, False),
        ({"token": None}, False),
        ({"moment": MADE_AT + 4}, False),  # a look back, made later
        ({"now": MADE_AT - 1}, False),  # a clock set back
        ({"now": MADE_AT + READ_ANEW - 1}, True),
        ({"now": MADE_AT + READ_ANEW}, False),
    ],
)
def test_what_was_left_is_gone_by_only_where_nothing_overtook_it(given: dict[str, object], may: bool) -> None:
    asked: dict[str, object] = {"wanted": "settings", "token": "token", "moment": MADE_AT + 5, "now": MADE_AT + 5}
    assert usable(LEFT, **{**asked, **given}) is may  # type: ignore[arg-type]
