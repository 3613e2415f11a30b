"""The offset of a vendor's clock out of whole seconds: within what it says, and not moved by a bad answer."""

from __future__ import annotations

from email.utils import formatdate

from hypothesis import given
from hypothesis import strategies as st

from connectors.clock import ServerClock

NOW = 1774828800.0


@given(
    offset=st.floats(-900, 900),
    answers=st.lists(st.tuples(st.floats(0, 300), st.floats(0, 2), st.floats(0, 1)), min_size=1, max_size=40),
)
def test_the_offset_lies_within_the_uncertainty(offset: float, answers: list[tuple[float, float, float]]) -> None:
    """An answer: when it was asked for, how long it took, and after which part of that the vendor made it."""
    now = [NOW]
    clock = ServerClock(lambda: now[0])
    for at, took, part in answers:
        asked_at = NOW + at
        now[0] = asked_at + took
        clock.hear(formatdate(int(asked_at + part * took + offset), usegmt=True), asked_at)
    found = clock.offset()
    assert found is not None
    assert found.answers == len(answers)
    widest = max(took for _, took, _ in answers)
    assert abs(found.seconds - offset) <= 0.5 + widest / 2 + 1e-3


def test_a_cached_date_among_good_ones_changes_nothing() -> None:
    clock = ServerClock(lambda: NOW)
    for shift in (0, 0, -86400, 0, 0):
        clock.hear(formatdate(NOW + shift, usegmt=True), NOW)
    assert clock.told() == 0.0


def test_minutes_off_are_told_and_nothing_is_said_without_a_date() -> None:
    clock = ServerClock(lambda: NOW)
    for header in (None, "", "soon"):
        clock.hear(header, NOW)
    assert clock.told() is None
    clock.hear(formatdate(NOW + 180, usegmt=True), NOW)
    assert clock.told() == 180.5
