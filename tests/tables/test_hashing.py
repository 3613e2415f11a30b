from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.tables import hashing
from correlator.tables.hashing import hash_texts, occur_twice

TEXTS = st.lists(st.text(max_size=40), max_size=60)


def texts_of(values: list[str]) -> pa.Array:
    return pa.array(values, pa.large_string())


@given(TEXTS)
def test_equal_texts_share_a_number_and_different_ones_do_not(values: list[str]) -> None:
    numbers = hash_texts(texts_of(values)).tolist()
    assert len(set(zip(values, numbers, strict=True))) == len(set(values)) == len(set(numbers))


@given(TEXTS, st.integers(0, 60))
def test_a_number_depends_on_its_text_alone(values: list[str], start: int) -> None:
    assert hash_texts(texts_of(values).slice(start)).tolist() == hash_texts(texts_of(values))[start:].tolist()


def test_numbers_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = texts_of([f"tenant-{n % 7}/{n}" * (n % 5) for n in range(1000)])
    whole = hash_texts(values)
    monkeypatch.setattr(hashing, "ROWS_AT_ONCE", 7)
    assert (hash_texts(values) == whole).all()


def test_a_million_ids_that_differ_in_a_digit_have_a_million_numbers() -> None:
    values = pa.array(np.arange(1_000_000)).cast(pa.large_string())
    assert len(np.unique(hash_texts(values))) == 1_000_000


@given(st.lists(st.integers(0, 9), max_size=30))
def test_what_occurs_twice(values: list[int]) -> None:
    found = occur_twice(np.array(values, np.uint64))
    assert found.tolist() == [values.count(value) > 1 for value in values]
