"""The software catalog's relations as dependencies, each marked as coming from there.

Direction in the catalog: from the dependent to what it needs. The list has no times: it is read whole, now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from connectors.datadog.items import attributes_of
from connectors.payloads import UnmappableError, dig, identifier, set_aside
from connectors.windows import Progress
from correlator.model import Dependency, Origin
from correlator.ports import Fact, Page, PullWindow, SetAside

PAGE_SIZE: Final = 100
DEPENDS_ON: Final = "RelationTypeDependsOn"
_INVERSE: Final = "RelationTypeDependencyOf"


def dependency_from(relation: Any) -> Dependency:
    """An edge from one relation. Names are the entities' names. Raises UnmappableError for what is no dependency."""
    attributes = attributes_of(relation)
    kind = attributes.get("type")
    if kind not in (DEPENDS_ON, _INVERSE):
        raise UnmappableError(f"a relation of type {kind}, not {DEPENDS_ON}")
    ends = ("from.name", "to.name") if kind == DEPENDS_ON else ("to.name", "from.name")
    downstream = identifier(dig(attributes, ends[0]), "name of what depends")
    upstream = identifier(dig(attributes, ends[1]), "name of what is depended on")
    if upstream == downstream:
        raise UnmappableError("it depends on itself")
    return Dependency(upstream, downstream, origin=Origin.CATALOG)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The stream `catalog`; `ask(offset)` gives the page that begins there."""

    ask: Callable[[int], dict[str, Any]]
    every: timedelta
    sent: Callable[[], int]

    def pages(self, progress: Progress, window: PullWindow) -> Iterator[Page]:
        """The whole list, if it is time. A list that was cut goes on where it was. Raises SourceError."""
        due = progress.watermark is None or window.until >= progress.watermark + self.every
        offset = int(progress.extra.get("offset", 0))
        while due:
            before = self.sent()
            items = self.ask(offset).get("data") or []
            facts, aside = _mapped(items)
            offset += len(items)
            due = len(items) >= PAGE_SIZE
            progress = replace(progress, extra={"offset": offset} if due else {})
            progress = progress if due else replace(progress, watermark=window.until)
            yield Page(
                "catalog",
                facts,
                progress.to_position(),
                set_aside=aside,
                requests=self.sent() - before,
                done=not due,
            )


def _mapped(items: list[Any]) -> tuple[tuple[Fact, ...], tuple[SetAside, ...]]:
    facts: list[Fact] = []
    aside: list[SetAside] = []
    for item in items:
        try:
            facts.append(dependency_from(item))
        except UnmappableError as error:
            aside.append(set_aside(item, str(error)))
    return tuple(facts), tuple(aside)
