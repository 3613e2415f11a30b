"""A note that is too long: whole words, and verdict, ask, link and marker stay."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from correlator.evidence.note import CHARACTERS, marker, to_note
from correlator.evidence.shortening import fitted
from correlator.text.quantities import whole_words
from rules.model import RuleMatch
from tests.evidence.factory import FINDING_ID, packet, upstream

WORD = st.text("abcdefgh", min_size=1, max_size=12)
LINE = st.lists(WORD, min_size=1, max_size=60).map(" ".join)
LINK = "Evidence: https://correlator.example.com/findings/F-ABCDEFGHIJ"
ASK = RuleMatch(
    rule_id="memory",
    rule_version="0123456789ab",
    title="Memory",
    ask="raise the memory " * 200 + "now",
    owner="data-platform",
    owner_reason="",
    severity="high",
    due="",
    runbook="",
)


@given(LINE, st.integers(1, 400))
def test_words_are_never_cut(text: str, limit: int) -> None:
    short = whole_words(text, limit)
    assert len(short) <= limit
    kept = short.removesuffix("…").split()
    assert kept == text.split()[: len(kept)]
    assert (short == text) is (len(text) <= limit)


@given(LINE, st.lists(LINE, max_size=3), LINE, LINE, st.integers(300, 2000))
def test_a_note_fits_and_keeps_what_it_is_written_for(
    verdict: str, examples: list[str], chance: str, ask: str, limit: int
) -> None:
    lines = [verdict, *(f"- {line}" for line in examples), chance, f"Ask: {ask}", LINK, marker("F-ABCDEFGHIJ")]
    short = fitted(lines, limit)
    assert len("\n".join(short)) <= limit
    assert short[-2:] == lines[-2:]
    assert short[0].removesuffix(" …") in verdict
    assert any(line.startswith("Ask: ") for line in short)
    if len("\n".join(lines)) <= limit:
        assert short == lines


def test_examples_go_before_a_word_of_the_ask() -> None:
    lines = ["Systemic", "- " + "one " * 30, "- " + "two " * 30, "Ask: " + "more " * 20, LINK, "[marker]"]
    assert fitted(lines, 300) == [lines[0], *lines[3:]]


def test_a_real_note_with_an_endless_ask_and_endless_names_fits() -> None:
    made = packet(upstream(job="export " * 300, tenant="tenant-07 " * 90), page_url="https://example.com/findings/1")
    note = to_note(replace(made, match=ASK))
    assert len(note) <= CHARACTERS
    lines = note.splitlines()
    assert lines[-1] == marker(FINDING_ID)
    assert "Evidence: https://example.com/findings/1" in lines
    (ask,) = [line for line in lines if line.startswith("Ask: raise the memory")]
    assert all(word in ("Ask:", "raise", "the", "memory", "now", "…") for word in ask.split())
