"""Lists with `offset` and `more`, page by page, in windows that never reach PagerDuty's end of 10000 items.

`more` is the only end mark: a page may be empty or short and still have followers. A window with too many items is
halved and read again from its first half, the repeats costing nothing; the ones after it are as long, and longer again
where little happens. Windows overlap by a second, as nobody says whether their ends are inclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from connectors.payloads import excerpt
from connectors.windows import Progress, Reading, Slicing
from correlator.errors import SourceError
from correlator.model import iso
from correlator.ports import PullWindow

PAGE_SIZE: Final = 100
LAST_ITEM: Final = 10_000
_INCLUSIVE: Final = timedelta(seconds=1)
Get = Callable[[str, dict[str, Any]], dict[str, Any]]
_FAR_FROM_FULL: Final = 0.4
_COUNTED_FROM: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page: its items, the progress once they are stored, and whether it is the last of the pull."""

    items: list[Any]
    progress: Progress
    done: bool


@dataclass(frozen=True, slots=True)
class WindowedList:
    """A list that `since` and `until` cut: `GET path`, items under `wrapper`.

    `zoned` is for lists that would else read and answer times in the account's zone. A long window asks on its first
    page how many items there are in all, so that one with too many is not read to its end in vain.
    """

    get: Get
    path: str
    wrapper: str
    params: dict[str, Any]
    zoned: bool = True

    def pages(self, progress: Progress, slicing: Slicing, window: PullWindow) -> Iterator[ListPage]:
        """All there is to read, an unfinished window first. Raises SourceError."""
        for whole in slicing.windows(progress, window):
            reading: Reading | None = whole
            while reading is not None:
                document = self.get(self.path, self._params(reading))
                reading = self._following(reading, document, slicing.length)
                progress = replace(progress, reading=reading) if reading else progress.finished(whole)
                done = reading is None and whole.until >= window.until
                yield ListPage(items_of(document, self.wrapper), progress, done)

    def _params(self, reading: Reading) -> dict[str, Any]:
        times = {"since": iso(reading.since - _INCLUSIVE), "until": iso(reading.end)}
        zone = {"time_zone": "UTC"} if self.zoned else {}
        offset = reading.at.get("offset", 0)
        total = {"total": "true"} if not offset and reading.end - reading.since > _COUNTED_FROM else {}
        return {**self.params, **times, **zone, **total, "limit": PAGE_SIZE, "offset": offset}

    def _following(self, reading: Reading, document: dict[str, Any], length: timedelta) -> Reading | None:
        offset = reading.at.get("offset", 0) + PAGE_SIZE
        if not document.get("more"):
            return reading.next_slice(min(length, _next_length(reading, offset)))
        if offset + PAGE_SIZE <= LAST_ITEM and not _too_many(document):
            return replace(reading, at={"offset": offset})
        shorter = reading.halved()
        if shorter is None:
            raise SourceError(
                f"PagerDuty {self.path}: more than {LAST_ITEM} items within two seconds of {iso(reading.since)}",
                hint="they cannot be listed; give --since a later time",
                permanent=True,
            )
        return shorter


def _next_length(reading: Reading, items: int) -> timedelta:
    """As long as this slice was; twice that where it was far from full, so that a flood in the past is forgotten."""
    length = reading.end - reading.since
    return length * 2 if items <= LAST_ITEM * _FAR_FROM_FULL else length


def whole_list(get: Get, path: str, wrapper: str, params: Mapping[str, Any] | None = None) -> tuple[list[Any], bool]:
    """All items of a list without windows, and whether there are more than can be listed. Raises SourceError."""
    items: list[Any] = []
    for offset in range(0, LAST_ITEM, PAGE_SIZE):
        document = get(path, {**(params or {}), "limit": PAGE_SIZE, "offset": offset})
        items += items_of(document, wrapper)
        if not document.get("more"):
            return items, False
    return items, True


def _too_many(document: dict[str, Any]) -> bool:
    """Whether the list is longer than can be paged through; None is no count."""
    total = document.get("total")
    return isinstance(total, int) and total > LAST_ITEM


def items_of(document: dict[str, Any], wrapper: str) -> list[Any]:
    """The list under `wrapper`. Raises SourceError when the answer holds none."""
    items = document.get(wrapper)
    if not isinstance(items, list):
        raise SourceError(f"PagerDuty answered without `{wrapper}`: {excerpt(str(document))}")
    return items
