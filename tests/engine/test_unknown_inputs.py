"""A job of which nobody told what it reads: the verdict says so, in words, in the layers and in how sure it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from correlator.engine.confidence import RIGHT_WITH_INPUTS_UNKNOWN, with_inputs_unknown
from correlator.engine.established import Laid
from correlator.model import Cause, Dependency, Finding, Verdict
from tests.engine.build import only, tables_of
from tests.engine.plays import Job, Own, play, some

HOURS = 14 * 24
JOBS = (Job("ingest"), Job("load", 30), Job("export", 20))
ELSEWHERE = (Dependency("ingest", "load"),)
UNLUCKY: Own = {"export": dict.fromkeys(some(14, HOURS, 12), "FS")}
rng = np.random.default_rng(6)
CHANGED: Own = {"export": {slot: "FS" for slot in range(200, HOURS) if rng.random() < 0.3}}


def told(own: Own, *more: Dependency) -> Finding:
    return only(tables_of(play(JOBS, own=own), (*ELSEWHERE, *more)), "export")


def test_luck_and_own_trouble_are_less_sure_where_no_input_is_known() -> None:
    for own, verdict in ((UNLUCKY, Verdict.TRANSIENT), (CHANGED, Verdict.SYSTEMIC)):
        alone, known = told(own), told(own, Dependency("ingest", "export"))
        assert (alone.verdict, known.verdict) == (verdict, verdict)
        assert alone.cause is known.cause
        assert alone.confidence is not None
        assert known.confidence is not None
        assert alone.confidence < known.confidence
        assert "No upstream of it is known" in alone.summary
        assert "No upstream" not in known.summary
        assert [row.result for row in alone.layers if row.layer == "upstream"] == ["no data"]


def test_a_job_that_others_read_from_is_known_to_read_nothing() -> None:
    source = told(CHANGED, Dependency("export", "load"))
    assert "No upstream" not in source.summary
    assert source.confidence == told(CHANGED, Dependency("ingest", "export")).confidence


def test_an_upstream_without_any_run_is_no_upstream_that_was_looked_at() -> None:
    unseen = told(UNLUCKY, Dependency("crm", "export"))
    assert unseen.confidence == told(UNLUCKY).confidence
    assert [(row.layer, row.result) for row in unseen.layers if row.layer.startswith("upstream")] == [
        ("upstream crm", "no data")
    ]
    assert any("crm" in note for note in unseen.notes)
    beside = told(UNLUCKY, Dependency("crm", "export"), Dependency("ingest", "export"))
    assert {row.layer: row.result for row in beside.layers}["upstream crm"] == "no data"


def test_where_the_doubt_takes_the_verdict_away_it_asks_for_the_inputs() -> None:
    """Few failures: sure enough with a known input, not without."""
    few: Own = {"export": dict.fromkeys(some(5, 48, 4), "FS")}

    def short(*more: Dependency) -> Finding:
        return only(tables_of(play(JOBS, days=2, own=few), (*ELSEWHERE, *more)), "export")

    assert short(Dependency("ingest", "export")).verdict is Verdict.TRANSIENT
    assert short().needs == "the jobs this one reads from, as declared dependencies"
    assert short(Dependency("crm", "export")).needs == "runs of crm, from which it reads"


@given(st.integers(1, 200), st.floats(0, 200), st.floats(0, 200))
def test_a_failure_is_laid_to_a_lesser_cause_when_that_is_likelier_than_not(
    failed: int, usual: float, more: float
) -> None:
    def laid(ordinary: float) -> Laid:
        return Laid(Cause.UPSTREAM, 0, np.ones(1, bool), failed, failed, None, None, 0.0, ordinary)

    assert laid(usual).more_than_chance == (usual <= failed / 2)
    assert laid(usual).more_than_chance or not laid(usual + more).more_than_chance


@given(st.sampled_from(("upstream", "shared", "self", "transient")), st.floats(0.5, 1.0), st.floats(0.5, 1.0))
def test_the_doubt_never_makes_a_verdict_surer_and_keeps_their_order(kind: str, one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert with_inputs_unknown(kind, low) <= with_inputs_unknown(kind, high) <= round(high, 4)
    if kind not in RIGHT_WITH_INPUTS_UNKNOWN:
        assert with_inputs_unknown(kind, high) == round(high, 4)
