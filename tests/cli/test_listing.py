"""Tables for people: columns stand under each other whatever the alphabet."""

from __future__ import annotations

from correlator.cli.listing import columns_of, table_text


def test_wide_and_combining_characters_keep_the_columns_in_line() -> None:
    first = ("job", "広告_エクスポート", "re\u0301sume\u0301", "plain")
    lines = table_text(("NAME", "RUNS"), [(name, "7") for name in first]).splitlines()
    assert {columns_of(line.rpartition("  ")[0]) for line in lines} == {columns_of(first[1])}
