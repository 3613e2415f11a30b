"""The bundle download: made by the real command in a process of its own, once per version of the finding."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from correlator.errors import CorrelatorError
from correlator.store.findings import finding_id
from tests.web import cast
from tests.web.factory import settings_for
from web import bundles
from web.process.children import Done
from web.views import evidence

ID = finding_id(cast.PREMIUM, cast.EXPORT)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_what_verifies_is_what_is_downloaded_and_the_second_one_costs_nothing(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = client.post(f"/findings/{ID}/verify")
    assert (verified.status_code, "Same: every hash holds" in verified.text) == (200, True), verified.text
    first = client.get(f"/findings/{ID}/bundle.zip")
    assert first.status_code == 200, first.text
    assert first.mimetype == "application/zip"
    assert f"filename={ID}.zip" in first.headers["Content-Disposition"]
    names = zipfile.ZipFile(io.BytesIO(first.data)).namelist()
    assert {"MANIFEST.json", "packet.md", "finding.json"} <= set(names)
    first.close()

    def again(*_: object) -> None:
        raise AssertionError("made twice")

    monkeypatch.setattr(bundles, "make_bundle", again)
    second = client.get(f"/findings/{ID}/bundle.zip")
    assert second.data == first.data
    second.close()


def test_what_differs_is_named_one_by_one() -> None:
    told = {"same": False, "files": 20, "quotes": 3, "verdict": "", "notes": ["a note"], "differences": ["packet.md"]}
    found = evidence.verified(ID, Done(1, json.dumps(told), ""))
    assert (found.title, found.good) == ("Not the same", False)
    assert found.details == ("packet.md", "20 files checked, 3 quoted answers.", "a note")
    with pytest.raises(CorrelatorError, match="could not be verified") as caught:
        evidence.verified(ID, Done(2, "", "error: no bundle\nhint: make it anew\n"))
    assert caught.value.hint == "error: no bundle; hint: make it anew"


def test_an_unknown_finding_is_a_404(client: FlaskClient) -> None:
    assert client.get("/findings/F-NOTHERE/bundle.zip").status_code == 404


def test_a_command_that_fails_is_said_with_its_own_words_and_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    with pytest.raises(CorrelatorError, match="could not be made") as caught:
        bundles.make_bundle(settings_for(tmp_path), "F-NOTHERE", file)
    assert "there is no finding F-NOTHERE" in caught.value.hint
    assert not file.exists()


def test_a_command_that_hangs_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "LIMIT_SECONDS", 0.05)
    with pytest.raises(CorrelatorError, match="did not end within"):
        bundles.make_bundle(settings_for(tmp_path), ID, tmp_path / "bundle.zip")


def test_another_word_in_the_finding_is_another_version() -> None:
    document = cast.systemic().to_dict()
    assert bundles.version_of(document) == bundles.version_of(dict(reversed(document.items())))
    assert bundles.version_of(document) != bundles.version_of({**document, "runs": 85})


def test_only_the_newest_bundles_are_kept(tmp_path: Path) -> None:
    for number in range(bundles.KEPT + 3):
        (tmp_path / f"{number}.zip").write_bytes(b"")
    bundles.forget_old(tmp_path)
    assert len(list(tmp_path.glob("*.zip"))) == bundles.KEPT
