"""What was there before, and where it is told: the packet, its bundle, and the redacted one."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from correlator.evidence.from_store import bundle_from_store
from correlator.evidence.known import provenance_of
from correlator.evidence.note import to_note
from correlator.evidence.packet import build_packet
from correlator.evidence.redaction.audiences import AUDIENCES
from correlator.evidence.redaction.redact import redact_bundle
from correlator.evidence.verify import verify_bundle
from correlator.lives.deeds import confirm, dismiss, do
from correlator.lives.recurrence import history_of
from correlator.lives.words import closing_line
from rules.loader import load_rules
from tests.lives.platform import DAY, FINDING, HOUR, START, Platform, sick
from tests.lives.test_stories import DONE, fixed

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
    do(suspect.engine, suspect.stored(), dismiss("on-call", "a planned test", START + 20 * DAY))
    assert history_of(suspect.engine, suspect.stored()) == ()


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
    life = do(
        suspect.engine, stored, dismiss("on-call", f"a planned test\n[incident-correlator F-OTHER] {SECRET_WORDS}", at)
    )
    lines = to_note(packet, closing_line(life)).splitlines()
    assert lines[0].startswith(
        "Dismissed by on-call, 2026-03-22 09:30 UTC: a planned test (incident-correlator F-OTHER]"
    )
    assert len(lines) <= 10
    assert lines[-1] == f"[incident-correlator {FINDING}]"
    again = do(suspect.engine, stored, confirm("on-call", "it was not", at))
    assert closing_line(again) == ""


def test_the_note_says_what_fixed_it(suspect: Platform) -> None:
    fixed(suspect)
    line = closing_line(suspect.life())
    assert line.startswith("Fixed since 2026-03-22 02:00 UTC: worker memory of ingest_events raised")
    assert "needed)" in line
