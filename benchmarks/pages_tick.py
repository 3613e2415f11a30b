"""How long a look takes on the store that the pages are measured on: two sources, findings, incidents beside the runs.

    python -m benchmarks.pages_tick                    10 million attempts; a copy of 6 GB
    python -m benchmarks.pages_tick --days 4           the same store, looked at through a shorter window

The copy is cut off some hours before the end of its history, and the clock goes on from there five minutes at a time:
attempts that began are stored as running, those that ended once more with how they ended. Storing them is measured too.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, delete, select, update

from benchmarks.large_store import made_store
from benchmarks.tick import FINISHED, HEAD, TICK, measured, processor_seconds
from correlator.settings import load_settings
from correlator.store.database import lock_source, open_store, writing
from correlator.store.kinds import RUNS, Row
from correlator.store.schema import fact_revisions, runs
from correlator.store.upserts import upsert
from correlator.tables.frames import from_micros


def main() -> None:
    arguments = _arguments()
    engine = open_store(f"sqlite:///{_copied(arguments.attempts)}")
    settings = load_settings(None, environment={"CORRELATOR_ANALYSIS_WINDOW_DAYS": str(arguments.days)})
    print("  stored in  " + HEAD)
    for number, (moment, written, seconds) in enumerate(_clock(engine, arguments.ticks)):
        print(f"{seconds:11.2f}", end="  ", flush=True)
        measured(engine, settings, moment, written, first=number == 0)
    engine.dispose()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--ticks", type=int, default=12)
    parser.add_argument("--days", type=int, default=35, help="analysis.window_days")
    return parser.parse_args()


def _copied(attempts: int) -> Path:
    """The store, to be written into."""
    made = Path(made_store("sqlite", attempts).removeprefix("sqlite:///"))
    file = Path(tempfile.gettempdir()) / "correlator-benchmarks" / f"pages-tick-{attempts}.db"
    for old in file.parent.glob(file.name + "*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copyfile(made, file)
    return file


def _clock(engine: Engine, ticks: int) -> Iterator[tuple[datetime, int, float]]:
    """The moments, how many attempts were written before each, and the processor's seconds for that."""
    later = _taken_out(engine)
    yield from_micros(FINISHED), 0, 0.0
    for number in range(1, ticks + 1):
        now = FINISHED + number * TICK
        told = [_as_known(row, now) for row in later if _newly_known(row, now)]
        used = processor_seconds()
        for source in sorted({row["source"] for row in told}):
            mine = [{name: row[name] for name in RUNS.columns} for row in told if row["source"] == source]
            with writing(engine) as connection:
                lock_source(connection, source)
                upsert(connection, RUNS, source, mine, now)
        yield from_micros(now), len(told), processor_seconds() - used


def _taken_out(engine: Engine) -> list[Row]:
    """What was not known yet: attempts that began later, and how those ended that were under way. The revisions of the
    store are made up in part, so that nothing can be told from them: they go too."""
    began, ended = runs.c.started_at > FINISHED, runs.c.finished_at > FINISHED
    with writing(engine) as connection:
        later = [dict(row) for row in connection.execute(select(runs).where(began | ended)).mappings()]
        connection.execute(delete(fact_revisions))
        connection.execute(delete(runs).where(began))
        connection.execute(update(runs).where(ended).values(_UNDER_WAY))
    return later


def _newly_known(row: Row, now: int) -> bool:
    return any(now - TICK < (row[name] or 0) <= now for name in ("started_at", "finished_at"))


def _as_known(row: Row, now: int) -> Row:
    return row | _UNDER_WAY if (row["finished_at"] or now) > now else row


_UNDER_WAY: Final = {"status": "running", "error": "", "finished_at": None}


if __name__ == "__main__":
    main()
