"""Pulling from Airflow: every try once, whatever moves between two pages, and errors that say what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from connectors.airflow.check import check
from connectors.airflow.source import build
from connectors.registry import build_asker
from correlator.errors import InputError, SettingsError
from correlator.model import Attempt, Dependency, Origin, Status
from correlator.ports import Found, PullReport, PullWindow
from correlator.pulling.pull import pull_source
from correlator.settings import Settings, load_settings
from correlator.store.database import open_store
from correlator.store.edges import list_edges
from correlator.store.lookups import attempts_of
from correlator.store.sources import list_set_aside
from tests.connectors.airflow.server import PASSWORD, RUN, TOKEN, Airflow
from tests.connectors.scripted import Slept
from tests.stored import answers_for

NOW = datetime(2026, 11, 21, 7, tzinfo=UTC)


def _settings(airflow: Airflow, folder: Path, **more: str) -> Settings:
    given = {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'store.db'}",
        "CORRELATOR_AIRFLOW_ENABLED": "true",
        "CORRELATOR_AIRFLOW_URL": airflow.url,
    }
    signed = {"AIRFLOW_TOKEN": TOKEN} if "CORRELATOR_AIRFLOW_USER" not in more else {}
    return load_settings(None, given | signed | more)


class Pulled:
    """A store after one pull or several of the same source."""

    def __init__(self, airflow: Airflow, folder: Path, **more: str) -> None:
        self.settings = _settings(airflow, folder, **more)
        self.engine = open_store(self.settings.database_url())
        self.slept = Slept()

    def pull(self, now: datetime = NOW) -> PullReport:
        source = build(self.settings, self.slept.patience())
        return pull_source(self.engine, source, PullWindow(now), now)

    def attempts(self, job: str, tenant: str = "") -> list[Attempt]:
        return attempts_of(self.engine, job, tenant)


@pytest.fixture
def pulled(airflow: Airflow, tmp_path: Path) -> Any:
    made: list[Pulled] = []

    def make(**more: str) -> Pulled:
        made.append(Pulled(airflow, tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        one.engine.dispose()


def test_every_try_of_every_task(pulled: Any) -> None:
    store = pulled()
    report = store.pull()
    assert (report.error, report.notices, report.set_aside) == (None, (), 0)
    assert report.stored == {"runs": 8, "dependencies": 6}
    first, second = store.attempts("orders.load")
    assert [first.run_id, second.run_id] == [f"orders/{RUN}/load/1", f"orders/{RUN}/load/2"]
    assert (first.logical_run_id, second.logical_run_id) == (f"orders/{RUN}", f"orders/{RUN}")
    assert (first.attempt, first.status, first.error) == (1, Status.FAILED, "ValueError: target refuses")
    assert first.finished_at is not None
    assert first.started_at < first.finished_at < second.started_at
    assert first.scheduled_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert [one.status for one in store.attempts("orders.extract")] == [Status.FAILED, Status.SUCCESS]
    assert [one.status for one in store.attempts("orders.report")] == [Status.UPSTREAM_FAILED]
    assert [one.status for one in store.attempts("orders.optional")] == [Status.SKIPPED]
    copies = store.attempts("orders.transform")
    assert {one.logical_run_id for one in copies} == {f"orders/{RUN}[0]", f"orders/{RUN}[1]"}
    (quoted,) = answers_for(store.engine, [first.run_id])
    assert "/api/v2" not in quoted.request
    assert quoted.request.endswith("/taskInstances/load/tries")


def test_the_order_of_tasks_and_the_assets_between_dags(pulled: Any) -> None:
    store = pulled()
    store.pull()
    found = {(one.edge.upstream, one.edge.downstream) for one in list_edges(store.engine)}
    assert found == {
        ("orders.extract", "orders.transform"),
        ("orders.extract", "orders.optional"),
        ("orders.transform", "orders.load"),
        ("orders.load", "orders.report"),
        ("billing.publish", "mail.collect"),
        ("mail.collect", "mail.send"),
    }
    assert {one.edge.origin for one in list_edges(store.engine)} == {Origin.ORCHESTRATOR}


def test_pulled_again_nothing_is_new_and_the_order_is_not_asked_again(airflow: Airflow, pulled: Any) -> None:
    store = pulled(CORRELATOR_AIRFLOW_OVERLAP_SECONDS="3600")
    store.pull()
    asked = airflow.count("/tasks")
    assert store.pull(NOW + timedelta(minutes=5)).stored == {"runs": 0}
    assert (airflow.count("/tasks"), asked) == (3, 3)
    assert airflow.queries[-1]["updated_at_gte"] == "2026-11-21T06:00:00Z"
    store.pull(NOW + timedelta(hours=7))
    assert airflow.count("/tasks") == 6


def test_an_edge_that_airflow_no_longer_has_ends(airflow: Airflow, pulled: Any) -> None:
    store = pulled()
    store.pull()
    airflow.broken["/mail/tasks"] = Response('{"tasks": [], "total_entries": 0}', content_type="application/json")
    store.pull(NOW + timedelta(hours=7))
    ended = {one.edge.downstream for one in list_edges(store.engine, ended=True) if one.ended}
    assert ended >= {"mail.collect"}


@pytest.mark.parametrize("cursors", [True, False])
def test_pages_lose_and_repeat_nothing(airflow: Airflow, pulled: Any, cursors: bool) -> None:
    airflow.cursors, airflow.page_size = cursors, 2
    store = pulled()
    assert store.pull().stored["runs"] == 8
    last = [query for query in airflow.queries if query["updated_at_gte"].startswith("2026-11-20")]
    assert len(last) == len(airflow.instances) / 2 == 3


def test_an_instance_that_leaves_the_window_between_two_pages_moves_none_out(airflow: Airflow, pulled: Any) -> None:
    airflow.cursors, airflow.page_size = False, 2

    def first_leaves(query: dict[str, str]) -> None:
        if query.get("offset") == "2" and len(airflow.instances) == 6:
            del airflow.instances[0]

    airflow.before_page = first_leaves
    store = pulled()
    assert store.pull().stored["runs"] == 8, "what left was read with the first page"


def test_a_user_gets_a_token_and_another_when_it_has_run_out(airflow: Airflow, pulled: Any) -> None:
    store = pulled(CORRELATOR_AIRFLOW_USER="reader", AIRFLOW_PASSWORD=PASSWORD)
    source = build(store.settings, store.slept.patience())
    for token in ("first", "second"):
        airflow.token = token
        assert pull_source(store.engine, source, PullWindow(NOW), NOW).error is None
    assert airflow.count("/auth/token") == 2


def test_a_user_may_sign_every_request_instead(airflow: Airflow, pulled: Any) -> None:
    user = {"CORRELATOR_AIRFLOW_USER": "basic", "AIRFLOW_PASSWORD": PASSWORD}
    assert pulled(CORRELATOR_AIRFLOW_AUTH="basic", **user).pull().stored["runs"] == 8
    assert airflow.count("/auth/token") == 0


@pytest.mark.parametrize("user", [{}, {"CORRELATOR_AIRFLOW_USER": "reader", "AIRFLOW_PASSWORD": "wr0ng-word"}])
def test_wrong_credentials_are_permanent_and_stay_secret(airflow: Airflow, pulled: Any, user: dict[str, str]) -> None:
    store = pulled(**user)
    airflow.token = "another"
    report = store.pull()
    assert report.error is not None
    assert "refused (HTTP 40" in report.error
    assert "AIRFLOW_PASSWORD" in str(report.hint)
    assert store.slept.seconds == []
    assert not any(secret in str(report) for secret in (TOKEN, PASSWORD, "wr0ng-word"))


def test_a_server_that_fails_for_a_while_is_asked_again(airflow: Airflow, pulled: Any) -> None:
    store = pulled()
    airflow.broken["/dags"] = Response("<html>busy</html>", status=503, headers={"Retry-After": "7"})
    report = store.pull()
    assert report.stored["runs"] == 8
    assert "edges: Airflow GET" in str(report.error)
    assert store.slept.seconds == [7.0, 7.0, 7.0]
    airflow.broken.clear()
    assert store.pull().error is None


def test_a_log_that_cannot_be_read_costs_the_error_alone(airflow: Airflow, pulled: Any) -> None:
    airflow.broken["/logs/1"] = Response('{"detail": "no log"}', status=404)
    store = pulled()
    report = store.pull()
    assert report.stored["runs"] == 8
    assert [one.error for one in store.attempts("orders.load")] == [None, "ValueError: target refuses"]
    assert len(report.notices) == 1


def test_errors_are_asked_for_unless_switched_off(airflow: Airflow, pulled: Any) -> None:
    pulled(CORRELATOR_AIRFLOW_ERRORS="false").pull()
    assert not [path for path in airflow.asked if "/logs/" in path]


def test_the_tenant_by_the_conf_of_the_dag_run_asked_for_once(airflow: Airflow, pulled: Any) -> None:
    store = pulled(CORRELATOR_AIRFLOW_TENANT_CONF="for.tenant")
    store.pull()
    assert len(store.attempts("orders.load", "tenant-07")) == 2
    assert airflow.count(f"/dagRuns/{RUN}") == 1


def test_tenant_and_job_by_pattern_and_dags_by_name(pulled: Any) -> None:
    store = pulled(
        CORRELATOR_AIRFLOW_JOB_PATTERNS=r"^(?P<tenant>orders)[.](?P<job>.+)$", CORRELATOR_AIRFLOW_DAGS="ord.*,mail"
    )
    store.pull()
    assert len(store.attempts("load", "orders")) == 2
    edges = [one.edge for one in list_edges(store.engine)]
    assert Dependency("load", "report", "orders", None, Origin.ORCHESTRATOR) in edges
    assert not [edge for edge in edges if edge.upstream.startswith("billing")]


def test_an_instance_nobody_can_read_is_set_aside(airflow: Airflow, pulled: Any) -> None:
    airflow.instances[0] |= {"state": "pondering"}
    store = pulled()
    assert store.pull().set_aside == 1
    (kept,) = list_set_aside(store.engine, "airflow")
    assert kept.reason == "state 'pondering' is none that this program knows"


def test_what_is_not_airflow_is_said(airflow: Airflow, pulled: Any) -> None:
    airflow.broken["/taskInstances"] = Response("<html>Sign in</html>", content_type="text/html")
    report = pulled().pull()
    assert "is no answer of Airflow: Sign in" in str(report.error)
    assert "airflow.url" in str(report.hint)


def test_check_asks_for_everything_that_pulls_ask_for(airflow: Airflow, tmp_path: Path) -> None:
    airflow.broken["/assets"] = Response('{"detail": "Forbidden"}', status=403)
    probes = check(_settings(airflow, tmp_path))
    assert [one.found for one in probes] == [Found.OK, Found.OK, Found.OK, Found.MISSING]
    assert probes[0].said == "Airflow 3.3.2"


def test_assets_that_may_not_be_seen_end_no_edges(airflow: Airflow, pulled: Any) -> None:
    store = pulled()
    store.pull()
    airflow.broken["/assets"] = Response('{"detail": "Forbidden"}', status=403)
    report = store.pull(NOW + timedelta(hours=7))
    assert report.error is None
    assert len(report.notices) == 1
    assert not [one for one in list_edges(store.engine, ended=True) if one.ended]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"CORRELATOR_AIRFLOW_URL": "airflow"}, "is no address"),
        ({"CORRELATOR_AIRFLOW_URL": "http://a:b@c"}, "holds a user or a password"),
        ({"CORRELATOR_AIRFLOW_AUTH": "magic"}, "neither token nor basic"),
        ({"CORRELATOR_AIRFLOW_DAGS": "("}, "no regular expression"),
        ({"CORRELATOR_AIRFLOW_USER": "reader"}, "AIRFLOW_PASSWORD is not set"),
    ],
)
def test_settings_that_are_wrong(airflow: Airflow, tmp_path: Path, more: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        build(_settings(airflow, tmp_path, **more))


def test_a_quoted_try_comes_back_as_it_was_and_nothing_else_is_asked(pulled: Any) -> None:
    store = pulled()
    store.pull()
    answer = answers_for(store.engine, [f"orders/{RUN}/load/1"])[0]
    asker, body = build_asker("airflow", store.settings), json.loads(answer.body)
    assert asker.refetch(answer.request, body) == body
    assert asker.refetch(answer.request, {**body, "try_number": 99}) is None
    for stranger in ("GET /dags/../../users/tries", "POST /dags/a/dagRuns/b/taskInstances/c/tries", "GET /variables"):
        with pytest.raises(InputError, match="never asked like this"):
            asker.refetch(stranger, body)
