"""Held stories: whoever gets the packet finds ids, times, cause, ask and owner in it, and opens nothing else.

Seeds are drawn anew each day, so that nothing is written for one of them; a failure names the story and seed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from correlator.engine import analyze
from correlator.evidence.bundle import Wanted, bundle_case
from correlator.evidence.contents import derived_files
from correlator.evidence.provenance import Provenance
from correlator.model import Cause, Finding, Verdict
from correlator.simulation.stories import write_story
from correlator.tables.reading import read_folder
from rules import load_rules
from tests.evidence.factory import FINDING_ID

STORIES = (
    "upstream-timeout", "deep-upstream", "late-upstream", "mixed-causes", "alternating-roots", "shared-outage",
    "own-change", "slow-worsening", "transient", "night-decoy",
)  # fmt: skip
TODAY = datetime.now(UTC).date().toordinal()
TITLES = (
    "Verdict", "Ask and owner", "Scope", "Exact ids and aligned times", "chance", "Pictures", "Layers looked at",
    "History", "How to reproduce", "Provenance",
)  # fmt: skip
UTC_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d"


@dataclass(frozen=True)
class Told:
    """A story's packets of one finding."""

    name: str
    finding: Finding
    files: dict[str, str]

    def part(self, number: int) -> str:
        """The Markdown of one of the ten parts."""
        found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", self.files["packet.md"], re.MULTILINE | re.DOTALL)
        assert found, f"{self.name}: no part {number}"
        return found.group()


@pytest.fixture(scope="module", params=STORIES)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    seed = Random(f"{request.param} {TODAY}").randrange(10**6)
    folder: Path = tmp_path_factory.mktemp("held")
    write_story(request.param, seed, folder, datetime(2026, 4, 1, tzinfo=UTC), days=14)
    tables = read_folder(folder)
    analysis = analyze(tables)
    found = max(analysis.findings, key=lambda one: (one.verdict is Verdict.SYSTEMIC, one.failed_first, one.job))
    wanted = Wanted(FINDING_ID, found.tenant, found.job)
    case, _ = bundle_case(wanted, tables, load_rules(), Provenance(as_of=analysis.as_of))
    made = derived_files(case, {})
    texts = {name: made[name].decode() for name in ("packet.md", "packet.html", "note.txt", "ticket.txt")}
    return Told(f"{request.param}, seed {seed}", case.finding, texts)


def test_all_ten_parts_are_there_in_order_and_none_is_empty(told: Told) -> None:
    titles = re.findall(r"^## \d+\. (.*)$", told.files["packet.md"], re.MULTILINE)
    assert len(titles) == len(TITLES)
    assert all(wanted in title for wanted, title in zip(TITLES, titles, strict=True)), told.name
    assert all(len(told.part(number).splitlines()) > 2 for number in range(1, 11)), told.name


def test_cause_and_confidence_are_said_first(told: Told) -> None:
    first = told.part(1)
    assert told.finding.verdict.value.capitalize() in first
    if told.finding.root_job and told.finding.cause is Cause.UPSTREAM:
        assert told.finding.root_job.replace("_", "") in first.replace("\\_", "").replace("_", "")
    if told.finding.confidence is not None:
        assert "confidence" in first


def test_the_ask_has_an_owner_and_a_date_or_says_why_not(told: Told) -> None:
    part = told.part(2)
    for label in ("**To:**", "**By when:**", "**Severity:**"):
        assert re.search(rf"{re.escape(label)} \S", part), f"{told.name}: {label}"


def test_every_shown_run_has_id_time_and_error(told: Told) -> None:
    part = told.part(4)
    latest = sorted((pair for pair in told.finding.pairs if pair.failed_at), key=lambda pair: str(pair.failed_at))[-25:]
    for pair in latest:
        assert pair.logical_run_id in part, f"{told.name}: {pair.logical_run_id}"
        assert pair.failed_at is not None
        assert pair.failed_at.strftime("%Y-%m-%d %H:%M:%S") in part
    if not latest:
        assert "nothing to align" in part


def test_chance_layers_and_reproduction_carry_their_numbers(told: Told) -> None:
    assert re.search(r"\*\*p-value:\*\* \S", told.part(5))
    assert "eliminated" in told.part(7) or "No layers were compared" in told.part(7)
    assert "correlator bundle verify" in told.part(9)
    assert re.search(UTC_TIME, told.part(9))
    assert re.search(r"\*\*Data as of:\*\* " + UTC_TIME, told.part(10))


def test_the_note_alone_says_what_where_when_and_who(told: Told) -> None:
    lines = told.files["note.txt"].splitlines()
    assert len(lines) <= 10
    assert told.finding.job in lines[0]
    assert any(line.startswith("Ask: ") for line in lines)
    assert any(line.startswith("To: ") for line in lines)
    assert any(line.startswith("Data as of ") for line in lines)
    if told.finding.pairs:
        assert any(re.search(UTC_TIME, line) for line in lines[1:4])


def test_the_ticket_has_its_frame_and_marks_what_a_person_must_add(told: Told) -> None:
    text = told.files["ticket.txt"]
    places = [
        text.index(f"\n{title}\n") for title in ("SYMPTOM", "REPRODUCTION", "LAYERS ELIMINATED", "HYPOTHESIS", "ASK")
    ]
    assert places == sorted(places)
    assert text.count("[to complete: ") == 5
    assert "correlator bundle verify" in text


def test_no_internal_name_and_no_hole_shows(told: Told) -> None:
    for name, text in told.files.items():
        plain = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        holes = re.findall(
            r"\bNone\b|\bnan\b|\binf\b|Cause\.|Verdict\.|\{[a-z_]+\}|root_timed_out_share|root_error", plain
        )
        assert holes == [], f"{told.name}: {name}"
