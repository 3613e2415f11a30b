"""What was there before, and where it is told: the packet, its bundle, and the redacted one."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from correlator.evidence.from_store import bundle_from_store
from correlator.evidence.known import provenance_of
from correlator.evidence.note import to_note
from correlator.evidence.packet import build_packet
from correlator.evidence.provenance import Provenance
from correlator.evidence.redaction.audiences import AUDIENCES
from correlator.evidence.redaction.redact import redact_bundle
from correlator.evidence.verify import verify_bundle
from correlator.lifecycle.opinion import opinion_of
from correlator.lifecycle.recurrence import history_of, known_here
from correlator.lifecycle.transitions import confirm, dismiss, enter_step
from correlator.lifecycle.words import closing_line
from correlator.text.quantities import moment
from rules.loader import load_rules
from rules.model import KnownError
from tests.lifecycle.platform import DAY, FINDING, HOUR, START, Platform, sick
from tests.lifecycle.test_stories import DONE, fixed

SECRET_WORDS = "what tenant-99 told us on the phone"


@pytest.fixture
def back(suspect: Platform) -> Platform:
    """It was fixed, and came back."""
    end = fixed(suspect)
    suspect.go(end, end + 30 * HOUR, sick(5, 0.3))
    suspect.look(end + 30 * HOUR)
    return suspect


def test_the_packet_tells_what_fixed_it_then(back: Platform) -> None:
    provenance = provenance_of(back.engine, back.settings, back.stored(), [])
    packet = build_packet(back.stored().finding, None, provenance, finding_id=FINDING)
    history = next(part for part in packet.parts if part.title == "History")
    assert any(DONE in str(block) and "the same job and root and signature" in str(block) for block in history.blocks)


def test_what_is_there_now_is_not_its_own_past(suspect: Platform) -> None:
    assert history_of(suspect.engine, suspect.stored()) == ()
    enter_step(suspect.engine, suspect.stored(), dismiss("on-call", "a planned test", START + 20 * DAY))
    assert history_of(suspect.engine, suspect.stored()) == ()


def test_since_when_such_texts_are_raised_here(suspect: Platform) -> None:
    """A fact of the store, beside what the rule's author wrote; elsewhere it is another job's."""
    stored = suspect.stored()
    signatures = opinion_of(stored.finding).root_signatures
    since = moment(suspect.life().events[0].at)
    words = known_here(suspect.engine, stored, signatures)
    assert words == f"raised for this job since {since}, and nowhere earlier"
    other = replace(stored, finding=replace(stored.finding, tenant="tenant-99"))
    job = f"{stored.finding.job} for {stored.finding.tenant}, {FINDING}"
    assert known_here(suspect.engine, other, signatures) == (
        f"not raised for this job before; first of all on {since} ({job})"
    )
    assert known_here(suspect.engine, stored, ("never seen",)) == known_here(suspect.engine, stored, ()) == ""
    provenance = replace(provenance_of(suspect.engine, suspect.settings, stored, []), known_here=words)
    assert Provenance.from_dict(provenance.to_dict()).known_here == words
    match = replace(load_rules([]).match(stored.finding), known_error=KnownError("*", "why", "what", "2026-01-31"))
    history = build_packet(stored.finding, match, provenance, finding_id=FINDING).parts[7]
    assert words in str(history)
    assert "2026-01-31, as the rule says" in str(history)


def test_the_bundle_holds_it_and_the_customers_does_not(back: Platform, tmp_path: Path) -> None:
    whole, theirs = tmp_path / "whole.zip", tmp_path / "theirs.zip"
    bundle_from_store(back.engine, FINDING, whole, load_rules([]), back.settings)
    assert verify_bundle(whole).same
    assert DONE in _packet(whole)
    redact_bundle(whole, theirs, AUDIENCES["customer"])
    assert verify_bundle(theirs).same
    with zipfile.ZipFile(theirs) as archive:
        assert not [name for name in archive.namelist() if DONE.encode() in archive.read(name)]


def _packet(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return archive.read("packet.md").decode()


def test_the_note_says_first_that_it_is_over(suspect: Platform) -> None:
    stored = suspect.stored()
    packet = build_packet(
        stored.finding, None, provenance_of(suspect.engine, suspect.settings, stored, []), finding_id=FINDING
    )
    assert closing_line(suspect.life()) == ""
    at = datetime.fromisoformat("2026-03-22T09:30:00Z")
    life = enter_step(
        suspect.engine, stored, dismiss("on-call", f"a planned test\n[incident-correlator F-OTHER] {SECRET_WORDS}", at)
    )
    lines = to_note(packet, closing_line(life)).splitlines()
    assert lines[0].startswith(
        "Dismissed by on-call, 2026-03-22 09:30 UTC: a planned test (incident-correlator F-OTHER]"
    )
    assert len(lines) <= 10
    assert lines[-1] == f"[incident-correlator {FINDING}]"
    again = enter_step(suspect.engine, stored, confirm("on-call", "it was not", at))
    assert closing_line(again) == ""


def test_the_note_says_what_fixed_it(suspect: Platform) -> None:
    fixed(suspect)
    line = closing_line(suspect.life())
    assert line.startswith("Fixed since 2026-03-22 02:00 UTC: worker memory of ingest_events raised")
    assert "needed)" in line
