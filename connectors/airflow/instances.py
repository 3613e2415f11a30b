"""The task instances that changed in a window, page by page.

Airflow 3.2 and newer give a cursor; before that pages are counted by offset, and an instance that changes meanwhile
leaves the window (its `updated_at` is now) and moves those behind it forward. `total_entries` shows by how much, and
the next page begins so much before this one; what changed is read by the next pull.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.airflow.client import AirflowClient
from connectors.airflow.tries import Tries
from connectors.payloads import UnmappableError, dig, set_aside
from connectors.windows import Progress, Reading, Slicing
from correlator.errors import SourceError
from correlator.model import Attempt, iso
from correlator.ports import Page, PullWindow, RawAnswer, SetAside

PAGE_SIZE: Final = 100
_PATH: Final = "/dags/~/dagRuns/~/taskInstances"


@dataclass(frozen=True, slots=True)
class Instances:
    """The stream `runs`. `takes` says which DAGs are wanted."""

    client: AirflowClient
    tries: Tries
    takes: Callable[[str], bool]

    def pages(self, progress: Progress, slicing: Slicing, window: PullWindow) -> Iterator[Page]:
        for reading in slicing.windows(progress, window):
            part: Reading | None = reading
            while part is not None:
                for page, following in self._slice(part, slicing):
                    part = following
                    progress = replace(progress, reading=part) if part else progress.finished(reading)
                    yield replace(page, position=progress.to_position(), done=part is None)

    def _slice(self, reading: Reading, slicing: Slicing) -> Iterator[tuple[Page, Reading | None]]:
        """The pages of a slice, each with where to go on: further in it, then the next slice, then None."""
        at: dict[str, Any] | None = reading.at
        while at is not None:
            sent = self.client.sent
            items, at = self._ask(reading, at)
            page = self._page(items, sent)
            yield page, replace(reading, at=at) if at is not None else reading.next_slice(slicing.length)

    def _ask(self, reading: Reading, at: dict[str, Any]) -> tuple[list[Any], dict[str, Any] | None]:
        """The items of one page, and where the next begins; None behind the last."""
        query: dict[str, Any] = {"updated_at_gte": iso(reading.since), "updated_at_lt": iso(reading.end)}
        query |= {"limit": PAGE_SIZE, "order_by": "id"}
        query |= {"offset": at["offset"]} if "offset" in at else {"cursor": at.get("cursor", "")}
        answer = self.client.get(_PATH, query)
        items = answer.get("task_instances")
        if not isinstance(items, list):
            raise SourceError("Airflow GET /api/v2/…/taskInstances: no task instances in the answer")
        if "next_cursor" in answer and "offset" not in at:
            cursor = answer["next_cursor"]
            return items, {"cursor": cursor} if cursor and items else None
        return items, _next_offset(at, len(items), answer.get("total_entries"))

    def _page(self, items: list[Any], sent: int) -> Page:
        facts: list[Attempt] = []
        raw: list[RawAnswer] = []
        aside: list[SetAside] = []
        self.tries.silent = 0
        for item in items:
            if not self.takes(str(dig(item, "dag_id"))):
                continue
            try:
                for attempt, answer in self.tries.of(item):
                    facts.append(attempt)
                    raw += [answer] if answer else []
            except UnmappableError as reason:
                aside.append(set_aside(item, str(reason)))
        return Page(
            "runs",
            tuple(facts),
            {},
            tuple(raw),
            tuple(aside),
            self.client.sent - sent,
            notices=_notices(self.tries.silent),
        )


def _next_offset(at: dict[str, Any], got: int, total: Any) -> dict[str, Any] | None:
    """Where the next page begins: behind this one, or before it by as much as the list has become shorter meanwhile."""
    offset, before = at.get("offset", 0), at.get("total")
    if not isinstance(total, int) or got == 0:
        return None
    moved = max(0, before - total) if isinstance(before, int) else 0
    following = max(0, offset - moved) if moved else offset + got
    return {"offset": following, "total": total} if following < total else None


def _notices(silent: int) -> tuple[str, ...]:
    return ("logs of failed tries could not be read: their errors are not known",) if silent else ()
