from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web.factory import full_store, settings_for
from web.app import create_app


@pytest.fixture(scope="session")
def full_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store.db holds the cast; read only."""
    folder = tmp_path_factory.mktemp("full")
    full_store(folder).dispose()
    return folder


@pytest.fixture
def client(full_folder: Path) -> Iterator[FlaskClient]:
    app = create_app(settings_for(full_folder))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


@pytest.fixture
def empty_client(tmp_path: Path) -> Iterator[FlaskClient]:
    app = create_app(settings_for(tmp_path))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


@pytest.fixture
def open_client() -> Iterator[Callable[[Path], FlaskClient]]:
    """Opens the pages over the store in a folder; they are closed when the test ends."""
    with ExitStack() as closing:

        def opened(folder: Path) -> FlaskClient:
            app = create_app(settings_for(folder))
            closing.callback(app.extensions["correlator"].engine.dispose)
            return app.test_client()

        yield opened
