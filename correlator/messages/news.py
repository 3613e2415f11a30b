"""What a follow-up says first: what is new since the last message that was sent."""

from __future__ import annotations

from collections.abc import Iterator

from correlator.lifecycle.steps import WATCHED, State
from correlator.messages.facts import Facts
from correlator.messages.wording import hit_words
from correlator.model import Verdict
from correlator.text.quantities import moment, plural

SHOWN = 10


def news(before: Facts, now: Facts) -> tuple[str, ...]:
    """In sentences; one that says so where nothing is new."""
    found = (*_hits(before, now), *_finished(before, now), *_cause(before, now), *_state(before, now))
    return found or ("Nothing is new since then.",)


def _hits(before: Facts, now: Facts) -> Iterator[str]:
    old = {hit.key for hit in before.hits}
    new = [hit for hit in now.hits if hit.key not in old]
    if new:
        yield f"{plural(len(new), 'more run')} failed on the first attempt:"
        yield from (f"  {hit_words(hit)}" for hit in new[-SHOWN:])


def _finished(before: Facts, now: Facts) -> Iterator[str]:
    waiting = {hit.key for hit in before.undone}
    done = [hit for hit in now.hits if hit.key in waiting and hit.done_at]
    if done:
        yield f"{plural(len(done), 'run')} that had not finished {'has' if len(done) == 1 else 'have'} finished since:"
        yield from (f"  {hit_words(hit)}" for hit in done[-SHOWN:])


def _cause(before: Facts, now: Facts) -> Iterator[str]:
    if (before.verdict, before.cause) != (now.verdict, now.cause):
        settled = before.verdict is Verdict.INCONCLUSIVE and now.verdict is Verdict.SYSTEMIC
        yield "We know more about the cause than then." if settled else "Our view of the cause has changed."


def _state(before: Facts, now: Facts) -> Iterator[str]:
    if before.state == now.state and before.changed_at == now.changed_at:
        return
    if now.state in WATCHED and now.changed_at and now.changed_at != before.changed_at:
        yield f"A change was made, in effect since {moment(now.changed_at)}."
    elif now.state == State.FIXED:
        yield "The change has held so far."
    elif now.state == State.BACK:
        yield "It happened again."
