"""Searches with a cursor, page by page: spans, logs, CI pipelines and events behave alike.

Oldest first, in slices of a day (longer ones where little happens), with absolute times: a page's position says how
to go on after it, and when the server has forgotten the cursor, the newest item says so as well. A page the server
marks as partial gives its items but does not move the position: a shorter slice is asked for, and when that does not
help, the pull ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.datadog.client import ExpiredCursorError
from connectors.datadog.reading import Reader, Stage
from connectors.payloads import UnmappableError, dig, excerpt, millis, moment
from connectors.windows import Progress, Reading, Slicing
from correlator.errors import SourceError
from correlator.model import iso
from correlator.ports import Page, PullWindow

PAGE_SIZE: Final = 1000
SLICE: Final = timedelta(days=1)
_SHORTEST: Final = timedelta(minutes=1)
_LONGEST: Final = timedelta(days=16)


@dataclass(frozen=True, slots=True)
class Search:
    """One searchable stream: how to ask, how to read a page's items, and where an item's time stands."""

    stream: str
    ask: Callable[[dict[str, Any]], dict[str, Any]]
    query: str
    reader: Reader
    time_path: str
    sent: Callable[[], int]

    def pages(self, progress: Progress, slicing: Slicing, window: PullWindow) -> Iterator[Page]:
        """All there is to read, an unfinished window first. Raises SourceError."""
        for whole in slicing.windows(progress, window):
            reading: Reading | None = whole
            while reading is not None:
                before = self.sent()
                document, asked = self._answer(reading)
                items = _items(document)
                reason = partial_reason(document)
                following = _shorter(asked) if reason else self._following(asked, document, items, slicing.length)
                stage = _stage(progress, whole, following, slicing.overlap)
                progress = replace(progress, reading=following) if following else progress.finished(whole)
                done = following is None and whole.until >= window.until
                gleaned = self.reader.read(items, progress.extra, stage)
                progress = replace(progress, extra=gleaned.kept)
                yield gleaned.page(self.stream, progress.to_position(), self.sent() - before, done=done)
                if following is asked:
                    raise self._still_partial(asked, reason)
                reading = following

    def _answer(self, reading: Reading) -> tuple[dict[str, Any], Reading]:
        """The page at the reading's cursor; when that is forgotten, the page from the newest item on."""
        try:
            return self.ask(self._body(reading)), reading
        except ExpiredCursorError:
            newest = reading.at.get("newest")
            if reading.at.get("cursor") is None or newest == reading.at.get("restarted_at", ""):
                raise
            restarted = replace(reading, at={"newest": newest, "restarted_at": newest})
        return self.ask(self._body(restarted)), restarted

    def _body(self, reading: Reading) -> dict[str, Any]:
        cursor = reading.at.get("cursor")
        since = millis(reading.since if cursor else _resume_at(reading))
        until = max(since + 1, millis(reading.end + timedelta(microseconds=999)))
        return {
            "filter": {"query": self.query, "from": str(since), "to": str(until)},
            "options": {"timezone": "UTC"},
            "page": {"limit": PAGE_SIZE} | ({"cursor": cursor} if cursor else {}),
            "sort": "timestamp",
        }

    def _following(
        self, reading: Reading, document: dict[str, Any], items: list[Any], length: timedelta
    ) -> Reading | None:
        """Only a missing cursor ends a slice: an empty page may carry one, and a short page too."""
        cursor = dig(document, "meta.page.after")
        if not cursor:
            return reading.next_slice(_next_length(reading, length))
        latest = max(self._times(items), default=None)
        newest = iso(latest) if latest else reading.at.get("newest")
        pages = reading.at.get("pages", 0) + bool(items)
        return replace(reading, at=reading.at | {"cursor": str(cursor), "newest": newest, "pages": pages})

    def _times(self, items: list[Any]) -> Iterator[datetime]:
        for item in items:
            try:
                yield moment(dig(item, self.time_path), "time")
            except UnmappableError:
                continue  # it is set aside with its reason when it is mapped

    def _still_partial(self, reading: Reading, reason: str) -> SourceError:
        when = f"{iso(reading.since)} to {iso(reading.end)}"
        return SourceError(
            f"Datadog {self.stream}: only part of the answer came for {when}: {reason}",
            hint="what came is stored, and the next pull asks for this time again; a narrower query helps",
        )


def _stage(progress: Progress, whole: Reading, following: Reading | None, overlap: timedelta) -> Stage:
    watermark = progress.finished(whole).watermark or whole.until
    newest = progress.watermark is None or whole.until >= progress.watermark
    return Stage(ended=following is None, newest=newest, read_up_to=watermark, again_from=watermark - overlap)


def partial_reason(document: dict[str, Any]) -> str:
    """Why this page is not the whole page, by its `meta`; "" for a whole one."""
    warnings = dig(document, "meta.warnings")
    texts = [str(dig(item, "detail") or dig(item, "title") or item) for item in warnings or ()]
    if dig(document, "meta.status") == "timeout":
        texts.insert(0, "the search timed out")
    return excerpt("; ".join(texts))


def _items(document: dict[str, Any]) -> list[Any]:
    items = document.get("data")
    if items is None:
        return []
    if not isinstance(items, list):
        raise SourceError(f"Datadog answered with `data` that is no list: {excerpt(str(items))}")
    return items


def _resume_at(reading: Reading) -> datetime:
    """Where to go on without a cursor: at the newest item, whose repeats cost nothing, or at the slice's start."""
    newest = reading.at.get("newest")
    return datetime.fromisoformat(newest) if newest else reading.since


def _next_length(reading: Reading, usual: timedelta) -> timedelta:
    """As long as this slice was; twice that where all of it stood on one page, so that quiet times cost little."""
    length = max(reading.end - reading.since, min(usual, _SHORTEST))
    return min(2 * length, _LONGEST) if reading.at.get("pages", 0) <= 1 else length


def _shorter(reading: Reading) -> Reading:
    """Half the slice from where it stands, or the reading itself when it is short already."""
    since = _resume_at(reading)
    if reading.end - since < 2 * _SHORTEST:
        return reading
    return replace(reading, since=since, end=since + (reading.end - since) / 2, at={})
