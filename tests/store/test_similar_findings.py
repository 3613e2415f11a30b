"""Which lives of other findings are read: those that share something and may be over, the most alike first, so many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from correlator.model import Analysis
from correlator.store.finding_events import Decide, FindingEvent, append_events
from correlator.store.findings import finding_id, save_analysis
from correlator.store.similar_findings import Alike, events_alike
from tests.web import cast
from tests.web.factory import Rule

AT = datetime(2026, 3, 20, tzinfo=UTC)
ROOT = {"cause": "upstream", "root_job": "ingest_50%"}
CHAPTERS = ("back", "suspect")
TENANTS = {
    "both": "job, root, signature",
    "sign": "signature",
    "wild": "",
    "open": "job, root, signature",
    "gone": "job",
}


def lives(engine: Engine, steps: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """A finding for each name, with these steps and the details that make it alike; names by their ids."""
    one = cast.systemic()
    jobs = {name: one.job if "job" in TENANTS[name] else f"other_{name}" for name in steps}
    found = tuple(replace(one, tenant=name, job=job) for name, job in jobs.items())
    save_analysis(engine, Analysis(cast.END, found), cast.END, Rule())
    for place, (name, taken) in enumerate(steps.items()):
        details = {
            **(ROOT if "root" in TENANTS[name] else {**ROOT, "root_job": "ingest_505"}),
            "signatures": ['no "disk" left'] if "signature" in TENANTS[name] else ["no Xdisk left"],
        }
        key, at = finding_id(name, jobs[name]), AT + timedelta(hours=place)
        append_events(engine, key, _taking([_event(key, step, at, details) for step in taken]))
    return {finding_id(name, job): name for name, job in jobs.items()}


def _taking(events: list[FindingEvent]) -> Decide:
    return lambda _: events


def _event(key: str, step: str, at: datetime, details: Mapping[str, object]) -> FindingEvent:
    return FindingEvent(key, at, at, step, "on-call", machine=False, details=details if step in CHAPTERS else {})


def test_the_most_alike_that_may_be_over_are_read_and_no_others(engine: Engine) -> None:
    names = lives(
        engine,
        {
            "both": ("suspect", "dismiss"),
            "sign": ("suspect", "fixed"),
            "wild": ("suspect", "dismiss"),
            "open": ("suspect", "confirm"),
            "gone": ("suspect", "back"),
        },
    )
    wanted = Alike(cast.systemic().job, ROOT, ('no "disk" left',), CHAPTERS)

    def read(most: int) -> list[str]:
        return sorted(names[one] for one in events_alike(engine, wanted, ("fixed", "dismiss"), most))

    assert read(10) == ["both", "gone", "sign"]
    assert [read(1), read(2)] == [["sign"], ["both", "sign"]]
