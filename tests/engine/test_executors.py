"""Whatever does the work, the bytes are the same; and a process that dies is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from correlator.engine.analysis import analyze
from correlator.engine.executors import LARGE, Executor, Processes, Serial, choose_executor
from correlator.errors import CorrelatorError
from correlator.simulation.stories import write_story
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder: Path = tmp_path_factory.mktemp("platform")
    write_story("customer-data-platform", 3, folder)
    return read_folder(folder)


def document(tables: Tables, executor: Executor) -> str:
    return json.dumps(analyze(tables, executor=executor).to_dict())


@pytest.mark.parametrize("executor", [Processes(1), Processes(3), Processes(2, "spawn")], ids=str)
def test_processes_give_the_bytes_of_one(platform: Tables, executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("correlator.engine.analysis.TENANTS_AT_ONCE", 2)
    assert document(platform, executor) == document(platform, Serial())


def square(part: int) -> int:
    return part * part


def die(part: int) -> int:
    os._exit(part)


def fail(part: int) -> int:
    raise ValueError(part)


@pytest.mark.parametrize("executor", [Serial(), Processes(2)], ids=str)
def test_results_come_in_the_order_of_the_parts(executor: Executor) -> None:
    assert list(executor.run(square, 20)) == [part * part for part in range(20)]
    assert list(executor.run(square, 0)) == []


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(CorrelatorError, match="ended early"):
        list(Processes(2).run(die, 4))


@pytest.mark.parametrize("executor", [Serial(), Processes(2)], ids=str)
def test_what_goes_wrong_in_the_work_goes_wrong_here(executor: Executor) -> None:
    with pytest.raises(ValueError, match="0"):
        list(executor.run(fail, 3))


def test_small_histories_stay_in_one_process() -> None:
    assert choose_executor(LARGE - 1) == Serial()
