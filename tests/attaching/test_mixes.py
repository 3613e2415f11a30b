"""Faults, kills and news in seeded random mixes: each piece of news stands once in the end, whatever came between."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.standin import Fault
from correlator.attaching import attach_open
from correlator.model import Finding
from correlator.store.attachments import list_attachments
from tests.attaching.stages import GONE, KINDS, NOW, OTHER_ROOT, SYSTEMIC, Stage, stage
from tests.attaching.test_every_sink import Killed, KilledSink


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_a_mix_ends_with_each_piece_of_news_once(kind: str, seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    with stage(kind, tmp_path) as at:
        hour = 0
        for finding in (SYSTEMIC, replace(SYSTEMIC, observed=37), OTHER_ROOT, GONE):
            for _ in range(4):
                hour += 1
                _trouble(at, dice)
                _round(at, finding, hour, dice)
            at.faults.clear()
            _settle(at, hour)
        assert len(at.standing()) == (1 if at.in_place else 3)
        assert "no longer holds" in at.standing()[-1]
        assert [row.state for row in list_attachments(at.engine)] == ["written"]


def _trouble(at: Stage, dice: random.Random) -> None:
    """A fault of any kind for writes or for whatever comes; a lost answer among them."""
    for _ in range(dice.randrange(3)):
        status, anything = dice.choice([0, 429, 500, 503]), dice.random() < 0.4
        applied = status != 429 and dice.random() < 0.6
        path, method = ("/", "") if anything else (at.path, at.method)
        headers = {"retry-after": "1", "x-ratelimit-reset": "1"}
        at.faults.add(Fault(path, status, dice.randrange(1, 3), method=method, applied=applied, headers=headers))


def _round(at: Stage, finding: Finding, hour: int, dice: random.Random) -> None:
    now = NOW + timedelta(hours=hour)
    at.found(finding, at=now)
    if dice.random() < 0.3:
        with suppress(Killed):
            attach_open(at.engine, at.settings, KilledSink(at.sink(), after=dice.random() < 0.5), now)
    else:
        attach_open(at.engine, at.settings, at.sink(), now)


def _settle(at: Stage, hour: int) -> None:
    """One round in good weather, after all waiting: what there was to tell is told before there is other news."""
    attach_open(at.engine, at.settings, at.sink(), NOW + timedelta(hours=hour, minutes=59))
