"""What belongs to the whole process is put back after each test; how many examples a law is tried on; how the tests are
shared among processes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from os import environ
from typing import Any

import pytest
import structlog
from hypothesis import settings

from tests.postgres import serving
from tests.sharing import by_share, longest_first

settings.register_profile("whole run", max_examples=40)
settings.load_profile("whole run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What `--dist loadfile` means here; other ways to share stay what they are."""
    return by_share(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the server's default database, in which nobody puts anything."""
    own = tmp_path_factory.getbasetemp()
    yield from serving(own.parent if "PYTEST_XDIST_WORKER" in environ else own)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Commands set up logging; a later test must not write to a stream that is gone."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
