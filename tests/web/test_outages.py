"""One decision about everything that one outage hit, out of the page's form and by the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from correlator.lifecycle.following import follow
from correlator.lifecycle.life import life_of
from correlator.lifecycle.transitions import dismiss, enter_step
from correlator.model import Analysis, Cause, Episode, Finding, iso
from correlator.store.database import open_store
from correlator.store.findings import finding_id, get_finding, save_analysis
from tests.web import cast
from tests.web.factory import Rule
from tests.web.test_pages import text_of

Open = Callable[[Path], FlaskClient]
BEGAN = cast.START + timedelta(days=2)
OUTAGE = Episode(BEGAN, BEGAN + timedelta(minutes=20), ("a", "b", "c"), 9)
PLACE = f"/outages/{iso(BEGAN)}/life"


def hit(job: str) -> Finding:
    laid = {"cause": Cause.SHARED, "root_job": None, "path": (), "episodes": (OUTAGE,)}
    return replace(cast.systemic(), job=job, **laid)  # type: ignore[arg-type]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Three jobs that one outage hit, one of which was dismissed apart, and one with trouble of its own."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    found = (hit("a"), hit("b"), hit("c"), cast.systemic())
    save_analysis(engine, Analysis(cast.END, found), cast.END, Rule())
    follow(engine, cast.END, cast.END)
    apart = get_finding(engine, finding_id(cast.PREMIUM, "c"))
    assert apart is not None
    enter_step(engine, apart, dismiss("on-call", "a test run", cast.END))
    yield engine
    engine.dispose()


def states(engine: Engine) -> dict[str, str]:
    found = {}
    for job in ("a", "b", "c", cast.EXPORT):
        stored = get_finding(engine, finding_id(cast.PREMIUM, job))
        assert stored is not None
        found[job] = str(life_of(engine, stored).state)
    return found


def test_a_job_that_an_outage_hit_does_not_look_broken_in_the_lists(
    engine: Engine, tmp_path: Path, open_client: Open
) -> None:
    client = open_client(tmp_path)
    for page in (text_of(client, "/jobs"), text_of(client, "/")):
        assert page.count("■ Systemic shared outage 84") + page.count("■ Systemic shared outage 6 (7 %)") == 3
        assert f"{cast.EXPORT} {cast.PREMIUM} ■ Systemic shared" not in page


def test_all_are_confirmed_in_one_persons_words_but_what_was_treated_apart(
    engine: Engine, tmp_path: Path, open_client: Open
) -> None:
    client = open_client(tmp_path)
    assert "Decide for all of them" in text_of(client, f"/?show=shared&outage={iso(BEGAN)}")
    form = {"step": "confirm", "reason": "the gateway was down", "actor": "commander"}
    answer = client.post(PLACE, data=form)
    assert (answer.status_code, answer.location) == (303, f"/?show=shared&outage={iso(BEGAN)}")
    assert states(engine) == {"a": "confirmed", "b": "confirmed", "c": "dismissed", cast.EXPORT: "suspect"}
    assert "the gateway was down" in text_of(client, f"/findings/{finding_id(cast.PREMIUM, 'a')}")
    noted = [
        line["target"] for line in client.get("/api/v1/audit").get_json()["entries"] if line["action"] == "confirm"
    ]
    assert sorted(noted) == sorted(finding_id(cast.PREMIUM, job) for job in "ab")


def test_a_program_is_told_what_was_entered_and_what_was_left(
    engine: Engine, tmp_path: Path, open_client: Open
) -> None:
    client = open_client(tmp_path)
    told = client.get(f"/api/v1/outages/{iso(BEGAN)}").get_json()
    ids = [finding_id(cast.PREMIUM, job) for job in "abc"]
    assert told == {"began_at": iso(BEGAN), "findings": ids}
    body = {"step": "dismiss", "actor": "commander", "reason": "a planned switch"}
    answer = client.post(f"/api/v1{PLACE}", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.get_json() == {"taken": ids[:2], "left": ids[2:]}
    assert states(engine)["b"] == "dismissed"


@pytest.mark.parametrize(
    ("place", "form", "status"),
    [
        (PLACE, {"step": "claim-fix", "reason": "x", "actor": "y"}, 422),
        (PLACE, {"step": "confirm", "reason": "", "actor": "y"}, 422),
        (PLACE, {"step": "confirm", "reason": "x"}, 422),
        ("/outages/2026-01-01T00:00:00Z/life", {"step": "confirm", "reason": "x", "actor": "y"}, 404),
        ("/outages/2026-01-01/life", {"step": "confirm", "reason": "x", "actor": "y"}, 404),
        ("/outages/yesterday/life", {"step": "confirm", "reason": "x", "actor": "y"}, 404),
    ],
)
def test_what_cannot_be_decided_changes_nothing(
    engine: Engine, tmp_path: Path, open_client: Open, place: str, form: dict[str, str], status: int
) -> None:
    before = states(engine)
    assert open_client(tmp_path).post(place, data=form).status_code == status
    assert states(engine) == before
