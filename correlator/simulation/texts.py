"""What failing attempts say. A text fits what happened more often than not, and never proves it."""

from __future__ import annotations

from typing import Final

import numpy as np

from correlator.model import Status
from correlator.simulation.platform import Job
from correlator.simulation.troubles import Strike

LIKELY: Final = 0.8
BLANK: Final = "ExportError: output file part-{n} is blank"
PARTNER: Final = (
    "PartnerError: 502 from the partner endpoint, request {n}",
    "PartnerError: no answer within 30 s, request {n}",
    "ConnectionError: connection reset by peer, socket {n}",
    BLANK,
)
WAREHOUSE: Final = (
    "WarehouseError: connection closed by the server, session {n}",
    "WarehouseError: too many concurrent queries, slot {n}",
    "DataError: batch {n} has no rows",
    "ConnectionError: connection reset by peer, socket {n}",
)
FITTING: Final = {
    "load": "MemoryError: worker process {n} was killed",
    "outage": "ServiceUnavailable: platform gateway answered 503, request {n}",
    "change": "SchemaError: unexpected column 'consent_v{n}'",
}


def error_text(job: Job, strike: Strike, rng: np.random.Generator) -> str | None:
    """The error of an attempt; None for one that passed."""
    if strike.status is Status.SUCCESS:
        return None
    number, likely = int(rng.integers(10_000, 99_999)), rng.random() < LIKELY
    if strike.status is Status.TIMED_OUT:
        return f"TimeoutError: attempt cut after {job.timeout_minutes:g} min"
    pool = PARTNER if job.name.startswith(("export", "report")) else WAREHOUSE
    text = pool[int(rng.integers(len(pool)))]
    if likely and strike.reason == "inputs":
        text = BLANK if pool is PARTNER else "DataError: batch {n} has no rows"
    elif likely:
        text = FITTING.get(strike.reason, text)
    return text.format(n=number)
