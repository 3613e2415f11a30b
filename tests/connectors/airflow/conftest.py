from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from tests.connectors.airflow.server import Airflow


@pytest.fixture
def airflow(httpserver: HTTPServer) -> Airflow:
    return Airflow(httpserver)
