"""What was done since the last handover, and what changed: steps people entered, actions of rules, messages sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from correlator.handover.differing import beside
from correlator.handover.facts import Item, Part, Section, counted
from correlator.handover.known import Acted, Known, Told
from correlator.lifecycle.words import step_words, told
from correlator.store.customer_messages import StoredMessage
from correlator.text.quantities import moment, one_line, tenant_name

SHOWN: Final = 40
_LENGTH: Final = 500
_COMPARED: Final = (Part.CONDITIONS, Part.UNSEEN)


def actions(known: Known) -> Iterator[Item]:
    dated = [*map(_step, known.told), *map(_acted, known.acted), *map(_sent, known.sent)]
    newest = sorted(dated, key=lambda one: (one[0], one[1].key), reverse=True)
    yield from counted([item for _, item in newest], SHOWN, "steps")


def _step(one: Told) -> tuple[datetime, Item]:
    event = one.event
    what = "; ".join(text for text in (told(event), event.reason) if text)
    name = f"{one.job} of {tenant_name(one.tenant)} ({event.finding_id})"
    text = f"{moment(event.at)}, {event.actor}: {step_words(event).lower()}, {name}{f': {what}' if what else ''}"
    return event.at, _item(f"step:{event.finding_id}:{event.number}", text, one.tenant, f"/findings/{event.finding_id}")


def _acted(one: Acted) -> tuple[datetime, Item]:
    step, action = one.step, one.action
    what = f"{action.kind} {action.target} ({action.id}) for {action.finding_id}"
    text = f"{moment(step.at)}, {step.actor}: {step.step}, {what}: {step.words}"
    return step.at, _item(f"action:{action.id}:{step.number}", text, one.tenant, f"/findings/{action.finding_id}")


def _sent(message: StoredMessage) -> tuple[datetime, Item]:
    at = message.sent_at or message.updated_at
    to = f"message {message.id} to {tenant_name(message.tenant)} about {message.finding_id}"
    text = f"{moment(at)}, {message.sent_by}: sent customer {to}, by {message.channel}"
    return at, _item(f"message:{message.id}", text, message.tenant, f"/findings/{message.finding_id}/customers")


def _item(key: str, text: str, tenant: str, link: str) -> Item:
    return Item(key, one_line(text, _LENGTH), "", tenant, link)


def changed(known: Known, now: Iterable[Section]) -> Iterator[Item]:
    """What the last acknowledged handover said, and what is to be said now."""
    if known.before is None:
        yield Item("first", "There is no acknowledged handover before this one to compare with", "first")
        return
    for section in now:
        if section.part in _COMPARED:
            found = beside(section.part, known.before.section(section.part).items, section.items)
            yield from (_changed("new", "New", item) for item in found.new)
            yield from (_changed("changed", "Now otherwise", item) for _, item in found.changed)
            yield from (_changed("over", "No longer so", item) for item in found.over)


def _changed(how: str, words: str, item: Item) -> Item:
    return Item(f"{how}:{item.key}", one_line(f"{words}: {item.text}", _LENGTH), item.gist, item.tenant, item.link)
