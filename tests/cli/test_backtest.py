"""`correlator backtest` as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from correlator.cli.backtest import backtest
from correlator.errors import UsageError
from correlator.simulation.stories import write_story


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("story")
    write_story("shared-outage", 4, path)
    return path


def _run(*words: str) -> Result:
    return CliRunner().invoke(backtest, list(words), catch_exceptions=False)


def test_a_folder_with_its_truth(folder: Path) -> None:
    result = _run(str(folder), "--every", "1d", "--json")
    document = json.loads(result.stdout)
    (case,) = [one for one in document["findings"] if one["truth"]]
    assert (case["job"], case["truth"]["mechanism"], case["truth"]["last"]) == ("export_ads", "shared-outage", "right")
    assert case["raised"]["cause"] == "shared"
    assert case["truth"]["delay_failures"] >= 1
    assert case["truth"]["delay_hours"] > 0
    assert document["summary"]["ever_accused_wrongly"] == 0
    assert document["looks"] == 28
    assert json.loads(_run(str(folder), "--every", "1d", "--json").stdout) == document


def test_looks_in_a_part_of_the_history_as_text(folder: Path) -> None:
    window = ("--from", "2026-03-04T00:00:00Z", "--to", "2026-03-10T00:00:00Z")
    result = _run(str(folder), "--looks", "3", *window)
    assert "3 looks" in result.stderr
    assert result.stdout.splitlines()[0].split()[:2] == ["TENANT", "JOB"]
    assert "ever accused wrongly: 0" in result.stderr


def test_what_cannot_be_replayed(folder: Path) -> None:
    with pytest.raises(UsageError, match="not a length of time"):
        _run(str(folder), "--every", "soon")
    with pytest.raises(UsageError, match="must end after"):
        _run(str(folder), "--to", "2026-03-01T00:00:00Z")


def test_the_store(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="nothing is stored"):
        _run("store")
    from correlator.cli.tables import import_

    CliRunner().invoke(import_, [str(folder)], catch_exceptions=False)
    live = json.loads(_run("store", "--as-happened", "--every", "4d", "--json").stdout)
    without_truth = json.loads(_run(str(folder), "--every", "4d", "--json").stdout)["findings"]
    assert live["findings"] == [one | {"truth": None} for one in without_truth]
    known = json.loads(_run("store", "--every", "4d", "--json").stdout)
    assert len({call["at"] for one in known["findings"] for call in one["calls"]}) == 1
    assert [one["last"]["verdict"] for one in known["findings"]] == [one["last"]["verdict"] for one in without_truth]
