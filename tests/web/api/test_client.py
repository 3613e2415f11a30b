"""The client in docs/api.md does what the page says, against the pages' real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from correlator.store.findings import finding_id
from tests.frame.tree import ROOT
from tests.web import cast
from tests.web.factory import settings_for
from tests.web.listening import listening
from web.api.reference import reference_page

FOUND = finding_id(cast.PREMIUM, cast.EXPORT)
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def client(full_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[str]]]:
    """Runs the program as it stands, but for pages of one row, and gives the lines it prints."""
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with listening(settings_for(tmp_path)) as port:

        def run(*arguments: str) -> list[str]:
            done = subprocess.run(
                [sys.executable, "-W", "error", "-c", program.replace('"limit": 50', '"limit": 1'), *arguments],
                env={"PATH": os.environ["PATH"], "CORRELATOR_URL": f"http://127.0.0.1:{port}"},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
            return done.stdout.splitlines()

        yield run


def test_support_pastes_ids_and_hands_on_a_packet(client: Callable[..., list[str]], tmp_path: Path) -> None:
    said = client("check", "export_ads-tenant-07-20260304T0400-1", "run-of-nobody")
    assert said[0].startswith("tenant-07 export_ads: systemic. ")
    assert said[1:] == ["run-of-nobody: not known, data as of 2026-03-15T10:00:00Z", f"packet.md is about {FOUND}"]
    assert "export_ads-tenant-07-20260304T0400-1" in (tmp_path / "packet.md").read_text(encoding="utf-8")


def test_the_commander_sees_what_could_be_known_at_a_time(client: Callable[..., list[str]]) -> None:
    now, early = client("incident"), client("incident", "Q1EXPORT", "2026-03-15T04:30:00Z")
    assert now[0] == early[0]
    assert now[0].startswith("export_ads is blank | ")
    assert early[1] == "as known at 2026-03-15T04:30:00Z"
    assert "- The incident had not arrived yet" in early
    assert "said then: nothing" in early
    assert any(line.startswith("- The incident had been resolved") for line in now)


def test_the_owning_team_pages_polls_and_verifies_the_evidence(
    client: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert client("evidence") == [
        f"{FOUND} tenant-07 export_ads <- ingest_events",
        "nothing changed",
        "evidence.zip is whole: True",
        "Verified | Same: every hash holds, and the history in the bundle gives the same verdict and the same texts.",
    ]
    assert "MANIFEST.json" in zipfile.ZipFile(tmp_path / "evidence.zip").namelist()


def test_the_reference_is_made_from_the_description() -> None:
    page = (ROOT / "docs" / "api-reference.md").read_text(encoding="utf-8")
    assert page == reference_page(), "run `make docs`"
