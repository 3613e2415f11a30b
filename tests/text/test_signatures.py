"""Error texts as signatures: what changes is masked, what says what happened stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.text.signatures import LONGEST, signature

HELD = [line.split("\t") for line in (Path(__file__).with_name("signatures.tsv")).read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("text", "held"), HELD)
def test_a_text_has_the_signature_it_always_had(text: str, held: str) -> None:
    """Findings of years are linked by these: a new mask is a change that users see, and belongs in the changelog."""
    assert signature(text) == held


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.permutations([text for text, _ in HELD]))
def test_a_signature_does_not_depend_on_what_came_before(texts: list[str]) -> None:
    signature.cache_clear()
    assert {text: signature(text) for text in texts} == dict(HELD)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="abcdef0123456789:.@-/ Tx", max_size=60))
def test_the_short_way_for_plain_texts_masks_the_same(text: str) -> None:
    """Texts without digits are not shown to the masks; the masks would have left them as they are."""
    assert signature(f"{text} @") == f"{signature(text)} @".strip()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("timed out after 3600 s", "timed out after 3612 s"),
        ("no file at https://example.com/a?day=1", "no file at https://example.com/b?day=2"),
        ("host 10.0.0.7 refused", "host 10.0.13.8 refused"),
        (
            "run 6f1c2a7e-0000-4000-8000-0123456789ab lost",
            "run aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb lost",
        ),
        ("object 0xdeadbeef0123 gone", "object 0x0123456789ab gone"),
        ("row 1,204.5 at 04:10:33", "row 7.1 at 23:59:00"),
        ("broke\n  at line 7", "broke\n  in another place"),
        ("too   many spaces", "too many\tspaces"),
    ],
)
def test_what_changes_from_run_to_run_is_masked(one: str, other: str) -> None:
    assert signature(one) == signature(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ReadTimeout: partner did not answer", "ConnectionRefused: partner did not answer"),
        ("no table orders", "no table profiles"),
        ("deadbeef is a word of eight", "feedbeef is a word of eight"),
    ],
)
def test_what_says_what_happened_stays(one: str, other: str) -> None:
    assert signature(one) != signature(other)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=400))
def test_any_text_has_a_short_line_as_its_signature(text: str) -> None:
    found = signature(text)
    assert len(found) <= LONGEST
    assert "\n" not in found
    assert found == found.strip()


def test_a_very_long_text_is_no_trouble() -> None:
    assert len(signature("a b " * 1_000_000)) <= LONGEST
    assert signature("") == ""
