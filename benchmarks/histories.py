"""A large history with known causes, made column by column: the same size and seed give the same file.

2,000 tenants over 30 days make about 10 million attempts: one job every quarter of an hour, two or three every hour,
four every six hours. Each run fails for no reason in about one per cent of the cases and is tried again. In one tenant
out of twenty the ingest is often late and the jobs behind it fail with it; in one out of fifty a job got worse half way
through; and an outage of forty minutes hits everybody on the thirteenth day.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import parquet

MINUTE: Final = 60_000_000
DAY: Final = 24 * 60 * MINUTE
BEGIN: Final = 20_514 * DAY  # 2026-03-02, a Monday, in µs since 1970
OUTAGE: Final = (BEGIN + 12 * DAY + 600 * MINUTE, BEGIN + 12 * DAY + 640 * MINUTE)
ATTEMPTS_OF_A_TENANT_DAY: Final = 168.0

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class JobKind:
    """A job every tenant has (or every `one_in`-th one): its period and usual duration in minutes."""

    name: str
    upstream: str | None
    period: int
    offset: int
    minutes: int
    one_in: int = 1


JOBS: Final = (
    JobKind("ingest_events", None, 15, 0, 4),
    JobKind("clean_events", "ingest_events", 60, 6, 8),
    JobKind("build_features", "clean_events", 60, 20, 9),
    JobKind("audit_log", None, 60, 11, 5, one_in=3),
    JobKind("export_ads", "build_features", 360, 40, 20),
    JobKind("daily_report", "build_features", 360, 45, 12),
    JobKind("sync_billing", None, 360, 100, 15),
    JobKind("train_model", "build_features", 360, 50, 60),
)
ERRORS: Final = {
    "ingest_events": "SourceTimeout: no answer from source in {} s",
    "clean_events": "MissingInput: partition {} of raw.events is not there",
    "build_features": "MissingInput: partition {} of clean.events is not there",
}


@dataclass(frozen=True)
class Stream:
    """All runs of one kind of job: arrays of shape (tenants, runs), times in µs."""

    tenant: IntArray
    due: IntArray
    start: IntArray
    end: IntArray
    tries: IntArray
    ready: IntArray


def history_folder(attempts: int, seed: int = 7) -> Path:
    """The folder with a history of about so many attempts, made when it is not there yet."""
    folder = Path(tempfile.gettempdir()) / "correlator-benchmarks" / f"history-{attempts}-{seed}"
    if not (folder / "runs.parquet").exists():
        write_history(folder, attempts, seed)
    return folder


def write_history(folder: Path, attempts: int, seed: int) -> None:
    """`runs.parquet`, in the order of time, and `dependencies.yaml`."""
    folder.mkdir(parents=True, exist_ok=True)
    edges = "".join(f"  - {{upstream: {job.upstream}, downstream: {job.name}}}\n" for job in JOBS if job.upstream)
    (folder / "dependencies.yaml").write_text(f"dependencies:\n{edges}", encoding="utf-8")
    parts = [_table(*item) for item in _streams(attempts, seed)]
    table = pa.concat_tables(parts).combine_chunks()
    table = table.take(pc.sort_indices(table, [("started_at", "ascending"), ("run_id", "ascending")]))
    half = folder / "runs.parquet.half"
    parquet.write_table(table, half, row_group_size=1 << 20)
    half.rename(folder / "runs.parquet")


def _streams(attempts: int, seed: int) -> list[tuple[JobKind, Stream, np.random.Generator]]:
    tenants = max(round(attempts / (30 * ATTEMPTS_OF_A_TENANT_DAY)), 3)
    rng = np.random.default_rng(seed)
    made: dict[str, Stream] = {}
    found = []
    for job in JOBS:
        made[job.name] = _stream(job, made.get(job.upstream or ""), np.arange(0, tenants, job.one_in), rng)
        found.append((job, made[job.name], rng))
    return found


def _stream(job: JobKind, upstream: Stream | None, tenant: IntArray, rng: np.random.Generator) -> Stream:
    """First attempts and how many it took; a run whose input was late mostly fails until it is there."""
    due = BEGIN + job.offset * MINUTE + np.arange(0, 30 * DAY, job.period * MINUTE)
    shape = (len(tenant), len(due))
    due = np.broadcast_to(due, shape)
    start = due + (rng.random(shape) * 2 * MINUTE).astype(np.int64)
    end = start + (job.minutes * MINUTE * rng.uniform(0.7, 1.4, shape)).astype(np.int64)
    failed = rng.random(shape) < _chance(job, tenant, start)
    wait = np.zeros(shape, np.int64)
    if upstream is not None:
        ready = upstream.ready[:, np.searchsorted(upstream.due[0], due[0], side="right") - 1]
        exposed = (ready > start) & (rng.random(shape) < 0.85)
        failed |= exposed
        wait = np.where(exposed, ready - end, 0)
    tries = np.where(failed, 2 + (rng.random(shape) < 0.15), 1)
    retried = np.maximum(wait, 0) + (tries - 1) * 20 * MINUTE + (end - start)
    return Stream(tenant, due, start, end, tries, np.where(failed, end + retried, end))


def _chance(job: JobKind, tenant: IntArray, start: IntArray) -> NDArray[np.float64]:
    chance = np.broadcast_to((0.004 + 0.004 * (tenant % 4))[:, None], start.shape).copy()
    if job.name == "ingest_events":
        chance[tenant % 20 == 3] = 0.04
    if job.name == "sync_billing":
        worse = (tenant % 50 == 11)[:, None] & (start > BEGIN + 15 * DAY)
        chance[worse] = 0.3
    chance[(start >= OUTAGE[0]) & (start < OUTAGE[1])] = 0.9
    return chance


def _table(job: JobKind, stream: Stream, rng: np.random.Generator) -> pa.Table:
    """One row an attempt."""
    run = np.repeat(np.arange(stream.due.size), stream.tries.ravel())
    first = np.concatenate(([True], run[1:] != run[:-1]))
    number = np.arange(len(run)) - np.flatnonzero(first)[np.cumsum(first) - 1] + 1
    last = number == stream.tries.ravel()[run]
    took = (stream.end - stream.start).ravel()[run]
    final = np.where(stream.tries.ravel()[run] > 1, stream.ready.ravel()[run] - took, stream.start.ravel()[run])
    start = np.where(number == 1, stream.start.ravel()[run], np.where(last, final, final - 20 * MINUTE))
    start = np.maximum(start, stream.start.ravel()[run] + (number - 1) * MINUTE)
    tenant = np.broadcast_to(stream.tenant[:, None], stream.due.shape).ravel()[run]
    due = stream.due.ravel()[run]
    logical = _joined(_tenant_names(tenant), job.name, pc.strftime(_times(due), format="%Y%m%dT%H%M"))
    host = pa.array([f"worker-{n:02d}" for n in range(40)]).take(pa.array(rng.integers(0, 40, len(run))))
    return pa.table(
        {
            "run_id": _joined(logical, pa.array(number).cast(pa.string())),
            "logical_run_id": logical,
            "job": pa.array([job.name]).take(pa.array(np.zeros(len(run), np.int64))),
            "tenant": _tenant_names(tenant),
            "status": pa.array(["failed", "success"]).take(pa.array(last.astype(np.int64))),
            "attempt": pa.array(number.astype(np.int32)),
            "scheduled_at": _times(due),
            "started_at": _times(start),
            "finished_at": _times(start + took),
            "error": _errors(job, last, rng),
            "host": host,
        }
    )


def _errors(job: JobKind, passed: BoolArray, rng: np.random.Generator) -> Any:
    """An error text for each failed attempt, null for the others."""
    pattern = ERRORS.get(job.name, "ConnectionReset: peer closed the connection after {} s")
    texts = pa.array([None, *(pattern.format(30 + n) for n in range(50))])
    return texts.take(pa.array(np.where(passed, 0, 1 + rng.integers(0, 50, len(passed)))))


def _tenant_names(tenant: IntArray) -> Any:
    names = pa.array([f"tenant-{n:04d}" for n in range(int(tenant.max(initial=0)) + 1)])
    return names.take(pa.array(tenant))


def _times(micros: IntArray) -> Any:
    return pa.array(micros).cast(pa.timestamp("us", "UTC"))


def _joined(*texts: Any) -> Any:
    return pc.binary_join_element_wise(*texts, "/")
