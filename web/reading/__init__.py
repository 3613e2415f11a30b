"""What the pages ask of the store, as plain rows and without the numerical libraries."""

from web.reading.runs import RunCounts, attempts, run_counts, troubled_attempts
from web.reading.sources import (
    ITEMS_SHOWN,
    AsideItem,
    AsideReason,
    AttemptNumbers,
    aside_items,
    aside_reasons,
    aside_reasons_of,
    attempt_numbers,
)
from web.reading.state import LedgerRow, freshness, freshness_in_short, ledger_rows, verdict_counts

__all__ = [
    "ITEMS_SHOWN",
    "AsideItem",
    "AsideReason",
    "AttemptNumbers",
    "LedgerRow",
    "RunCounts",
    "aside_items",
    "aside_reasons",
    "aside_reasons_of",
    "attempt_numbers",
    "attempts",
    "freshness",
    "freshness_in_short",
    "ledger_rows",
    "run_counts",
    "troubled_attempts",
    "verdict_counts",
]
