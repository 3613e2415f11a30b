"""Lineage events in both databases: what is stored does not depend on order, repetition, or who writes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from sqlalchemy import Engine

from correlator.model import Attempt, Dependency, Origin, Status
from correlator.store.edges import end_unseen, list_edges
from correlator.store.frames import read_window
from correlator.store.lineage import Lineage, Told, Use, receive
from correlator.store.lookups import attempts_of

T = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def _fold(bodies: list[dict[str, Any]]) -> Attempt:
    """A run that has ended where any event says so."""
    status = Status.SUCCESS if any(body["ended"] for body in bodies) else Status.RUNNING
    return Attempt(bodies[0]["run"], "load", T, status, finished_at=T if status is Status.SUCCESS else None)


LINEAGE = Lineage("openlineage", _fold, 30)


def _told(run: str, *, ended: bool = False) -> Told:
    return Told(run, {"run": run, "ended": ended})


def _use(job: str, at: datetime, engine: Engine, *, writes: bool, tenant: str = "") -> None:
    receive(engine, LINEAGE, [Told("", {}, (Use("pg/orders", job, tenant, writes),))], (), at)


def test_a_run_is_the_same_in_any_order(engine: Engine) -> None:
    events = [False, True, True]
    for number, order in enumerate(sorted(set(permutations(events)))):
        for ended in order:
            receive(engine, LINEAGE, [_told(f"r{number}", ended=ended)], (), T)
    found = attempts_of(engine, "load", "")
    assert [one.status for one in found] == [Status.SUCCESS] * 3


def test_what_is_known_changes_nothing(engine: Engine) -> None:
    first = receive(engine, LINEAGE, [_told("r1")], (), T)
    assert (first.stored, first.repeated) == ({"runs": 1}, 0)
    again = receive(engine, LINEAGE, [_told("r1"), _told("r1")], (), T + DAY)
    assert (again.stored, again.repeated) == ({"runs": 0}, 1)


def test_events_of_one_run_from_many_senders_at_once(engine: Engine) -> None:
    def send(number: int) -> None:
        receive(engine, LINEAGE, [_told("r1", ended=number % 2 == 0), _told(f"own{number}")], (), T)

    with ThreadPoolExecutor(4) as senders:
        list(senders.map(send, range(12)))
    found = {one.run_id: one.status for one in attempts_of(engine, "load", "")}
    assert found["r1"] is Status.SUCCESS
    assert len(found) == 13


def test_an_edge_is_as_old_as_the_older_of_its_two_sights(engine: Engine) -> None:
    _use("build", T, engine, writes=True)
    _use("export", T + DAY, engine, writes=False)
    (edge,) = list_edges(engine)
    assert edge.edge == Dependency("build", "export", origin=Origin.LINEAGE)
    assert (edge.since, edge.seen) == (T + DAY, T)
    _use("build", T + 2 * DAY, engine, writes=True)
    assert [one.seen for one in list_edges(engine)] == [T + DAY]


def test_a_reader_that_stopped_reading_makes_no_edge_and_its_edge_ends(engine: Engine) -> None:
    _use("build", T, engine, writes=True)
    _use("export", T, engine, writes=False)
    for day in range(1, 70, 3):
        _use("build", T + day * DAY, engine, writes=True)
        _use("mail", T + day * DAY, engine, writes=False)
    assert end_unseen(engine, 30, T + 70 * DAY) == 1
    now = {edge.downstream for edge in read_window(engine, None, None).dependencies}
    then = {edge.downstream for edge in read_window(engine, None, None, T + 10 * DAY).dependencies}
    assert (now, then) == ({"mail"}, {"mail", "export"})
    _use("copy", T + 71 * DAY, engine, writes=True)
    assert {(one.edge.upstream, one.edge.downstream) for one in list_edges(engine)} == {
        ("build", "mail"),
        ("copy", "mail"),
    }
