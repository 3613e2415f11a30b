"""Where runs took place: the labels that runs of several jobs may share, such as a host, a service, a shard or a pool.

A label is worth looking at when its values come back: a value of its own for every run (a pod's name, a request's id)
names the run and not a place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from correlator.tables.columns import arrow_texts

CodeArray = NDArray[np.int32]
BoolArray = NDArray[np.bool_]

COLUMNS: Final = ("host", "service")
RUNS_PER_VALUE: Final = 5
"""A label whose values come with fewer runs each, on average, names runs and not places."""
DIFFERENT_TAGS: Final = 20_000
"""Rows of tags that may differ before they are left alone: with more of them, they hold ids."""


@dataclass(frozen=True)
class Place:
    """One label of runs: the value of run `i` is `names[code[i]]`; -1 where it has none."""

    key: str
    names: tuple[str, ...]
    code: CodeArray

    def of(self, runs: slice) -> Place:
        """The label of some of the runs."""
        return Place(self.key, self.names, self.code[runs])

    def at(self, value: str) -> BoolArray:
        """Which runs took place there."""
        number = self.names.index(value) if value in self.names else -2
        there: BoolArray = self.code == number
        return there


def places_of(frame: pd.DataFrame, rows: NDArray[np.int64], labels: tuple[str, ...] | None = None) -> tuple[Place, ...]:
    """The labels of the runs whose first attempts stand in `rows` of the table of attempts, sorted by key: those that
    come back, or, where it is known from more runs than these which do, those of `labels`."""
    found = [*_columns(frame, rows), *_tags(frame, rows)]
    wanted = [place for place in found if (_comes_back(place) if labels is None else place.key in labels)]
    return tuple(sorted(wanted, key=lambda place: place.key))


def _columns(frame: pd.DataFrame, rows: NDArray[np.int64]) -> Iterator[Place]:
    for key in COLUMNS:
        names = [str(name) for name in frame[key].cat.categories]
        code = frame[key].cat.codes.to_numpy()[rows].astype(np.int32)
        if "" in names:
            code[code == names.index("")] = -1
        yield Place(key, tuple(names), code)


def _tags(frame: pd.DataFrame, rows: NDArray[np.int64]) -> Iterator[Place]:
    """What stood in columns the tables do not know, one label for each."""
    if "tags" not in frame or not len(rows):
        return
    texts = arrow_texts(frame["tags"]).take(pa.array(rows))
    if not pc.any(pc.not_equal(texts, "")).as_py():
        return
    encoded = texts.dictionary_encode()
    if len(encoded.dictionary) > DIFFERENT_TAGS:
        return
    objects = [json.loads(text) if text else {} for text in encoded.dictionary.to_pylist()]
    code = encoded.indices.to_numpy(zero_copy_only=False)
    for key in sorted({key for one in objects for key in one} - set(COLUMNS)):
        yield _tag(key, [one.get(key) for one in objects], code)


def _tag(key: str, values: list[Any], code: NDArray[np.int64]) -> Place:
    names = sorted({str(value) for value in values if value not in (None, "")})
    number = {name: place for place, name in enumerate(names)}
    table = np.array([number.get(str(value), -1) for value in values], np.int32)
    return Place(key, tuple(names), table[code])


def _comes_back(place: Place) -> bool:
    known = place.code[place.code >= 0]
    used = len(np.unique(known))
    return used >= 2 and len(known) >= RUNS_PER_VALUE * used
