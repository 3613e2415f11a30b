"""Mappings in YAML: what the built-in ones say, what a file may change, and how it is told what is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.datadog.mapping_files import chosen_mappings, read_mappings
from correlator.errors import SettingsError
from correlator.model import Status
from correlator.settings import load_settings

NAMES = {"job": "pipeline", "tenant": "customer", "status": "outcome"}
FILE = """\
nightly:
  extends: airflow
  query: "service:nightly"
  fields:
    tenant: [org, account]
  statuses: {Gave-Up: failed}
  units: {started_at: ms}
  first_attempt: 0
  overlap_seconds: 600
spans:
  kind: spans
  query: "operation_name:job"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "mappings.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_built_in_mappings_are_those_the_setting_speaks_of() -> None:
    known = read_mappings(None, NAMES)
    assert sorted(known) == ["airflow", "ci_pipelines", "events", "logs", "spans", "spark"]
    assert known["spans"].fields["job"] == ("pipeline",)
    assert known["airflow"].kind == "logs"
    assert known["airflow"].fields["tenant"] == ("customer",)
    assert known["airflow"].statuses["up_for_retry"] is Status.FAILED


def test_a_file_says_what_differs_and_wins_over_the_built_in_ones(tmp_path: Path) -> None:
    known = read_mappings(written(tmp_path, FILE), NAMES)
    nightly = known["nightly"]
    assert (nightly.kind, nightly.query, nightly.name) == ("logs", "service:nightly", "nightly")
    assert nightly.fields["tenant"] == ("org", "account")
    assert nightly.fields["job"] == ("{dag_id}.{task_id}",)
    assert nightly.statuses["gave_up"] is Status.FAILED
    assert nightly.statuses["up_for_retry"] is Status.FAILED
    assert (nightly.units["started_at"], nightly.first_attempt, nightly.overlap) == ("ms", 0, timedelta(minutes=10))
    assert known["spans"].query == "operation_name:job"
    assert known["airflow"].overlap == timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("a:\n  kind: spam\n", 2, "there is no kind `spam`", "did you mean `spans`?"),
        ("a:\n  query: x\n", 1, "`a` needs a `kind` or `extends`", "a kind is one of spans"),
        ("a:\n  extends: airflw\n", 2, "there is no mapping `airflw`", "did you mean `airflow`?"),
        ("a:\n  extends: logs\n  kind: spans\n", 3, "`a` has the kind of what it extends", ""),
        ("a:\n  kind: logs\n  feilds: {}\n", 3, "there is no key `feilds`", "did you mean `fields`?"),
        ("a:\n  kind: logs\n  fields:\n    tenent: x\n", 4, "there is no field `tenent`", "did you mean `tenant`?"),
        ("a:\n  kind: logs\n  fields:\n    job: 7\n", 4, "`job` must be the name of a facet", ""),
        (
            "a:\n  kind: logs\n  statuses:\n    done: sucess\n",
            4,
            "there is no status `sucess`",
            "did you mean `success`",
        ),
        ("a:\n  kind: logs\n  units: {duration: h}\n", 3, "there is no unit `h`", "there are s, ms, us, ns"),
        ("a:\n  kind: logs\n  units: {attempt: s}\n", 3, "there is no time `attempt`", ""),
        ("a:\n  kind: logs\n  overlap_seconds: soon\n", 3, "`overlap_seconds` must be a whole number", ""),
        ("a:\n  kind: logs\n  kind: logs\n", 3, "the key 'kind' stands already at line 2", ""),
        ("- a\n", 1, "expected mappings by name", ""),
        ("a: spans\n", 1, "`a` must hold names and values", ""),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        read_mappings(file, NAMES)
    assert error.value.message.startswith(f"{file}, line {line}: {message}")
    assert hint in error.value.hint


def test_a_file_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read") as error:
        read_mappings(tmp_path / "none.yaml", NAMES)
    assert "datadog.mappings" in error.value.hint


def test_a_mapping_that_there_is_not_is_refused_with_the_place_of_the_setting(tmp_path: Path) -> None:
    from connectors.datadog.plan import plan_from

    file = tmp_path / "correlator.yaml"
    file.write_text("datadog:\n  runs: [spans, log]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"correlator.yaml, line 2: `datadog.runs`: there is no mapping `log`"):
        plan_from(load_settings(file, {}))


def test_the_chosen_ones_come_in_their_order_and_once() -> None:
    chosen = chosen_mappings(["logs", "spans", "logs"], read_mappings(None, NAMES), "here")
    assert [mapping.name for mapping in chosen] == ["logs", "spans"]
