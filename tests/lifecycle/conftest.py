from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from correlator.store.database import checkpoint, open_store
from tests.lifecycle.platform import DAY, START, Platform, settings_for, sick


@pytest.fixture(scope="session")
def suspect_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty days of an ingest that times out and exports that come out blank of it; looked at once. Read only."""
    folder = tmp_path_factory.mktemp("suspect")
    settings = settings_for(folder)
    engine = open_store(settings.database_url())
    made = Platform(engine, settings)
    made.go(START, START + 20 * DAY, sick(1))
    made.look(START + 20 * DAY)
    checkpoint(engine)
    engine.dispose()
    return folder / "store.db"


@pytest.fixture
def suspect(suspect_store: Path, tmp_path: Path) -> Iterator[Platform]:
    """A copy of it, to go on with."""
    shutil.copy(suspect_store, tmp_path / "store.db")
    settings = settings_for(tmp_path)
    engine = open_store(settings.database_url())
    yield Platform(engine, settings)
    engine.dispose()
