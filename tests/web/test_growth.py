"""No page's price grows with the history: every address is asked of a store, and of the same with a long past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import pytest
from flask import Flask

from benchmarks.page_routes import Known, addresses
from correlator.store.findings import finding_id
from tests.web import cast, incident_cast
from tests.web.factory import full_store, settings_for
from tests.web.growing import OLD_ROWS, OLD_RUNS, with_history, work_of
from tests.web.plans import asked
from web.access.actor import Actor, Role
from web.app import create_app

KNOWN: Final = Known(
    finding_id=finding_id(cast.PREMIUM, cast.EXPORT),
    tenant=cast.PREMIUM,
    job=cast.EXPORT,
    run_id=cast.attempts()[-1].run_id,
    incident_id="Q1EXPORT",
    source="datadog",
)
LARGE: Final = ("runs", "metrics", "incidents", "finding_versions", "raw_answers", "fact_revisions", "webhook_events")
MOST_MORE: Final = OLD_RUNS // 2
"""So many steps more a page may take with the past than without: reading every old run takes several for each."""
VIEWERS: Final = {"all": None, "some": frozenset({cast.PREMIUM})}


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Flask]]:
    """The pages over the cast, and over the cast with a past."""
    short, long = tmp_path_factory.mktemp("short"), tmp_path_factory.mktemp("long")
    engine = full_store(short)
    incident_cast.put(engine)
    engine.dispose()
    with_history(short, long)
    with ExitStack() as closing:
        made = create_app(settings_for(short)), create_app(settings_for(long))
        for app in made:
            closing.callback(app.extensions["correlator"].engine.dispose)
        yield made


@dataclass(frozen=True)
class Price:
    """What an address cost: steps of SQLite, and the plans that go through a large table."""

    steps: int
    scans: list[str]


def _price(app: Flask, path: str) -> Price:
    engine = app.extensions["correlator"].engine
    with asked(engine) as heard, work_of(engine) as work:
        answer = app.test_client().get(path)
        assert answer.status_code < 500, f"{path}: {answer.status_code}"
        answer.get_data()
    return Price(work.steps, heard.endless_scans(*LARGE))


@pytest.mark.parametrize("viewer", VIEWERS)
def test_no_page_s_price_grows_with_the_history(
    apps: tuple[Flask, Flask], viewer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = Actor("viewer", Role.ADMIN, VIEWERS[viewer], "token")
    monkeypatch.setattr("web.access.gate.actor_of_request", lambda _: actor)
    for app in apps:
        app.test_client().get("/jobs")  # for a restricted actor all tenants' names are looked for, once a minute
    paths = [one.path for one in addresses(apps[0], KNOWN)]
    short, long = ({path: _price(app, path) for path in paths} for app in apps)
    more = {path: long[path].steps - short[path].steps for path in paths}
    assert {path: steps for path, steps in more.items() if steps > MOST_MORE} == {}
    assert {path: price.scans for path, price in short.items() if price.scans} == {}


def test_a_question_that_goes_through_the_history_is_noticed(apps: tuple[Flask, Flask]) -> None:
    """Else the tests above would hold of anything."""
    engine = apps[1].extensions["correlator"].engine
    with work_of(engine) as work, asked(engine) as heard, engine.connect() as connection:
        connection.exec_driver_sql("SELECT sum(attempt) FROM runs").all()
        connection.exec_driver_sql("SELECT run_id FROM runs WHERE host = 'x' LIMIT 1").all()
    assert work.steps > 2 * OLD_RUNS > MOST_MORE
    assert heard.endless_scans("runs") == ["SCAN runs"]
    assert OLD_ROWS < OLD_RUNS
