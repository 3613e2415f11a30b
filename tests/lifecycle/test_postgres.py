"""The same life on PostgreSQL as on SQLite, and two people at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from correlator.errors import StepRefusedError
from correlator.lifecycle.fixing import claim_fix
from correlator.lifecycle.ledger import read_asks
from correlator.lifecycle.steps import State
from correlator.lifecycle.transitions import confirm, dismiss, enter_step
from tests.lifecycle.platform import DAY, HOUR, START, Platform, never, settings_for, sick
from tests.store.conftest import engine, store_url

__all__ = ["engine", "store_url"]
FIX = START + 20 * DAY


@pytest.fixture
def told(engine: Engine, store_url: str, tmp_path: Path) -> Platform:
    found = Platform(engine, settings_for(tmp_path, store_url))
    found.go(START, FIX, sick(1))
    found.look(FIX)
    return found


def test_a_fix_is_shown_to_hold_and_comes_back(told: Platform) -> None:
    enter_step(told.engine, told.stored(), confirm("on-call", "real", FIX))
    enter_step(told.engine, told.stored(), claim_fix(told.stored(), [], "data-platform", "more memory", FIX))
    told.go(FIX, FIX + 60 * HOUR, never)
    told.look(FIX + 60 * HOUR)
    assert told.life().state is State.FIXED
    told.go(FIX + 60 * HOUR, FIX + 90 * HOUR, sick(5, 0.3))
    told.look(FIX + 90 * HOUR)
    assert told.life().state is State.BACK
    assert read_asks(told.engine, FIX) == ()


def test_of_two_who_decide_at_once_one_is_told(told: Platform) -> None:
    stored, refusals = told.stored(), []
    ready = threading.Barrier(8)

    def act(number: int) -> None:
        ready.wait()
        make = confirm if number % 2 else dismiss
        try:
            enter_step(told.engine, stored, make(f"person {number}", "for a reason", FIX, 1))
        except StepRefusedError as error:
            refusals.append(error)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 7
    assert told.life().seen == 2
    assert "moved on meanwhile" in refusals[0].message
