from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from correlator.store.database import open_store
from tests.lives.platform import DAY, START, Platform, settings_for, sick


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """An empty one."""
    settings = settings_for(tmp_path)
    engine = open_store(settings.database_url())
    yield Platform(engine, settings)
    engine.dispose()


@pytest.fixture
def suspect(platform: Platform) -> Platform:
    """Twenty days of an ingest that times out and exports that come out blank of it; looked at once."""
    platform.go(START, START + 20 * DAY, sick(1))
    platform.look(START + 20 * DAY)
    return platform
