"""The stream `change_events`: deploys and other changes that somebody sent to PagerDuty, as changes.

`since` and `until` must be UTC there, or PagerDuty refuses them; it keeps 90 days. A change names services by id alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from connectors.pagerduty.client import PagerDutyClient, UnavailableError
from connectors.pagerduty.lists import ListPage, WindowedList
from connectors.pagerduty.mapping import Ties
from connectors.pagerduty.names import Names
from connectors.payloads import UnmappableError, dig, identifier, moment, set_aside, text_of
from connectors.windows import Progress, Slicing
from correlator.model import Change
from correlator.ports import Page, PullWindow, RawAnswer, SetAside

CHANGE_SLICE: Final = timedelta(days=90)


class ChangeStream:
    """One pull of the stream. The names of services stand in the position, under `names`."""

    def __init__(self, client: PagerDutyClient, ties: Ties, progress: Progress, learned: dict[str, str]) -> None:
        self._client = client
        self._ties = ties
        self._progress = progress
        self._names = Names(client, {**progress.extra.get("names", {}), **learned})

    def pages(self, slicing: Slicing, window: PullWindow) -> Iterator[Page]:
        """The windows to be read; for an account without change events one page that says so. Raises SourceError."""
        listed = WindowedList(self._client.get, "/change_events", "change_events", {}, zoned=False)
        before = self._client.sent
        try:
            for page in listed.pages(self._progress, slicing, window):
                yield self._page(page, before)
                before = self._client.sent
        except UnavailableError as error:
            requests = self._client.sent - before
            position = self._progress.to_position()
            said = f"change events are not read: {error.short}"
            yield Page("change_events", (), position, requests=requests, done=True, notices=(said,))

    def _page(self, page: ListPage, before: int) -> Page:
        facts, raw, aside = self._facts(page.items)
        progress = replace(page.progress, extra={"names": self._names.to_position()})
        self._progress = progress
        return Page(
            "change_events",
            tuple(facts),
            progress.to_position(),
            tuple(raw),
            tuple(aside),
            requests=self._client.sent - before,
            done=page.done,
            notices=tuple(self._names.notices),
        )

    def _facts(self, items: list[Any]) -> tuple[list[Change], list[RawAnswer], list[SetAside]]:
        facts: list[Change] = []
        raw: list[RawAnswer] = []
        aside: list[SetAside] = []
        for item in items:
            try:
                changes = changes_from(item, self._ties, self._services(item))
            except UnmappableError as error:
                aside.append(set_aside(item, str(error)))
                continue
            facts += changes
            raw.append(RawAnswer(changes[0].change_id, f"GET /change_events/{changes[0].change_id}", item))
        return facts, raw, aside

    def _services(self, payload: Any) -> list[str]:
        references = dig(payload, "services")
        names = [self._names.service(item) for item in references] if isinstance(references, list) else []
        return sorted({name for name in names if name})


def changes_from(payload: Any, ties: Ties, services: list[str]) -> list[Change]:
    """A change event as one change for each service it is about, at least one. Raises UnmappableError.

    The first has the event's own id, the others `ID/SERVICE`.
    """
    change_id = identifier(dig(payload, "id"), "id")
    at = moment(dig(payload, "timestamp"), "timestamp")
    title = text_of(dig(payload, "summary"))
    sent = [found for key in ("custom_details", "payload.custom_details") if (found := dig(payload, key))]
    changes = []
    for place, service in enumerate(services or [""]):
        tied = ties.find(sent, title, service or None)
        changes.append(
            Change(
                f"{change_id}/{service}" if place else change_id,
                at,
                title or text_of(dig(payload, "source")) or change_id,
                job=tied.get("job"),
                service=service or None,
                tenant=tied.get("tenant", ""),
            )
        )
    return changes
