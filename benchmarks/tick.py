"""How long a look takes every five minutes on a large store.

    python -m benchmarks.tick                      10 million attempts; the store takes 12 GB and a quarter of an hour
    python -m benchmarks.tick --attempts 1000000 --ticks 24

The store holds the history of `histories.py` up to some hours before its end. Then the clock goes on five minutes at a
time: attempts that started are stored as running, those that ended once more with how they ended, as a pull does it.
Storing is not measured. Beside each look stands the floor: the SELECT of the rows that are new.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from benchmarks.histories import BEGIN, DAY, MINUTE, history_folder
from correlator.correlating.look import correlate_store
from correlator.incremental.new_rows import new_rows, written_until
from correlator.settings import Settings, load_settings
from correlator.store.database import open_store, reading
from correlator.store.frames import store_tables
from correlator.tables.frames import NO_TIME, Tables, from_micros
from correlator.tables.reading import read_folder

SOURCE = "history"
FINISHED = BEGIN + 29 * DAY + 18 * 60 * MINUTE
"""Until when the store is filled before the clock goes on."""
TICK = 5 * MINUTE
HEAD = "      moment  written  judged  wall s  processor s  floor s  changed  findings   MiB"


def main() -> None:
    arguments = _arguments()
    tables = read_folder(history_folder(arguments.attempts))
    file = _filled_store(tables, arguments.attempts)
    settings = load_settings(None, environment={"CORRELATOR_ANALYSIS_CLEAN_RUNS_HOURS": str(arguments.hours)})
    engine = open_store(f"sqlite:///{file}")
    print(HEAD)
    for number, (moment, written) in enumerate(_clock(engine, tables, arguments.ticks)):
        measured(engine, settings, moment, written, first=number == 0)
    engine.dispose()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--ticks", type=int, default=24)
    parser.add_argument("--hours", type=float, default=-1.0, help="analysis.clean_runs_hours")
    return parser.parse_args()


def _filled_store(tables: Tables, attempts: int) -> Path:
    """A copy of the store as it is at `FINISHED`, which is made once."""
    folder = Path(tempfile.gettempdir()) / "correlator-benchmarks"
    made = folder / f"store-{attempts}.db"
    if not made.exists():
        half = made.with_suffix(".half")
        half.unlink(missing_ok=True)
        _fill(half, _known(tables.runs, FINISHED, NO_TIME), tables)
        half.rename(made)
    file = folder / f"tick-{attempts}.db"
    for old in folder.glob(file.name + "*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copyfile(made, file)
    return file


def _fill(file: Path, runs: pd.DataFrame, tables: Tables) -> None:
    """Rows straight into the table, indexes afterwards: minutes instead of an hour."""
    engine = open_store(f"sqlite:///{file}")
    none = runs.iloc[:0]
    store_tables(engine, SOURCE, replace(tables, runs=none), from_micros(FINISHED))
    engine.dispose()
    with sqlite3.connect(file) as connection:
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql != ''"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        columns = [name for name in runs.columns if name != "known_at"]
        extra = {"source": SOURCE, "known_at": FINISHED, "revised_at": FINISHED, "written": 1}
        names = ", ".join([*columns, *extra])
        statement = f"INSERT INTO runs ({names}) VALUES ({', '.join('?' * len(columns))}, ?, ?, ?, ?)"
        for begin in range(0, len(runs), 100_000):
            part = runs.iloc[begin : begin + 100_000]
            values = [_listed(part[name]) for name in columns]
            connection.executemany(statement, (row + tuple(extra.values()) for row in zip(*values, strict=True)))
        connection.execute("INSERT INTO write_numbers VALUES (?, 1)", (SOURCE,))
        for _, sql in indexes:
            connection.execute(sql)


def _listed(column: pd.Series[Any]) -> list[Any]:
    return [None if value == NO_TIME else value for value in column.tolist()]


def _known(runs: pd.DataFrame, now: int, since: int) -> pd.DataFrame:
    """The attempts that started or ended in `(since, now]`, as they are known then."""
    start, end = runs["started_at"].to_numpy(), runs["finished_at"].to_numpy()
    frame = runs[((start > since) & (start <= now)) | ((end > since) & (end <= now) & (start <= now))].copy()
    late = frame["finished_at"].to_numpy() > now
    frame["status"] = frame["status"].cat.add_categories("running")
    frame.loc[late, "status"] = "running"
    frame.loc[late, "finished_at"] = NO_TIME
    frame.loc[late, "error"] = ""
    return frame


def _clock(engine: Engine, tables: Tables, ticks: int) -> Iterator[tuple[datetime, int]]:
    """The moments, and how many rows were written before each; nothing before the first."""
    yield from_micros(FINISHED), 0
    end = tables.runs["finished_at"].to_numpy()
    recent = tables.runs[end > FINISHED - DAY]
    for number in range(1, ticks + 1):
        now = FINISHED + number * TICK
        known = _known(recent, now, now - TICK)
        store_tables(
            engine, SOURCE, replace(tables, runs=known, dependencies=(), lists_all_edges=False), from_micros(now)
        )
        yield from_micros(now), len(known)


def measured(engine: Engine, settings: Settings, moment: datetime, written: int, *, first: bool) -> None:
    """One look, as a line under `HEAD`."""
    floor = 0.0 if first else _floor(engine)
    begin, used = time.perf_counter(), processor_seconds()
    look = correlate_store(engine, settings, moment + timedelta(microseconds=1))
    wall, cpu = time.perf_counter() - begin, processor_seconds() - used
    assert look is not None
    how = "afresh" if look.afresh else ""
    print(
        f"{moment:%d. %H:%M} {written:9,} {look.judged:7,} {wall:7.2f} {cpu:12.2f} {floor:8.3f}"
        f" {len(look.changed):8,} {look.findings:9,} {peak_mib():5,} {how}",
        flush=True,
    )


def _floor(engine: Engine) -> float:
    """Selecting the rows of the last write."""
    begin = time.perf_counter()
    with reading(engine) as connection:
        until = written_until(connection)
        new_rows(connection, {source: number - 1 for source, number in until.items()}, until)
    return time.perf_counter() - begin


def peak_mib() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def processor_seconds() -> float:
    """Of this process, and of its children that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


if __name__ == "__main__":
    main()
