"""What somebody sees of the store who may see some tenants alone, on both databases and through every kind of query."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    Table,
    Text,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    union_all,
    update,
)

from correlator.errors import StoreError
from correlator.model import Attempt, Dependency, Incident, Status
from correlator.ports import IncidentEntry, IncidentRelation, Page
from correlator.store import schema
from correlator.store.database import open_store, reading, writing
from correlator.store.facts import store_page
from correlator.store.names import known_tenants
from correlator.store.restricting import narrowed_to, restricted, watch
from correlator.store.schema import dependencies, findings, incident_entries, incident_relations, incidents, runs
from correlator.store.visibility import BLANK, VISIBLE
from tests.postgres import new_database
from tests.web.plans import asked

START = datetime(2026, 3, 2, tzinfo=UTC)
OWN, OTHER = "tenant-01", "tenant-02"


@dataclass(frozen=True)
class Seen:
    """Sees one tenant, and reads every text as it is but for one word."""

    tenants: frozenset[str] = frozenset({OWN})

    def text(self, text: str) -> str:
        return text.replace(OTHER, "another")

    def document(self, text: str) -> str:
        return f"seen: {text}"


def facts() -> Iterator[Any]:
    for tenant, job in ((OWN, "export"), (OTHER, "export"), (OTHER, "vault"), ("", "ingest")):
        for day in range(3):
            error = f"as in {OTHER}"
            at = START + timedelta(days=day)
            yield Attempt(f"{job}-{tenant}-{day}", job, at, Status.FAILED, tenant, error=error)
    yield from (Dependency("ingest", "export"), Dependency("export", "vault"), Dependency("ingest", "vault", OTHER))
    for tenant, name in ((OWN, "Q1"), (OTHER, "Q2"), ("", "Q3")):
        yield Incident(name, START, tenant=tenant, title=name)
        yield IncidentEntry(f"L-{name}", name, "alert", START, "said")
    yield from (IncidentRelation("Q1", "past", other, None, None, "alike", 0.5) for other in ("Q2", "Q3", "Q9"))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    """The whole store, and the same as it is seen; nobody writes to it."""
    if request.param == "sqlite":
        engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('seen') / 'store.db'}")
    else:
        engine = open_store(new_database(request.getfixturevalue("postgres_url")))
    yield filled(engine)
    engine.dispose()


def filled(engine: Engine) -> tuple[Engine, Engine]:
    store_page(engine, "datadog", Page("all", tuple(facts()), {"at": 1}, done=True), START + timedelta(days=9))
    with writing(engine) as connection:
        for tenant in (OWN, OTHER):
            row = {"id": f"F-{tenant}", "tenant": tenant, "job": "export", "document": "{}"}
            times = dict.fromkeys(("first_raised_at", "changed_at", "updated_at"), 1)
            connection.execute(insert(findings).values(row | times))
    watch(engine)
    return engine, restricted(engine, Seen())


def rows(engine: Engine, statement: Any) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return sorted(tuple(row) for row in connection.execute(statement))


LATER = runs.alias("later")
ONE_OF_EACH = select(LATER.c.job, LATER.c.tenant).where(LATER.c.started_at > 0).distinct()
SHAPES = {
    "columns": select(runs.c.tenant).distinct(),
    "an alias": select(LATER.c.tenant).distinct(),
    "a join": select(runs.c.tenant).join(LATER, LATER.c.tenant == runs.c.tenant).distinct(),
    "both in FROM": select(LATER.c.tenant).where(runs.c.run_id == LATER.c.run_id).distinct(),
    "a subquery": select(select(runs.c.tenant).subquery().c.tenant).distinct(),
    "a subquery in a condition": select(runs.c.tenant).where(runs.c.job.in_(select(LATER.c.job))).distinct(),
    "exists": select(runs.c.tenant).where(exists().where(LATER.c.run_id == runs.c.run_id)).distinct(),
    "a union": union_all(select(runs.c.tenant), select(LATER.c.tenant)),
    "a union of subqueries": union_all(select(ONE_OF_EACH.subquery().c.tenant), select(runs.c.tenant)),
    "a CTE": select(select(runs.c.tenant).cte("some").c.tenant).distinct(),
    "a label": select(runs.c.tenant.label("whose")).distinct(),
    "a function": select(func.max(runs.c.tenant)),
    "the whole table": select(runs),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_of_others_are_not_there_however_they_are_asked_for(store: tuple[Engine, Engine], shape: str) -> None:
    whole, seen = store
    assert OTHER in str(rows(whole, SHAPES[shape]))
    found = str(rows(seen, SHAPES[shape]))
    assert OTHER not in found
    assert OWN in found


def test_counts_are_of_what_is_seen(store: tuple[Engine, Engine]) -> None:
    counted = select(func.count()).select_from(runs), select(select(func.count(runs.c.run_id)).scalar_subquery())
    assert [rows(store[0], one) for one in counted] == [[(12,)], [(12,)]]
    assert [rows(store[1], one) for one in counted] == [[(6,)], [(6,)]]


def test_a_recursive_question_is_answered_too(store: tuple[Engine, Engine]) -> None:
    assert known_tenants(store[0]) == ["", OWN, OTHER]
    assert known_tenants(store[1]) == ["", OWN]


def test_children_follow_their_parents(store: tuple[Engine, Engine]) -> None:
    seen = store[1]
    assert rows(seen, select(incidents.c.incident_id)) == [("Q1",), ("Q3",)]
    assert rows(seen, select(incident_entries.c.entry_id)) == [("L-Q1",), ("L-Q3",)]
    assert rows(seen, select(incident_relations.c.other_id)) == [("Q3",)]


def test_edges_to_jobs_that_only_ran_for_others_are_not_shown(store: tuple[Engine, Engine]) -> None:
    ends = select(dependencies.c.upstream, dependencies.c.downstream)
    assert rows(store[0], ends) == [("export", "vault"), ("ingest", "export"), ("ingest", "vault")]
    assert rows(store[1], ends) == [("ingest", "export")]


def test_texts_are_read_as_they_are_seen(store: tuple[Engine, Engine]) -> None:
    assert set(rows(store[1], select(runs.c.error))) == {("as in another",)}
    assert rows(store[1], select(findings.c.document.label("told"))) == [("seen: {}",)]
    assert set(rows(store[0], select(runs.c.error))) == {(f"as in {OTHER}",)}, "statements are not shared"


@pytest.mark.parametrize(
    "statement",
    [
        text("SELECT tenant FROM runs"),
        select(literal_column("tenant")).select_from(runs),
        select(runs.c.job).where(text("1 = 1")),
        select(Table("alembic_version", MetaData(), Column("version_num", Text)).c.version_num),
        select(Table("runs", MetaData(), Column("job", Text), schema="elsewhere").c.job),
    ],
)
def test_what_cannot_be_narrowed_is_refused(store: tuple[Engine, Engine], statement: Any) -> None:
    with pytest.raises(StoreError, match=r"narrowed|classified"):
        rows(store[1], statement)


def test_sql_of_the_driver_is_refused(store: tuple[Engine, Engine]) -> None:
    with pytest.raises(StoreError, match="narrowed"), reading(store[1]) as connection:
        connection.exec_driver_sql("SELECT tenant FROM runs")


def test_writes_reach_what_is_seen_alone(engine: Engine) -> None:
    whole, seen = filled(engine)
    with writing(seen) as connection:
        connection.execute(update(findings).values(cause="shared"))
        connection.execute(update(runs).where(runs.c.job.in_(select(LATER.c.job))).values(host="worker-9"))
        connection.execute(delete(incidents))
    assert rows(whole, select(findings.c.id, findings.c.cause)) == [(f"F-{OWN}", "shared"), (f"F-{OTHER}", "")]
    assert set(rows(whole, select(runs.c.tenant).where(runs.c.host == "worker-9"))) == {("",), (OWN,)}
    assert rows(whole, select(incidents.c.incident_id)) == [("Q2",)]


def test_every_table_is_classified() -> None:
    """Whoever adds a table says who sees its rows: until then nobody who is restricted does."""
    tables = {table.name: table for table in schema.metadata.sorted_tables}
    assert set(VISIBLE) == set(tables)
    assert {name: set(words) - set(tables[name].c.keys()) for name, words in BLANK.items() if name in tables} == {
        name: set() for name in BLANK
    }


def test_every_table_can_be_asked(store: tuple[Engine, Engine]) -> None:
    for table in schema.metadata.sorted_tables:
        assert OTHER not in str(rows(store[1], select(table))), table.name


HOT = {
    "a job's latest attempts": select(runs)
    .where(runs.c.job == "export", runs.c.tenant == OWN)
    .order_by(runs.c.started_at.desc())
    .limit(60),
    "runs by id": select(runs).where(runs.c.run_id.in_(["a", "b"])),
    "the newest event": select(func.max(runs.c.started_at)),
    "a stretch of time": select(runs).where(runs.c.started_at.between(1, 2)),
    "an incident": select(incidents).where(incidents.c.incident_id == "Q1"),
    "its log": select(incident_entries).where(incident_entries.c.incident_id == "Q1"),
    "findings by debt": select(findings.c.job)
    .where(findings.c.gone_at.is_(None))
    .order_by(findings.c.needed_retry.desc())
    .limit(50),
}


@pytest.mark.parametrize("question", HOT)
def test_indexes_are_used_as_before(store: tuple[Engine, Engine], question: str) -> None:
    """On SQLite the plan says so; on PostgreSQL small tables are read whole unless that is made to cost too much."""
    whole, seen = store
    if whole.dialect.name == "sqlite":
        with asked(whole) as heard:
            rows(seen, HOT[question])
        assert [step for step in heard.scans("runs", "incidents", "findings") if "INDEX" not in step] == []
        return
    with reading(seen) as connection:
        compiled: list[str] = []
        _explain(connection, HOT[question], compiled)
    assert not [line for line in compiled if "Seq Scan on runs" in line or "CTE Scan" in line], compiled


def _explain(connection: Any, statement: Any, into: list[str]) -> None:
    """As `restricted` would send it, which is what the database is asked to explain."""
    narrowed = narrowed_to(statement, Seen(), connection)
    written = str(narrowed.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    raw = connection.connection.dbapi_connection.cursor()
    raw.execute("SET LOCAL enable_seqscan = off")
    raw.execute(f"EXPLAIN {written}")
    into += [row[0] for row in raw.fetchall()]
