"""Whether the sources still say what a bundle quotes: each quoted answer asked for again, and laid beside the quote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from correlator.errors import InputError, SourceError, UsageError
from correlator.evidence.quotes import Quote, canonical_sha256
from correlator.ports import Asker

FAILURES_IN_A_ROW: Final = 3
_NAMED: Final = 5


class Drift(StrEnum):
    """How a quoted answer stands to what the source says now."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Drifted:
    """One quoted answer after asking again; `said` names what changed, or why it was not asked."""

    source: str
    fact_id: str
    drift: Drift
    said: str = ""

    def __str__(self) -> str:
        return f"{self.source} {self.fact_id}: {self.drift}{f': {self.said}' if self.said else ''}"


def ask_again(quotes: Sequence[Quote], askers: Callable[[str], Asker]) -> Iterator[Drifted]:
    """Every quote in order. `askers` gives the connection to a source by name, or raises an error that says why there
    is none. After three failures in a row of one source its other quotes are left unasked."""
    failures: dict[str, int] = {}
    for quote in quotes:
        if failures.get(quote.source, 0) >= FAILURES_IN_A_ROW:
            yield Drifted(quote.source, quote.fact_id, Drift.NOT_ASKED, "the source could not be asked before")
            continue
        try:
            now = askers(quote.source).refetch(quote.request, quote.body)
        except SourceError as error:
            failures[quote.source] = FAILURES_IN_A_ROW if error.permanent else failures.get(quote.source, 0) + 1
            yield Drifted(quote.source, quote.fact_id, Drift.NOT_ASKED, error.message)
        except (InputError, UsageError) as error:
            yield Drifted(quote.source, quote.fact_id, Drift.NOT_ASKED, error.message)
        else:
            failures[quote.source] = 0
            yield _beside(quote, now)


def _beside(quote: Quote, now: Any) -> Drifted:
    if now is None:
        return Drifted(quote.source, quote.fact_id, Drift.GONE, "the source does not have it any more")
    if canonical_sha256(now) == canonical_sha256(quote.body):
        return Drifted(quote.source, quote.fact_id, Drift.SAME)
    places = sorted(_different(quote.body, now, ""))
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return Drifted(quote.source, quote.fact_id, Drift.CHANGED, ", ".join(places[:_NAMED]) + more)


def _different(before: Any, now: Any, where: str) -> Iterator[str]:
    """Where two answers differ, as dotted paths."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in before.keys() | now.keys():
            yield from _different(before.get(key), now.get(key), f"{where}.{key}" if where else str(key))
    elif before != now:
        yield where or "the whole answer"
