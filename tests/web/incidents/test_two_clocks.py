"""Looking back: what had happened by a moment, and what could be known by then."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from correlator.model import Attempt, Incident, Pair, Status
from correlator.ports import IncidentEntry, Page
from correlator.store.facts import store_page
from correlator.store.findings import save_analysis
from tests.web import cast, incident_cast
from tests.web.factory import Rule, full_store, settings_for
from tests.web.test_pages import text_of
from web import reading
from web.access.restricted_stores import restricted_stores
from web.app import create_app
from web.incidents.two_clocks import (
    HAPPENED,
    KNOWN,
    MOST_STEPS,
    LookBack,
    Step,
    Then,
    happened_steps,
    how_it_stood,
    ordered,
    pairs_so_far,
    so_far,
)
from web.reading.incidents import as_known, incidents_named

T = datetime(2026, 3, 15, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUN = Attempt("r1", "export", T, Status.FAILED, "t", "l1", 1, None, T + 5 * MINUTE, "blank")


def at(minutes: float, clock: str = HAPPENED) -> Then:
    return Then(T + minutes * MINUTE, clock)


# --- what follows from the clocks alone ------------------------------------------------------------------------


def test_an_attempt_that_had_not_ended_was_running_and_nobody_knew_its_error() -> None:
    (seen,) = so_far([RUN, replace(RUN, started_at=T + 4 * MINUTE)], at(3))
    assert (seen.status, seen.finished_at, seen.error) == (Status.RUNNING, None, None)
    assert so_far([RUN], at(5)) == [RUN]
    assert so_far([RUN], at(-1)) == []
    assert so_far([RUN], at(-1, KNOWN)) == [RUN]  # the store has left out what had not arrived
    assert so_far([RUN], None) == [RUN]


def test_links_are_those_of_the_clock() -> None:
    early, late = Pair("l1", failed_at=T), Pair("l2", failed_at=T + 9 * MINUTE)
    assert pairs_so_far([early, late], None, None) == [early, late]
    assert pairs_so_far([early, late], None, at(1)) == [early]
    assert pairs_so_far([early, late], None, at(1, KNOWN)) == []
    assert pairs_so_far([], replace(cast.systemic(), pairs=(early,)), at(1, KNOWN)) == [early]


def test_steps_are_the_moments_at_which_something_changed_and_failures_outlast_a_crowd() -> None:
    assert [step.words for step in ordered(happened_steps([RUN], []))] == [
        "export began, attempt 1",
        "export failed, attempt 1",
    ]
    crowd = [replace(RUN, started_at=T + n * MINUTE, finished_at=None) for n in range(3 * MOST_STEPS)]
    steps = ordered(happened_steps([*crowd, replace(RUN, started_at=T - MINUTE)], []))
    assert len(steps) == MOST_STEPS
    assert sum("failed" in step.words for step in steps) == 1
    assert list(steps) == sorted(steps, key=lambda step: step.at)


def test_one_steps_to_the_neighbours() -> None:
    steps = tuple(Step(T + n * MINUTE, str(n)) for n in range(3))
    now, back = LookBack(HAPPENED, steps), LookBack(HAPPENED, steps, at(1))
    assert (now.before, now.after) == (steps[2], None)
    assert (back.before, back.after) == (steps[0], steps[2])


@pytest.mark.parametrize(
    ("minutes", "words"), [(-1, "not been opened"), (1, "was open, since"), (9, "had been resolved")]
)
def test_how_it_stood_tells_the_incident_s_state(minutes: float, words: str) -> None:
    incident = Incident("I", T, T + 8 * MINUTE)
    assert words in how_it_stood(at(minutes), [], incident)[1]
    assert "not arrived yet" in how_it_stood(at(minutes), [], None)[1]


# --- the page --------------------------------------------------------------------------------------------------

LEARNT = cast.END - timedelta(minutes=4)
LATER = cast.END + timedelta(hours=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cast, and what was corrected an hour after it was pulled: the failure was taken for a success at first."""
    made = tmp_path_factory.mktemp("clocks")
    engine = full_store(made)
    incident_cast.put(engine)
    broken = next(one for one in cast.premium_day(13) if one.job == cast.EXPORT and one.status is Status.FAILED)
    entry = IncidentEntry("L9", "Q1EXPORT", "log_entry", incident_cast.OPENED + 6 * MINUTE, "it was a failure")
    store_page(engine, "datadog", Page("late", (replace(broken, error="corrected: no rows"), entry), {}), LATER)
    save_analysis(engine, cast.analysis(), LATER + MINUTE, Rule())
    engine.dispose()
    return made


@pytest.fixture
def site(folder: Path) -> Iterator[FlaskClient]:
    app = create_app(settings_for(folder))
    yield app.test_client()
    app.extensions["correlator"].engine.dispose()


def at_(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def test_before_the_failure_nothing_had_failed_and_nothing_was_said(site: FlaskClient) -> None:
    page = text_of(site, f"/incidents/Q1EXPORT?at={at_(incident_cast.OPENED - 30 * MINUTE)}")
    assert (
        "What had happened by 2026-03-15 03:39:00 UTC : 1 attempt of the jobs shown had begun: 0 failed, 1 still"
        in page
    )
    assert "The incident had not been opened yet" in page
    assert "Verdict then: none yet about export_ads" in page
    assert "Attributed to the cause" not in page.split("Timeline")[1].split("What happened")[0]
    assert "blank export" not in page.split("Timeline")[1].split("Past and related")[0]


def test_what_arrived_later_could_not_be_known(site: FlaskClient) -> None:
    address = f"/incidents/Q1EXPORT?clock=known&at={at_(LEARNT - MINUTE)}"
    page = text_of(site, address)
    assert "0 attempts of the jobs shown were known" in page
    assert "The incident had not arrived yet" in page
    known = site.get(f"/incidents/Q1EXPORT?clock=known&at={at_(LEARNT + MINUTE)}").text
    assert "blank export" in known
    assert "corrected: no rows" not in known.split('id="clock-picture"')[1].split('id="past"')[0]
    now = site.get("/incidents/Q1EXPORT?clock=known").text
    assert "corrected: no rows" in now


def test_what_was_said_then_stands_beside_it(site: FlaskClient) -> None:
    page = text_of(site, f"/incidents/Q1EXPORT?clock=known&at={at_(cast.END + MINUTE)}")
    assert "Verdict then, since 2026-03-16 00:00 UTC : ■ Systemic" in page


def test_every_step_is_an_address_and_the_form_keeps_the_rest(site: FlaskClient) -> None:
    body = site.get("/incidents/Q1EXPORT?lanes=all").text
    (back,) = re.findall(r'href="([^"]+)">← previous step', body)
    assert "lanes=all" in back
    earlier = site.get(html.unescape(back).partition("#")[0])
    assert earlier.status_code == 200
    assert "next step →" in earlier.text or "back to now" in earlier.text
    assert '<input type="hidden" name="lanes" value="all">' in body
    options = re.findall(r'<option value="([^"]*)"', body)
    assert options[-1] == ""
    assert len(options) > 8
    assert site.get("/incidents/Q1EXPORT?clock=sundial").status_code == 422


def test_the_empty_choice_of_a_form_means_now(site: FlaskClient) -> None:
    assert "Showing everything known now" in text_of(site, "/incidents/Q1EXPORT?clock=known&at=")


def test_who_may_see_some_tenants_alone_looks_back_at_those(folder: Path) -> None:
    app = create_app(settings_for(folder))
    asked = (cast.PREMIUM, [cast.EXPORT], incident_cast.OPENED - 10 * MINUTE, incident_cast.OPENED)
    with app.app_context():
        owner, other = (restricted_stores().engine_for(frozenset({tenant})) for tenant in (cast.PREMIUM, "tenant-02"))
        (then,) = reading.attempts(owner, *asked, by=LEARNT + MINUTE)
        assert then.error == "blank export: segment table has 0 rows for 2026-03"
        assert reading.attempts(other, *asked, by=LEARNT + MINUTE) == []
        (mine,) = incidents_named(owner, ["Q1EXPORT"])
        assert as_known(owner, mine, LATER) is not None
        assert as_known(other, mine, LATER) is None
    app.extensions["correlator"].engine.dispose()
