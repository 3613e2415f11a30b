"""What a look asks of the store for the lives of findings: not more for each one that is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.lifecycle.following import follow
from correlator.lifecycle.life import life_of, wanted_finding
from correlator.lifecycle.steps import State, Step
from correlator.lifecycle.transitions import Transition, enter_step
from correlator.model import Analysis, Cause, Finding, Pair
from correlator.store.database import open_store
from correlator.store.findings import finding_id, save_analysis
from tests.web.cast import EXPORT, systemic
from tests.web.plans import asked

NOW = datetime(2026, 3, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TENANTS = tuple(f"tenant-{number:02d}" for number in range(1, 9))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A store whose findings, one a tenant, were all dismissed."""
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    save_analysis(made, Analysis(NOW, tuple(self_caused(tenant, NOW) for tenant in TENANTS)), NOW)
    follow(made, NOW, NOW)
    for tenant in TENANTS:
        enter_step(
            made,
            wanted_finding(made, finding_id(tenant, EXPORT)),
            Transition(Step.DISMISS, "on-call", "noise", NOW + MINUTE),
        )
    yield made
    made.dispose()


def self_caused(tenant: str, when: datetime, cause: Cause = Cause.SELF) -> Finding:
    pair = Pair("newest", failed_at=when)
    return replace(systemic(), tenant=tenant, cause=cause, root_job=EXPORT, pairs=(pair,), window_end=when)


def test_findings_that_are_over_cost_no_statement_each(engine: Engine) -> None:
    later = NOW + 5 * MINUTE
    with asked(engine) as heard:
        assert follow(engine, later, later) == ()
    assert len(heard.statements) < len(TENANTS)


def test_the_one_that_fails_of_another_cause_is_a_suspect_again(engine: Engine) -> None:
    later = NOW + timedelta(hours=1)
    again = (self_caused(TENANTS[0], later, Cause.SHARED), *(self_caused(name, NOW) for name in TENANTS[1:]))
    save_analysis(engine, Analysis(later, again), later)
    assert follow(engine, later, later) == (finding_id(TENANTS[0], EXPORT),)
    states = [life_of(engine, wanted_finding(engine, finding_id(name, EXPORT))).state for name in TENANTS]
    assert states == [State.SUSPECT, *(State.DISMISSED for _ in TENANTS[1:])]
