from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from correlator.store.database import checkpoint, open_store


@pytest.fixture(scope="session")
def _empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "store.db"
    engine = open_store(f"sqlite:///{file}")
    checkpoint(engine)
    engine.dispose()
    return file


@pytest.fixture
def store_url(_empty_store: Path, tmp_path: Path) -> str:
    """A new store with nothing in it, copied: bringing one up to date takes longer than most tests."""
    file = tmp_path / "store.db"
    shutil.copy(_empty_store, file)
    return f"sqlite:///{file}"
