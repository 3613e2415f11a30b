from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.store.database import checkpoint, open_store
from tests.handover.shift import fill


@pytest.fixture(scope="session")
def shift_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a shift ends with; read only."""
    file = tmp_path_factory.mktemp("shift") / "store.db"
    engine = open_store(f"sqlite:///{file}")
    fill(engine)
    checkpoint(engine)
    engine.dispose()
    return file


@pytest.fixture
def told(shift_store: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of it, to be written to."""
    shutil.copy(shift_store, tmp_path / "store.db")
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()
