"""Which attempts are one run, found with few comparisons: nearly every run has one attempt.

Attempts come sorted by stream (one job of one tenant) and start. What groups them (a logical id, a scheduled time, the
retry pattern) is stirred into one 64-bit number together with the stream. A number that occurs once is a run of its
own; only attempts that share a number are compared value by value, and text by text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from correlator.tables.hashing import Hashes, hash_texts, mix, occur_twice, text_bytes

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

BY_ID: Final = 0
BY_SCHEDULE: Final = 1
BY_PATTERN: Final = 2


@dataclass(frozen=True)
class Ids:
    """The logical ids of a table: Arrow texts, a number for each, and whether there is none."""

    texts: Any
    number: Hashes
    absent: BoolArray

    @classmethod
    def of(cls, texts: Any) -> Ids:
        """`texts`: an Arrow `large_string` array, "" where there is no id."""
        return cls(texts, hash_texts(texts), np.diff(text_bytes(texts)[0]) == 0)


@dataclass(frozen=True)
class Grouping:
    """Runs, numbered in the order of their first attempts.

    `first`: the position of each run's first attempt; `run`: the run of each attempt. `several`: the positions of the
    attempts of runs that have more than one, run by run; `begin`: where each of these runs begins in `several`.
    """

    first: IntArray
    run: IntArray
    several: IntArray
    begin: IntArray


def group_attempts(stream: IntArray, kind: NDArray[np.int8], key: IntArray, row: IntArray, ids: Ids) -> Grouping:
    """Group attempts sorted by stream and start.

    `kind` says what groups each attempt, `key` by which value (unused for `BY_ID`), `row` where its id stands in `ids`.
    """
    number = np.where(kind == BY_ID, ids.number[row], mix(key.view(np.uint64) ^ kind.astype(np.uint64)))
    number = mix(number ^ mix(stream.astype(np.uint64)))
    several = np.flatnonzero(occur_twice(number))
    columns = (stream[several], kind[several], np.where(kind[several] == BY_ID, 0, key[several]))
    codes = _exact(number[several], columns, ids.texts.take(pa.array(row[several])))
    order = np.argsort(codes, kind="stable")
    several, codes = several[order], codes[order]
    new = np.append(True, codes[1:] != codes[:-1]) if len(codes) else np.zeros(0, bool)
    begin = np.flatnonzero(new)
    leader = np.arange(len(stream))
    leader[several] = several[begin][np.cumsum(new) - 1]
    first = leader == np.arange(len(stream))
    return Grouping(np.flatnonzero(first), (np.cumsum(first) - 1)[leader], several, begin)


def _exact(number: Hashes, columns: tuple[NDArray[Any], ...], texts: Any) -> IntArray:
    """Codes that are equal where all columns and texts are, whether or not different ones share a number."""
    _, codes = np.unique(number, return_inverse=True)
    texts_code = texts.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    for column in (*columns, texts_code):
        order = np.lexsort((column, codes))
        differs = (codes[order][1:] != codes[order][:-1]) | (column[order][1:] != column[order][:-1])
        codes[order] = np.concatenate(([0], np.cumsum(differs))) if len(order) else 0
    return codes.astype(np.int64)
