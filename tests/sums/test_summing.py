"""The sums by month are what a direct count over the stored runs gives, however and how often these came in."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, Select, select, text

from correlator.model import Attempt, Cause, Finding, Pair, Status, Verdict
from correlator.ports import Page
from correlator.settings import load_settings
from correlator.store.database import open_store, reading, writing
from correlator.store.facts import store_page
from correlator.store.findings import Saving, save_findings
from correlator.store.kinds import Row
from correlator.store.schema import metadata, monthly_sums
from correlator.store.sums import NUMBERS, Key, Waiting, ask_for, counted_at, due, next_waiting, put_counted
from correlator.sums import Summed, sum_up, summing
from correlator.sums.counting import days_of_jobs, month_of_jobs
from tests.postgres import new_database
from tests.web import cast
from tests.web.factory import Rule

NOW = datetime(2026, 4, 2, tzinfo=UTC)
EDGE = datetime(2026, 2, 27, tzinfo=UTC)
SETTINGS = load_settings(None, {})
OF_A_DAY = ("runs", "failed_first", "laid", "needed_retry", "extra_attempts", "burnt_us")
_LOST = frozenset({Status.FAILED, Status.TIMED_OUT})


@dataclass(frozen=True)
class Planned:
    """A scheduled run around the edge of a month, and how its attempts ended."""

    number: int
    job: str
    tenant: str
    hours: int
    ends: tuple[Status, ...]

    def attempts(self) -> Iterator[Attempt]:
        name = f"run-{self.number}"
        for place, status in enumerate(self.ends):
            begin = EDGE + timedelta(hours=self.hours + 5 * place, minutes=self.number % 60)
            end = None if status is Status.RUNNING else begin + timedelta(minutes=10 + place)
            yield Attempt(f"{name}-{place}", self.job, begin, status, self.tenant, name, place + 1, None, end)


_STATUSES = st.sampled_from([Status.SUCCESS, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.RUNNING])
Plan = tuple[str, str, int, list[Status]]
_PLANS = st.lists(
    st.tuples(
        st.sampled_from(["load", "export"]),
        st.sampled_from(["", "tenant-01"]),
        st.integers(0, 90),
        st.lists(_STATUSES, min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=12,
)


def planned(given_: Sequence[Plan]) -> list[Planned]:
    return [
        Planned(number, job, tenant, hours, tuple(ends)) for number, (job, tenant, hours, ends) in enumerate(given_)
    ]


def counted_directly(runs: Sequence[Planned]) -> dict[tuple[str, str, str], dict[str, int]]:
    """Run by run, from the definition of each sum."""
    found: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(NUMBERS, 0))
    for run in runs:
        attempts = list(run.attempts())
        sums = found[(f"{attempts[0].started_at:%Y-%m}", run.tenant, run.job)]
        failed = run.ends[0] in _LOST
        sums["runs"] += failed or run.ends[0] is Status.SUCCESS
        sums["failed_first"] += failed
        sums["needed_retry"] += failed and Status.SUCCESS in run.ends
        sums["extra_attempts"] += len(attempts) - 1
        lost = [one.finished_at - one.started_at for one in attempts if one.status in _LOST and one.finished_at]
        sums["burnt_us"] += sum(took // timedelta(microseconds=1) for took in lost)
    return {key: sums for key, sums in found.items() if any(sums.values())}


def stored(engine: Engine) -> dict[tuple[str, str, str], dict[str, int]]:
    with reading(engine) as connection:
        rows = connection.execute(select(monthly_sums)).mappings().all()
    for row in rows:  # the days are the month
        days = json.loads(row["days"]).values()
        assert [sum(one) for one in zip(*days, strict=True)] == [row[name] for name in OF_A_DAY]
    return {(row["month"], row["tenant"], row["job"]): {name: row[name] for name in NUMBERS} for row in rows}


def keep(engine: Engine, attempts: Sequence[Attempt], source: str = "a", minute: int = 0) -> None:
    store_page(engine, source, Page("runs", tuple(attempts), {}, done=True), NOW + timedelta(minutes=minute))


@pytest.fixture(scope="module")
def two_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    """For many random histories: making a store takes longer than counting in it."""
    folder = tmp_path_factory.mktemp("sums")
    first, second = (open_store(f"sqlite:///{folder / name}.db") for name in ("first", "second"))
    yield first, second
    first.dispose()
    second.dispose()


def emptied(engine: Engine) -> Engine:
    with writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield engine
    engine.dispose()


@given(plans=_PLANS, cuts=st.lists(st.integers(0, 40), max_size=2), turned=st.booleans())
@settings(max_examples=15, deadline=None)
def test_sums_are_a_direct_count_however_the_runs_came_in(
    two_stores: tuple[Engine, Engine], plans: list[Plan], cuts: list[int], turned: bool
) -> None:
    engine, runs = emptied(two_stores[0]), planned(plans)
    attempts = [attempt for run in runs for attempt in run.attempts()]
    order = attempts[::-1] if turned else attempts
    bounds = [0, *sorted(min(cut, len(order)) for cut in cuts), len(order)]
    for minute, (begin, end) in enumerate(pairwise(bounds)):
        keep(engine, order[begin:end], minute=minute)
        sum_up(engine, SETTINGS, NOW)
    assert stored(engine) == counted_directly(runs)
    keep(engine, attempts, minute=9)  # all of it once more says nothing new
    assert sum_up(engine, SETTINGS, NOW).counted == 0


@given(plans=_PLANS, later=_PLANS)
@settings(max_examples=10, deadline=None)
def test_what_is_corrected_leaves_nothing_behind(
    two_stores: tuple[Engine, Engine], plans: list[Plan], later: list[Plan]
) -> None:
    """Attempts may move to another job, tenant or month, and end otherwise."""
    for engine in two_stores:
        emptied(engine)
        for minute, some in enumerate((plans, later)):
            keep(engine, [attempt for run in planned(some) for attempt in run.attempts()], minute=minute)
            if engine is two_stores[0] or minute:
                sum_up(engine, SETTINGS, NOW)
    stepwise, at_once = map(stored, two_stores)
    assert stepwise == at_once


def test_of_two_sources_the_one_counts_that_revised_last(engine: Engine) -> None:
    run = Planned(0, "load", "tenant-01", 5, (Status.FAILED, Status.SUCCESS))
    keep(engine, list(run.attempts()), "a")
    sum_up(engine, SETTINGS, NOW)
    moved = replace(run, tenant="tenant-02", ends=(Status.SUCCESS, Status.SUCCESS))
    keep(engine, list(moved.attempts()), "b", minute=1)
    sum_up(engine, SETTINGS, NOW)
    assert stored(engine) == counted_directly([moved])


def test_only_months_are_counted_of_which_something_was_written(engine: Engine) -> None:
    days = [Planned(n, "load", "tenant-01", 24 * n, (Status.SUCCESS,)) for n in range(300)]
    keep(engine, [attempt for run in days for attempt in run.attempts()])
    assert sum_up(engine, SETTINGS, NOW).counted == 11
    late = Planned(400, "load", "tenant-01", 24 * 45, (Status.FAILED, Status.SUCCESS))
    keep(engine, list(late.attempts()), minute=1)
    assert sum_up(engine, SETTINGS, NOW) == Summed(1, 1)
    assert stored(engine) == counted_directly([*days, late])


def _finding(pairs: Sequence[Pair], end: datetime, verdict: Verdict = Verdict.SYSTEMIC) -> Finding:
    return replace(
        cast.systemic(),
        tenant="tenant-01",
        job="load",
        verdict=verdict,
        cause=Cause.UPSTREAM if verdict is Verdict.SYSTEMIC else Cause.NONE,
        root_job="ingest" if verdict is Verdict.SYSTEMIC else None,
        pairs=tuple(pairs),
        window_start=end - timedelta(days=35),
        window_end=end,
    )


def _judge(engine: Engine, findings: Sequence[Finding], end: datetime) -> None:
    save_findings(engine, findings, Saving(end, end, Rule()))


def _laid(engine: Engine) -> list[tuple[Any, ...]]:
    columns = ("month", "laid", "rule_id", "team", "root_job")
    with reading(engine) as connection:
        rows = connection.execute(select(*(monthly_sums.c[name] for name in columns)).order_by(monthly_sums.c.month))
        return [tuple(row) for row in rows]


def test_what_was_laid_to_the_cause_stays_when_the_window_has_moved_on(engine: Engine) -> None:
    bad = [Planned(n, "load", "tenant-01", 24 * n, (Status.FAILED, Status.SUCCESS)) for n in range(6)]
    keep(engine, [attempt for run in bad for attempt in run.attempts()])
    pairs = [
        Pair(f"run-{n}", "ingest", "x", 60.0, failed_at=EDGE + timedelta(days=n, minutes=10)) for n in (0, 1, 3, 4)
    ]
    _judge(engine, [_finding(pairs, NOW)], NOW)
    sum_up(engine, SETTINGS, NOW)
    asked = ("ingest-memory", "data-platform", "ingest")
    assert _laid(engine) == [("2026-02", 2, *asked), ("2026-03", 2, *asked)]

    later = NOW + timedelta(days=3)  # its window begins on 1 March: of the days before, what was said stays
    _judge(engine, [_finding(pairs[2:3], later)], later)
    sum_up(engine, SETTINGS, later)
    assert _laid(engine) == [("2026-02", 2, *asked), ("2026-03", 1, *asked)]

    _judge(engine, [_finding((), later, Verdict.TRANSIENT)], later + timedelta(minutes=5))
    sum_up(engine, SETTINGS, later)
    assert _laid(engine) == [("2026-02", 2, *asked), ("2026-03", 0, "", "", "")]

    keep(engine, list(Planned(9, "load", "tenant-01", 3, (Status.SUCCESS,)).attempts()), minute=7)
    sum_up(engine, SETTINGS, later)
    assert _laid(engine)[0] == ("2026-02", 2, *asked)
    assert stored(engine)[("2026-02", "tenant-01", "load")]["runs"] == 3


def test_it_is_counted_when_there_is_something_to_count_and_never_takes_much_of_the_time(engine: Engine) -> None:
    assert not due(engine, NOW)
    keep(engine, list(Planned(0, "load", "", 0, (Status.SUCCESS,)).attempts()))
    assert due(engine, NOW)
    sum_up(engine, SETTINGS, NOW)
    assert not due(engine, NOW + timedelta(days=1))
    keep(engine, list(Planned(1, "load", "", 1, (Status.SUCCESS,)).attempts()), minute=1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE sum_positions SET position = 10000000 WHERE name = 'took'"))  # ten seconds
    assert not due(engine, NOW + timedelta(minutes=9))
    assert due(engine, NOW + timedelta(minutes=10))


def test_a_count_that_is_cut_goes_on_where_it_stopped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [Planned(n, f"load-{n % 3}", "tenant-01", 300 * n, (Status.FAILED, Status.SUCCESS)) for n in range(9)]
    keep(engine, [attempt for run in runs for attempt in run.attempts()])
    parts: list[str] = []

    def cut(connection: Connection, counted: Mapping[Key, Row | None], asked: Sequence[Waiting]) -> int:
        if len(parts) == 3:
            raise KeyboardInterrupt
        parts.extend(one.key[0] for one in asked)
        return put_counted(connection, counted, asked)

    with monkeypatch.context() as patch:
        patch.setattr(summing, "_MANY", 1)
        patch.setattr(summing, "put_counted", cut)
        with pytest.raises(KeyboardInterrupt):
            sum_up(engine, SETTINGS, NOW)
    whole = counted_directly(runs)
    assert parts == sorted((month for month, *_ in whole), reverse=True)[:3]  # the newest months are counted first
    assert counted_at(engine) is None
    assert sum_up(engine, SETTINGS, NOW, seconds=0) == Summed(through=False)
    assert due(engine, NOW)
    assert stored(engine).items() < whole.items()
    assert sum_up(engine, SETTINGS, NOW) == Summed(len(whole) - 3, len(whole) - 3)
    assert stored(engine) == whole
    assert counted_at(engine) == NOW


def test_a_count_that_goes_on_does_not_begin_again_with_what_findings_say(engine: Engine) -> None:
    bad = [Planned(n, "load", "tenant-01", 24 * n, (Status.FAILED, Status.SUCCESS)) for n in range(6)]
    keep(engine, [attempt for run in bad for attempt in run.attempts()])
    _judge(engine, [_finding((), NOW)], NOW)
    assert not sum_up(engine, SETTINGS, NOW, seconds=0).through
    with reading(engine) as connection:
        asked = next_waiting(connection, 10)
    assert [one.key[0] for one in asked] == ["2026-04"]
    with writing(engine) as connection:
        assert put_counted(connection, {}, asked) == 1
    assert sum_up(engine, SETTINGS, NOW) == Summed(2, 2)
    assert stored(engine) == counted_directly(bad)


def test_of_two_that_count_at_once_the_one_that_saw_less_changes_nothing(engine: Engine) -> None:
    first, late = (Planned(n, "load", "tenant-01", n, (Status.FAILED, Status.SUCCESS)) for n in range(2))
    keep(engine, list(first.attempts()))
    assert not sum_up(engine, SETTINGS, NOW, seconds=0).through
    with reading(engine) as connection:
        asked = next_waiting(connection, 10)
    keep(engine, list(late.attempts()), minute=1)
    sum_up(engine, SETTINGS, NOW)
    with writing(engine) as connection:
        assert put_counted(connection, {asked[0].key: None}, asked) == 0
    assert stored(engine) == counted_directly([first, late])


def test_days_that_wait_stay_when_others_are_asked_for(engine: Engine) -> None:
    key, other = ("2026-03", "tenant-01", "load"), ("2026-03", "", "export")
    for wanted in ({key: (1, 2), other: None}, {key: (2, 7), other: (3,)}):
        with writing(engine) as connection:
            ask_for(connection, wanted, {})
    with reading(engine) as connection:
        waiting = {one.key: one.days for one in next_waiting(connection, 10)}
    assert waiting == {key: frozenset({1, 2, 7}), other: None}


@pytest.mark.postgres
def test_on_postgres_too(postgres_url: str) -> None:
    engine = open_store(new_database(postgres_url))
    runs = [Planned(n, "load", "tenant-01", 11 * n, (Status.FAILED, Status.SUCCESS)[n % 2 :]) for n in range(20)]
    keep(engine, [attempt for run in runs for attempt in run.attempts()])
    _judge(engine, [_finding((), NOW)], NOW)
    sum_up(engine, SETTINGS, NOW)
    assert stored(engine) == counted_directly(runs)
    keep(engine, list(runs[0].attempts())[:1], "b", minute=1)
    sum_up(engine, SETTINGS, NOW)
    assert stored(engine) == counted_directly(runs)
    engine.dispose()


@pytest.mark.parametrize(
    "wanted",
    [
        month_of_jobs("2026-03", [("tenant-01", "load"), ("", "export")]),
        days_of_jobs("2026-03", {("tenant-01", "load"): {1, 2, 5}, ("", "export"): {9}}),
    ],
)
def test_what_is_counted_is_found_along_indexes(engine: Engine, wanted: Select[Any]) -> None:
    statement = wanted.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = [str(step[3]) for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    walks = [step for step in plan if step.startswith("S") and ("runs" in step or "near" in step)]
    assert sum("ix_runs_job (job=? AND tenant=? AND started_at>? AND started_at<?)" in step for step in walks) >= 2
    assert all(step.startswith("SEARCH") for step in walks), plan
    indexes = (
        "ix_runs_logical_run_id (logical_run_id=?)",
        "ix_runs_scheduled_at (job=? AND tenant=? AND scheduled_at=?)",
    )
    own = [index for index in indexes if any(f"runs USING INDEX {index}" in step for step in walks)]
    assert own == ([*indexes] if any("near" in step for step in walks) else [])
