"""One simulated history with its verdicts and a bundle of it, made once for all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from correlator.engine import analyze
from correlator.evidence.bundle import Wanted, create_bundle
from correlator.evidence.provenance import Provenance
from correlator.evidence.quotes import Quote
from correlator.model import Analysis, Cause, Finding
from correlator.simulation.stories import write_story
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder
from rules import load_rules
from tests.evidence.factory import FINDING_ID

QUOTES = (Quote("datadog", "run-1", "POST /api/v2/spans/events/search", None, {"id": "run-1", "tags": ["a", "ü"]}),)


@dataclass(frozen=True)
class World:
    tables: Tables
    analysis: Analysis
    finding: Finding
    provenance: Provenance

    @property
    def wanted(self) -> Wanted:
        return Wanted(FINDING_ID, self.finding.tenant, self.finding.job)

    def bundle(self, path: Path) -> Path:
        create_bundle(path, self.wanted, self.tables, load_rules(), self.provenance, QUOTES)
        return path


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("story")
    write_story("deep-upstream", 3, folder, datetime(2026, 4, 1, tzinfo=UTC), days=21)
    tables = read_folder(folder)
    analysis = analyze(tables)
    about = next(f for f in analysis.findings if f.job == "export_ads")
    assert about.cause is Cause.UPSTREAM, "the story's export fails because of its upstream"
    return World(tables, analysis, about, Provenance(as_of=analysis.as_of))


@pytest.fixture(scope="session")
def bundle(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.bundle(tmp_path_factory.mktemp("bundle") / "evidence.zip")
