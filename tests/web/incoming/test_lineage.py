"""The OpenLineage receiver: what the real client sends, stored once; and everything it must refuse."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import error_message_run, nominal_time_run, parent_run
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpCompression, HttpConfig, HttpTransport
from requests import HTTPError
from sqlalchemy import Engine

from correlator.model import Dependency, Origin, Status
from correlator.settings import Settings, load_settings
from correlator.store.database import open_store
from correlator.store.edges import list_edges
from correlator.store.frames import read_window
from correlator.store.lookups import attempts_of
from correlator.store.sources import list_set_aside, list_sources
from tests.web.listening import listening
from web.app import create_app
from web.context import Context

ADDRESS = "/api/v1/lineage"
HOUR = "2026-03-02T0{}:00:00Z"


def _settings(folder: Path, **more: str) -> Settings:
    values = {"CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'store.db'}", "CORRELATOR_WEB_PORT": "0"}
    return load_settings(None, values | {"CORRELATOR_OPENLINEAGE_ENABLED": "true"} | more)


@contextmanager
def _app(settings: Settings) -> Iterator[tuple[FlaskClient, Engine]]:
    app = create_app(settings)
    held: Context = app.extensions["correlator"]
    yield app.test_client(), held.engine
    held.engine.dispose()


@dataclass(frozen=True)
class Receiver:
    """A running receiver, and a real client of it."""

    engine: Engine
    url: str
    clients: ExitStack

    def client(self, **config: Any) -> OpenLineageClient:
        transport = HttpTransport(HttpConfig(url=self.url, retry={"total": 0}, **config))
        self.clients.callback(transport.close)  # its open connection would keep the server from ending
        return OpenLineageClient(transport=transport)


@contextmanager
def _receiver(settings: Settings) -> Iterator[Receiver]:
    engine = open_store(settings.database_url())
    with listening(settings) as port, ExitStack() as clients:
        yield Receiver(engine, f"http://127.0.0.1:{port}", clients)
    engine.dispose()


def _run_id(number: int) -> str:
    return f"01a1fcc3-b2e7-72ec-ac8d-{number:012d}"


def _event(state: RunState, hour: int, number: int = 1, job: str = "orders.load", **facets: Any) -> RunEvent:
    run = Run(runId=_run_id(number), facets=facets)
    return RunEvent(eventType=state, eventTime=HOUR.format(hour), run=run, job=Job("tenant-07", job))


def _parent() -> parent_run.ParentRunFacet:
    return parent_run.ParentRunFacet(parent_run.Run(runId=_run_id(99)), parent_run.Job("tenant-07", "orders"))


def test_the_real_clients_runs_tries_and_edges(tmp_path: Path) -> None:
    patterns = {"CORRELATOR_OPENLINEAGE_JOB_PATTERNS": r"^(?P<tenant>tenant-\d+)/(?P<job>.+)$"}
    with _receiver(_settings(tmp_path, **patterns)) as receiver:
        client = receiver.client()
        due = nominal_time_run.NominalTimeRunFacet(HOUR.format(1))
        broken = error_message_run.ErrorMessageRunFacet("target refuses", "python")
        client.emit(_event(RunState.FAIL, 3, 1, parent=_parent(), errorMessage=broken))
        client.emit(_event(RunState.START, 2, 1, parent=_parent(), nominalTime=due))
        client.emit(_event(RunState.START, 4, 2, parent=_parent(), nominalTime=due))
        for _ in range(2):
            client.emit(_event(RunState.COMPLETE, 5, 2))
        client.emit(_wrote("extract", "raw.orders"))
        client.emit(_read("orders.load", "raw.orders"))
        first, second = attempts_of(receiver.engine, "orders.load", "tenant-07")
        edges = read_window(receiver.engine, None, None).dependencies
        (status,) = list_sources(receiver.engine)
    assert (first.status, first.error, second.status) == (Status.FAILED, "target refuses", Status.SUCCESS)
    assert first.logical_run_id == second.logical_run_id == _run_id(99)
    assert first.started_at.hour == 2
    assert first.scheduled_at is not None
    assert first.scheduled_at.hour == 1
    assert edges == (Dependency("extract", "orders.load", "tenant-07", None, Origin.LINEAGE),)
    assert (status.source, status.error) == ("openlineage", "")


def _wrote(job: str, dataset: str) -> JobEvent:
    return JobEvent(eventTime=HOUR.format(1), job=Job("tenant-07", job), outputs=[OutputDataset("pg", dataset)])


def _read(job: str, dataset: str) -> JobEvent:
    return JobEvent(eventTime=HOUR.format(1), job=Job("tenant-07", job), inputs=[InputDataset("pg", dataset)])


@pytest.mark.parametrize("secret", ["s3cret-token", "sha256:" + hashlib.sha256(b"s3cret-token").hexdigest()])
def test_the_real_client_with_its_token_and_packed(tmp_path: Path, secret: str) -> None:
    with _receiver(_settings(tmp_path, OPENLINEAGE_TOKEN=secret)) as receiver:
        right = ApiKeyTokenProvider({"api_key": "s3cret-token"})
        receiver.client(auth=right, compression=HttpCompression.GZIP).emit(_event(RunState.START, 2))
        assert len(attempts_of(receiver.engine, "orders.load", "")) == 1
        for auth in ({}, {"auth": ApiKeyTokenProvider({"api_key": "another"})}):
            with pytest.raises(HTTPError, match="401"):
                receiver.client(**auth).emit(_event(RunState.START, 2, 7))
        assert len(attempts_of(receiver.engine, "orders.load", "")) == 1


def _body(**changes: Any) -> dict[str, Any]:
    job = {"namespace": "n", "name": "j"}
    return {"eventType": "START", "eventTime": HOUR.format(1), "run": {"runId": _run_id(1)}, "job": job} | changes


def test_what_comes_again_stores_nothing(tmp_path: Path) -> None:
    with _app(_settings(tmp_path)) as (client, engine):
        for _ in range(3):
            assert client.post(ADDRESS, json=_body()).status_code == 201
        assert client.post(ADDRESS, json=_body(eventTime=HOUR.format(2), eventType="COMPLETE")).status_code == 201
        before = _everything(engine)
        assert client.post(ADDRESS, json=_body()).status_code == 201
        assert _everything(engine) == before
        (attempt,) = attempts_of(engine, "j", "")
    assert attempt.status is Status.SUCCESS


def _everything(engine: Engine) -> list[Any]:
    names = ("runs", "fact_revisions", "raw_answers", "dependencies", "set_aside")
    with engine.connect() as connection:
        return [connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall() for name in names]


def test_a_batch_takes_what_can_be_read(tmp_path: Path) -> None:
    with _app(_settings(tmp_path)) as (client, engine):
        answer = client.post(f"{ADDRESS}/batch", json=[_body(), _body(job=None), 7, _body(eventTime=HOUR.format(2))])
        assert answer.status_code == 200
        assert answer.get_json()["summary"] == {"received": 4, "successful": 2, "failed": 2}
        assert [one["index"] for one in answer.get_json()["failed_events"]] == [1, 2]
        kept = {one.reason: json.loads(one.payload) for one in list_set_aside(engine)}
        assert kept["no job in it"]["run"] == {"runId": _run_id(1)}
        assert kept["an event is a JSON object"] == {"value": 7}
        assert len(attempts_of(engine, "j", "")) == 1
        too_many = [_body()] * 1001
        for wrong in (_body(), too_many):
            assert client.post(f"{ADDRESS}/batch", json=wrong).status_code == 422
        assert client.post(f"{ADDRESS}/batch", json=[]).status_code == 200


def test_an_event_that_cannot_be_read_is_refused_and_kept(tmp_path: Path) -> None:
    with _app(_settings(tmp_path)) as (client, engine):
        answer = client.post(ADDRESS, json=_body(eventTime="yesterday"))
        assert answer.status_code == 422
        assert answer.get_json()["error"]["message"] == "eventTime is not a time: 'yesterday'"
        (kept,) = list_set_aside(engine)
    assert (kept.source, kept.reason) == ("openlineage", "eventTime is not a time: 'yesterday'")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b'{"eventTime": NaN}', {}, 400),
        (b"\xff\xfe\xfd", {}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 400),
        (b" " * 1_100_000, {}, 413),
        (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413),
        (b"{}", {"X-Forwarded-For": "192.0.2.7"}, 403),
        (b"{}", {}, 422),
    ],
)
def test_bodies_that_are_refused(tmp_path: Path, body: bytes, headers: dict[str, str], status: int) -> None:
    with _app(_settings(tmp_path)) as (client, _):
        answer = client.post(ADDRESS, data=body, headers={"Content-Type": "application/json"} | headers)
        assert answer.status_code == status
        assert answer.get_json()["error"]["status"] == status


def test_without_a_token_only_this_machine_may_send(tmp_path: Path) -> None:
    with _app(_settings(tmp_path)) as (client, _):
        answer = client.post(ADDRESS, json=_body(), environ_base={"REMOTE_ADDR": "192.0.2.7"})
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "loopback_only")


def test_it_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    with _app(_settings(tmp_path, CORRELATOR_OPENLINEAGE_ENABLED="false")) as (client, _):
        assert client.post(ADDRESS, json=_body()).status_code == 404


def test_edges_alone_where_runs_come_from_elsewhere(tmp_path: Path) -> None:
    with _app(_settings(tmp_path, CORRELATOR_OPENLINEAGE_TAKE="edges")) as (client, engine):
        table = {"namespace": "pg", "name": "totals"}
        client.post(ADDRESS, json=_body(outputs=[table]))
        client.post(ADDRESS, json=_body(inputs=[table], job={"namespace": "n", "name": "k"}))
        client.post(ADDRESS, json={"eventTime": HOUR.format(1), "dataset": table})
        assert attempts_of(engine, "j", "") == []
        assert [one.edge for one in list_edges(engine)] == [Dependency("j", "k", origin=Origin.LINEAGE)]


def test_jobs_of_different_tenants_are_not_joined(tmp_path: Path) -> None:
    patterns = {"CORRELATOR_OPENLINEAGE_JOB_PATTERNS": r"^(?P<tenant>tenant-\d+)/(?P<job>.+)$"}
    with _app(_settings(tmp_path, **patterns)) as (client, engine):
        table = [{"namespace": "pg", "name": "totals"}]
        for tenant, name, use in (
            ("tenant-01", "a", "outputs"),
            ("tenant-02", "b", "inputs"),
            ("shared", "c", "outputs"),
        ):
            body = {"eventTime": HOUR.format(1), "job": {"namespace": tenant, "name": name}, use: table}
            assert client.post(ADDRESS, json=body).status_code == 201
        edges = [one.edge for one in list_edges(engine)]
    assert edges == [Dependency("c", "b", "tenant-02", origin=Origin.LINEAGE)]
