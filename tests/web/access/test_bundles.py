"""The evidence somebody takes along who may see one tenant alone."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from correlator.errors import CorrelatorError
from correlator.settings import load_settings
from correlator.store.audit import Wanted, entries
from tests.web.access.worlds import OWN_ID, WORDS, world
from web.access.restricted_stores import TenantSight
from web.app import create_app
from web.bundles import cache_folder, refuse_names


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Flask, dict[str, str]]]:
    """The app, which keeps its bundles where no other run left any; and the tokens by name."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    engine, tokens = world(tmp_path, secret=True, filled=False)
    url = f"sqlite:///{tmp_path / 'store.db'}"
    app = create_app(load_settings(None, {"CORRELATOR_DATABASE_URL": url, "CORRELATOR_ACCESS_TOKENS": "true"}))
    yield app, tokens
    app.extensions["correlator"].engine.dispose()
    engine.dispose()


def words_in(content: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = [archive.read(name).decode("utf-8", "ignore") + name for name in archive.namelist()]
    return {word for word in WORDS for text in texts if word in text}


def test_a_bundle_holds_nothing_of_others_and_is_a_file_of_its_own(pages: tuple[Flask, dict[str, str]]) -> None:
    app, tokens = pages
    head = {"Authorization": f"Bearer {tokens['seer']}"}
    answer = app.test_client().get(f"/findings/{OWN_ID}/bundle.zip", headers=head, buffered=True)
    assert answer.status_code == 200, answer.text
    assert words_in(answer.data) == set()
    held = app.extensions["correlator"]
    made = [file.name for file in cache_folder(held.settings).glob("*.zip")]
    assert [name.endswith("-customer.zip") for name in made] == [True], "who sees all gets another file"
    [noted] = entries(held.engine, Wanted(action="bundle"))
    assert (noted.actor, noted.target, noted.details["redacted"]) == ("seer", OWN_ID, True)


def test_a_bundle_that_still_names_somebody_is_not_handed_out(tmp_path: Path) -> None:
    sight = TenantSight(frozenset({"own"}))
    sight.learn(frozenset({"own", "umbra-corp"}))
    for name, text, fine in (("a.txt", "of own", True), ("a.txt", "of Umbra-Corp", False), ("umbra-corp", "", False)):
        file = tmp_path / f"{len(text)}{name}.zip"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, text)
        if fine:
            refuse_names(file, sight)
        else:
            with pytest.raises(CorrelatorError, match="names tenants"):
                refuse_names(file, sight)
