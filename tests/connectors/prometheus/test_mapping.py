"""A range answer as it may come, and the points it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.prometheus.mapping import points_from_matrix
from correlator.errors import SourceError
from correlator.model import iso

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "matrix.json").read_text())


def test_a_matrix_becomes_points_and_the_rest_is_set_aside_with_reasons() -> None:
    jobs = ("load", "export", "import")
    wanted = {(tenant, job) for tenant in ("tenant-07", "tenant-08") for job in jobs}
    mapped = points_from_matrix(GOLDEN["answer"], "rows", GOLDEN["labels"], wanted)
    found = [[one.job, one.tenant, one.host, iso(one.at), one.value] for one in mapped.points]
    assert found == GOLDEN["points"]
    assert mapped.infinite == GOLDEN["infinite"]
    assert [one.reason for one in mapped.set_aside] == GOLDEN["set_aside"]
    assert len({one.item_id for one in mapped.set_aside}) == len(mapped.set_aside)


def test_without_wishes_every_job_is_wanted() -> None:
    mapped = points_from_matrix(GOLDEN["answer"], "rows", GOLDEN["labels"])
    assert {one.job for one in mapped.points} == {"load", *GOLDEN["unwanted"]}


@pytest.mark.parametrize("data", [None, [], {"resultType": "vector", "result": []}, {"resultType": "matrix"}])
def test_what_is_no_matrix_is_an_error(data: Any) -> None:
    with pytest.raises(SourceError, match="where a matrix was due"):
        points_from_matrix(data, "rows", GOLDEN["labels"])
