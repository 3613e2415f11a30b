"""One server for all tests of this folder: two jobs over a day, a gap, values that are none, and recent ones."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.connectors.prometheus.server import installed, serving

REQUIRED = os.environ.get("CORRELATOR_REQUIRE_PROMETHEUS") == "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the server where there is none, or fail loudly where there must be one."""
    ours = [item for item in items if item.path == Path(__file__).parent / "test_server.py"]
    if not ours or installed():
        return
    if REQUIRED:
        raise pytest.UsageError("CORRELATOR_REQUIRE_PROMETHEUS=1, and prometheus or promtool is not installed")
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=1)
GAP = (START + timedelta(hours=6), START + timedelta(hours=7))
JOBS = ("load.ads", "load")


def expected(job: str, at: datetime) -> float:
    """The value a job has at a minute: rising, and another for each job."""
    return len(job) + (at - START).total_seconds() / 60


def _samples() -> Iterator[str]:
    yield "# TYPE job_rows gauge"
    for job in JOBS:
        for minute in range(1440):
            at = START + timedelta(minutes=minute)
            if not GAP[0] <= at < GAP[1]:
                yield f'job_rows{{job="{job}",tenant="tenant-07",host="a"}} {expected(job, at)} {at.timestamp():.0f}'
    yield "# TYPE odd gauge"
    for minute, value in enumerate(("1", "NaN", "+Inf", "-Inf", "5")):
        yield f'odd{{job="load"}} {value} {(START + timedelta(minutes=minute)).timestamp():.0f}'
    yield "# TYPE shared gauge"
    for disk in ("a", "b"):
        yield f'shared{{job="load",disk="{disk}"}} 1 {START.timestamp():.0f}'
    yield f'shared{{disk="c"}} 1 {START.timestamp():.0f}'
    yield "# TYPE recent gauge"
    for minute in range(50, 0, -1):
        yield f'recent{{job="load"}} {minute} {int(time.time()) - 60 * minute}'
    yield "# EOF"


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server."""
    with serving(tmp_path_factory.mktemp("prometheus"), "\n".join(_samples()) + "\n") as url:
        yield url
