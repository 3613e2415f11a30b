"""Retry debt by edge follows the findings that stand, and those who were there before the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete

from correlator.model import Analysis
from correlator.store.database import open_store, writing
from correlator.store.edge_debts import EdgeDebt, debts_to, edges_by_debt, owed
from correlator.store.findings import finding_id, save_analysis
from correlator.store.schema import edge_debts
from tests.web import cast

ID = finding_id(cast.PREMIUM, cast.EXPORT)


def test_edges_owe_what_the_finding_that_stands_lays_to_them(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    save_analysis(engine, cast.analysis(), cast.END)
    assert edges_by_debt(engine, 1, 10, cast.PREMIUM) == (
        [EdgeDebt(ID, cast.INGEST, cast.PREMIUM, cast.EXPORT, 6)],
        1,
    )
    pairs = cast.pairs()
    fewer = replace(cast.systemic(), pairs=(replace(pairs[0], upstream_job="other"), *pairs[1:3]))
    assert owed(fewer) == {"other": 1, cast.INGEST: 2}
    save_analysis(engine, Analysis(cast.END, (fewer,)), cast.END + timedelta(minutes=5))
    rows, number = edges_by_debt(engine, 1, 10)
    assert ([(row.upstream, row.needed_retry) for row in rows], number) == ([(cast.INGEST, 2), ("other", 1)], 2)
    assert [row.needed_retry for row in debts_to(engine, "other", "", 10)] == [1]
    save_analysis(engine, Analysis(cast.END, ()), cast.END + timedelta(minutes=10))
    assert edges_by_debt(engine, 1, 10) == ([], 0)
    engine.dispose()


def test_what_was_lost_is_entered_again_at_the_next_look(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    save_analysis(engine, cast.analysis(), cast.END)
    with writing(engine) as connection:
        connection.execute(delete(edge_debts))
    save_analysis(engine, cast.analysis(), cast.END + timedelta(minutes=5))
    assert edges_by_debt(engine, 1, 10, cast.PREMIUM)[1] == 1
    engine.dispose()
