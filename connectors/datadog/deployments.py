"""DORA deployments: a list without paging, so a slice that comes back full is asked for in shorter ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.datadog.reading import Reader, Stage
from connectors.payloads import excerpt
from connectors.windows import Progress, Reading, Slicing
from correlator.errors import SourceError
from correlator.model import iso
from correlator.ports import Page, PullWindow

LIMIT: Final = 1000


@dataclass(frozen=True, slots=True)
class Deployments:
    """The stream `deployments`."""

    ask: Callable[[dict[str, Any]], dict[str, Any]]
    reader: Reader
    sent: Callable[[], int]

    def pages(self, progress: Progress, slicing: Slicing, window: PullWindow) -> Iterator[Page]:
        """All deployments of the windows to be read. Raises SourceError."""
        for whole in slicing.windows(progress, window):
            reading: Reading | None = whole
            while reading is not None:
                before = self.sent()
                items = _items(self.ask(_body(reading)))
                full = len(items) >= LIMIT
                following = _shorter(reading) if full else reading.next_slice(slicing.length)
                progress = replace(progress, reading=following) if following else progress.finished(whole)
                done = following is None and whole.until >= window.until
                stage = Stage(ended=done, newest=done, read_up_to=whole.until, again_from=whole.start)
                gleaned = self.reader.read([] if full else items, {}, stage)
                yield gleaned.page("deployments", progress.to_position(), self.sent() - before, done=done)
                reading = following


def _body(reading: Reading) -> dict[str, Any]:
    return {"from": iso(reading.since), "to": iso(reading.end), "limit": LIMIT, "sort": "started_at"}


def _shorter(reading: Reading) -> Reading:
    half = reading.halved()
    if half is None:
        raise SourceError(f"Datadog deployments: more than {LIMIT} in the second after {iso(reading.since)}")
    return half


def _items(document: dict[str, Any]) -> list[Any]:
    items = document.get("data") or []
    if not isinstance(items, list):
        raise SourceError(f"Datadog answered with `data` that is no list: {excerpt(str(items))}")
    return items
