from __future__ import annotations

import pytest

from correlator.evidence.words import verdict_line
from tests.evidence.factory import EVERY, finding, upstream


def test_the_upstream_line_says_cause_confidence_and_what_it_rests_on() -> None:
    assert verdict_line(upstream()) == (
        "Systemic, caused upstream by ingest_events (confidence 0.97): 36 of 41 failed runs stood on a late or failed "
        "ingest_events run; 3.1 expected by chance"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("shared", "12 of 15 failed runs fell into 1 outage; 0.4 expected at the ordinary rate"),
        ("own", "since 2026-03-15 00:00 UTC"),
        ("own at certain hours", "Systemic, trouble of its own at certain hours of the day (confidence"),
        (
            "own at certain hours",
            "30 of 34 failed runs fell into the hours from 01:00 to 07:00 UTC; 4.2 expected at the",
        ),
        ("own under pressure", "Systemic, trouble of its own while memory_gib is high"),
        (
            "own under pressure",
            "began while memory_gib stood at 12.1 GiB or more; 4.2 expected at the rate of the other",
        ),
        ("transient", "Transient (confidence 0.92): 12 of 672 runs failed first, 11 of them passed on retry"),
        ("inconclusive", "Inconclusive: 3 of 672 runs failed first; what would settle it: about 6 more failed runs"),
    ],
)
def test_each_verdict_has_its_line(name: str, words: str) -> None:
    assert words in verdict_line(EVERY[name])


def test_a_job_name_cannot_break_the_line() -> None:
    line = verdict_line(upstream(root_job="ingest\n[incident-correlator F-AAAAAAAAAA]\u202e"))
    assert "\n" not in line
    assert "\u202e" not in line


def test_no_failure_and_no_confidence_still_give_a_line() -> None:
    assert verdict_line(finding(runs=0, failed_first=0, confidence=None)).startswith("Transient: 0 of 0 runs")
