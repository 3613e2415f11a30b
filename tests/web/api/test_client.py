"""The client in docs/api.md does what the page says, against the pages' real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from correlator.store.findings import finding_id
from tests.frame.tree import ROOT
from tests.web import cast
from tests.web.factory import settings_for
from tests.web.listening import listening
from web.api.reference import reference_page

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def test_the_client_pages_polls_and_fetches_the_evidence(
    full_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    shutil.copy(full_folder / "store.db", tmp_path / "store.db")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with listening(settings_for(tmp_path)) as port:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program.replace("limit=50", "limit=1")],
            env={"PATH": os.environ["PATH"], "CORRELATOR_URL": f"http://127.0.0.1:{port}"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    found = finding_id(cast.PREMIUM, cast.EXPORT)
    assert done.stdout.splitlines() == [
        f"{found} tenant-07 export_ads <- ingest_events",
        "nothing changed",
        "evidence.zip True",
    ]
    assert "MANIFEST.json" in zipfile.ZipFile(tmp_path / "evidence.zip").namelist()


def test_the_reference_is_made_from_the_description() -> None:
    page = (ROOT / "docs" / "api-reference.md").read_text(encoding="utf-8")
    assert page == reference_page(), "run `make docs`"
