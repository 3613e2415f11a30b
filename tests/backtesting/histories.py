"""A told story as tables, through the files that users write."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from correlator.backtesting.truth import TrueCase, true_case
from correlator.simulation.stories import tell_story
from correlator.simulation.writing import write_told
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder


@cache
def story(name: str, seed: int, days: int) -> tuple[Tables, tuple[TrueCase, ...]]:
    told = tell_story(name, seed, days=days)
    with TemporaryDirectory() as folder:
        write_told(told, Path(folder))
        return read_folder(Path(folder)), tuple(true_case(case) for case in told.truth["cases"])
