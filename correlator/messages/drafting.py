"""The draft of a message. Pure: facts and settings in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from correlator.errors import SettingsError, UsageError
from correlator.lifecycle.steps import CLOSED
from correlator.messages.facts import Facts
from correlator.messages.news import news
from correlator.messages.template import BUILT_IN, filled, load_template
from correlator.messages.wording import bullets, impact, known, runs, unknown
from correlator.model import Finding
from correlator.settings import Settings
from correlator.text.lengths import interval
from correlator.text.quantities import moment, one_line

UNNAMED: Final = "your scheduled data runs"
_ROUNDED_TO: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Manner:
    """How messages are written: the frame, how customers know jobs and are called themselves, how soon the next one
    follows, which texts may stand whatever they look like, and which partners are never named."""

    template: str = BUILT_IN
    names: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, str] = field(default_factory=dict)
    next_update: timedelta = timedelta(hours=2)
    allowed: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Manner:
        """Raises SettingsError."""
        try:
            after = interval(settings["messages.next_update"], "messages.next_update")
        except UsageError as error:
            raise SettingsError(error.message, hint=error.hint) from error
        return cls(
            load_template(settings["messages.template"]),
            {str(job): str(name) for job, name in settings["messages.names"].items()},
            {str(tenant): str(name) for tenant, name in settings["messages.customers"].items()},
            after,
            tuple(str(text) for text in settings["messages.allow"]),
            tuple(str(name) for name in settings["messages.partners"]),
        )

    def what(self, finding: Finding) -> str:
        """How the customer knows the job; where nobody said, no name at all."""
        return one_line(self.names.get(finding.job, UNNAMED), 200)


@dataclass(frozen=True, slots=True)
class Sent:
    """The last message that was sent, and what it was made of."""

    at: datetime
    facts: Facts


@dataclass(frozen=True, slots=True)
class DraftMessage:
    """`next_update_at`: when the next one is to follow, None where this is the last."""

    text: str
    facts: Facts
    next_update_at: datetime | None


def draft_message(facts: Facts, what: str, manner: Manner, now: datetime, last: Sent | None = None) -> DraftMessage:
    """The first message, or one that follows on the last."""
    over = facts.state in CLOSED
    following = None if over else next_update(now, manner.next_update)
    called = one_line(manner.customers.get(facts.tenant, ""), 200)
    values = {
        "customer": f" {called}" if called else "",
        "what": what,
        "opening": _opening(what, last),
        "new": f"New since then\n{bullets(news(last.facts, facts))}" if last else "",
        "known": bullets(tuple(known(facts))),
        "unknown": bullets(tuple(unknown(facts))) or "- Nothing that we are aware of.",
        "impact": bullets(tuple(impact(facts))),
        "runs": bullets(tuple(runs(facts))),
        "next_update": _next_words(following),
    }
    return DraftMessage(filled(manner.template, values), facts, following)


def next_update(now: datetime, after: timedelta) -> datetime:
    """The next quarter of an hour, so long after now."""
    at = (now + after).astimezone(UTC)
    over = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at - over + _ROUNDED_TO if over else at


def _opening(what: str, last: Sent | None) -> str:
    if last is None:
        return f"We are writing about {what}: some runs failed on the first attempt."
    return f"This follows our message of {moment(last.at)} about {what}."


def _next_words(at: datetime | None) -> str:
    if at is None:
        return "This is our last message about it, unless it happens again."
    return f"We write again by {moment(at)}, even if there is nothing new."
