"""Pipelines, Spark, monitors, deployments and relations against the facts they must become, kept as golden files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from connectors.datadog.catalog import dependency_from
from connectors.datadog.changes import change_from_deployment
from connectors.datadog.mapping_files import read_mappings
from connectors.datadog.monitors import transition_from
from connectors.datadog.runs import attempt_from
from connectors.payloads import UnmappableError
from correlator.model import iso
from correlator.settings import load_settings

GOLDEN = json.loads((Path(__file__).parent / "golden" / "items.json").read_text(encoding="utf-8"))
NAMES = load_settings(environment={})["datadog.tags"]
MAPPINGS = read_mappings(None, NAMES)
BY: Final[Mapping[str, Callable[[Any], Any]]] = {
    "ci_pipelines": lambda item: attempt_from(item, MAPPINGS["ci_pipelines"]),
    "spark": lambda item: attempt_from(item, MAPPINGS["spark"]),
    "monitor": lambda item: transition_from(item, NAMES),
    "deployment": lambda item: change_from_deployment(item, NAMES),
    "relation": dependency_from,
}


def told(fact: Any) -> dict[str, Any]:
    """What a fact says beside its defaults, as plain values."""
    return {
        one.name: iso(value) if isinstance(value, datetime) else value
        for one in dataclasses.fields(fact)
        if (value := getattr(fact, one.name)) not in (None, "", {})
    }


@pytest.mark.parametrize("case", GOLDEN, ids=[case["about"] for case in GOLDEN])
def test_an_item_becomes_a_fact_or_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    if "fact" in case:
        assert told(BY[case["by"]](case["payload"])) == case["fact"]
    else:
        with pytest.raises(UnmappableError) as error:
            BY[case["by"]](case["payload"])
        assert str(error.value) == case["reason"]
