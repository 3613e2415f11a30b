"""The cast's store with a long history behind it, and how much work a page makes SQLite do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, connect
from typing import Any, Final

from sqlalchemy import Engine, event

from correlator.text.times import micros
from tests.web import cast

OLD_RUNS: Final = 30_000
OLD_ROWS: Final = 4_000
_BEGIN: Final = micros(cast.START) - 400 * 86_400_000_000
_KNOWN: Final = "known_at={at} revised_at={at}"
_RUN: Final = (
    "source='datadog' run_id='old-'||i logical_run_id='logical-'||i/2 job='export_'||i%40 tenant='tenant-'||(100+i%70)"
    " status='failed' attempt=1 scheduled_at={at} started_at={at} finished_at={at}+1"
)
_HISTORY: Final[dict[str, tuple[int, str]]] = {
    "runs": (
        OLD_RUNS,
        f"{_KNOWN} {_RUN}",
    ),
    "metrics": (
        OLD_ROWS,
        f"{_KNOWN} source='datadog' metric='job.memory_gib' job='{cast.INGEST}' tenant='' host='' at={{at}} value=1.0",
    ),
    "known_metrics": (
        OLD_ROWS,
        f"tenant='tenant-'||(100+i%70) job='{cast.INGEST}' metric='metric-'||i source='datadog'",
    ),
    "incidents": (
        OLD_ROWS,
        f"{_KNOWN} source='pagerduty' incident_id='Q-'||i created_at={{at}} resolved_at={{at}}+1 job='export_'||i%40",
    ),
    "incident_entries": (
        OLD_ROWS,
        f"{_KNOWN} source='pagerduty' entry_id='L-'||i incident_id='Q-'||i at={{at}} kind='alert'",
    ),
    "finding_versions": (
        OLD_ROWS,
        "id=(SELECT/**/min(id)/**/FROM/**/findings) at={at} verdict='inconclusive' cause='none' document='{{}}'",
    ),
    "raw_answers": (OLD_ROWS, "source='datadog' fact_id='old-'||i sha256=i body='{{}}' fetched_at={at}"),
    "fact_revisions": (
        OLD_ROWS,
        "kind='runs' source='datadog' fact_id='old-'||i known_at={at} superseded_at={at}+1 content='{{}}'",
    ),
    "webhook_events": (
        OLD_ROWS,
        "source='pagerduty' event_id=i delivery_id=i occurred_at={at} received_at={at}",
    ),
    "job_runs": (OLD_ROWS, "name='correlate' started_at={at} finished_at={at}+1 ok=1"),
}
"""By table: how many rows of what is long over, and each column as SQL of the row's number `i` and its time `at`."""


def with_history(small: Path, folder: Path) -> None:
    """A copy of the store, with more than a year of other jobs' past behind the same present."""
    shutil.copyfile(small / "store.db", folder / "store.db")
    with closing(connect(folder / "store.db")) as connection, connection:
        for table, (count, columns) in _HISTORY.items():
            given = dict(one.split("=", 1) for one in columns.format(at=f"({_BEGIN}+i*1000000)").split())
            names, values = ", ".join(given), ", ".join(given.values())
            numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
            connection.execute(f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM n")
        connection.execute(_KNOWN_JOBS)


_KNOWN_JOBS: Final = """
INSERT INTO known_jobs
SELECT source, job, tenant, count(*), min(started_at), max(started_at), max(known_at)
FROM runs WHERE run_id LIKE 'old-%' GROUP BY source, job, tenant
"""


@dataclass
class Work:
    """Steps of SQLite's machine: what it did, however fast the computer is."""

    steps: int = 0


@contextmanager
def work_of(engine: Engine) -> Iterator[Work]:
    """Counts while the block runs, in hundreds."""
    work = Work()

    def count() -> int:
        work.steps += 100
        return 0

    def listen(connection: Any, *_: Any) -> None:
        raw: Connection = connection
        raw.set_progress_handler(count, 100)

    def fall_silent(connection: Any, *_: Any) -> None:
        raw: Connection = connection
        raw.set_progress_handler(None, 0)

    event.listen(engine, "checkout", listen)
    event.listen(engine, "checkin", fall_silent)
    try:
        yield work
    finally:
        event.remove(engine, "checkout", listen)
        event.remove(engine, "checkin", fall_silent)
