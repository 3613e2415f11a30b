"""The points of a finding's metrics out of tables in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlator.evidence.metric_slices import SeriesByName, ordered_metrics
from correlator.evidence.series import Points
from correlator.model import Finding, MetricEvidence
from correlator.tables.frames import Tables


def series_in(tables: Tables, finding: Finding, as_of: int) -> SeriesByName:
    """The finding's metrics by name and job, as far as they are in the tables by `as_of` (µs)."""
    wanted = ordered_metrics(finding)
    return {(one.metric, one.job): _points(tables.metrics, one, finding.tenant, as_of) for one in wanted}


def _points(frame: pd.DataFrame, metric: MetricEvidence, tenant: str, as_of: int) -> Points:
    """The metric's points of the job, of this tenant where it is measured by tenant, sorted by time."""
    named = frame[(frame["metric"] == metric.metric) & (frame["at"] <= as_of)]
    of_job = named[named["job"].astype(str) == metric.job]
    named = of_job if len(of_job) else named[named["job"].isna() | (named["job"].astype(str) == "")]
    of_tenant = named[named["tenant"].astype(str) == tenant]
    chosen = (of_tenant if len(of_tenant) else named[named["tenant"].astype(str) == ""]).sort_values(
        "at", kind="stable"
    )
    at, value = chosen["at"].to_numpy(np.int64).tolist(), chosen["value"].to_numpy(np.float64).tolist()
    return list(zip(at, value, strict=True))
