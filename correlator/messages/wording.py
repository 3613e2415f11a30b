"""The program's own sentences of a message: what is known, what is not, what it means. No promise, nobody's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from correlator.lifecycle.steps import WATCHED, State
from correlator.messages.facts import Facts, Hit
from correlator.model import Cause, Verdict
from correlator.text.quantities import hours_of_day, moment, plural

SHOWN: Final = 20
OUTAGES_SHOWN: Final = 5
_WHY: Final = {
    Cause.UPSTREAM: "The failed runs depended on an earlier step that was late or failed; this is not a coincidence.",
    Cause.SHARED: "The runs failed together with other work, during the same periods.",
    Cause.NONE: "There are more failures than chance explains, and we found no single cause for all of them.",
}


def known(facts: Facts) -> Iterator[str]:
    """What the data says, and what people have done about it."""
    if facts.since and facts.until:
        count = f"{len(facts.hits):,} of {plural(facts.runs, 'run')}"
        yield f"Between {moment(facts.since)} and {moment(facts.until)}, {count} failed on the first attempt."
    yield from _why(facts)
    yield from _done(facts)


def _why(facts: Facts) -> Iterator[str]:
    if facts.verdict is Verdict.TRANSIENT:
        yield "We looked for a common cause and found none: the failures appear to be unrelated."
    elif facts.verdict is Verdict.SYSTEMIC and facts.cause is Cause.SELF:
        yield f"Runs have failed more often{_apart(facts)}; this is not a coincidence."
    elif facts.verdict is Verdict.SYSTEMIC:
        yield _WHY[facts.cause]
        if facts.outages:
            began = ", ".join(moment(at) for at in facts.outages[-OUTAGES_SHOWN:])
            yield f"The latest of these periods began {began}."


def _apart(facts: Facts) -> str:
    """Customers are not told of metrics: what a machine runs out of is not their concern."""
    if facts.onset:
        return f" since {moment(facts.onset)}"
    return f" from {hours_of_day(facts.hours.first, facts.hours.count)}" if facts.hours else " under certain conditions"


def _done(facts: Facts) -> Iterator[str]:
    if facts.state == State.ESCALATED:
        yield "The responsible team has been asked to act."
    elif facts.state in WATCHED and facts.changed_at:
        yield f"A change was made, in effect since {moment(facts.changed_at)}. We are checking whether it holds."
    elif facts.state == State.FIXED and facts.changed_at:
        clean = f" Since then {plural(facts.clean, 'run')} in a row passed on the first attempt." if facts.clean else ""
        yield f"A change was made, in effect since {moment(facts.changed_at)}.{clean}"
    elif facts.state == State.BACK:
        yield "It happened again after a change."


def unknown(facts: Facts) -> Iterator[str]:
    """What nobody can say yet; said as such."""
    if facts.verdict is Verdict.INCONCLUSIVE:
        yield "We do not know yet why the runs failed."
    elif facts.verdict is Verdict.SYSTEMIC and facts.state != State.FIXED:
        yield "We are still investigating why it started."
    if facts.state != State.FIXED:
        yield "We do not know how long it lasts."
    if facts.hits:
        yield "We do not know whether failed attempts delivered partial data to you."


def impact(facts: Facts) -> Iterator[str]:
    """How many runs, and whether their data is complete now."""
    if not facts.hits:
        yield "None of your runs was affected."
        return
    as_of = f" as of {moment(facts.data_as_of)}" if facts.data_as_of else ""
    count, undone = len(facts.hits), len(facts.undone)
    if not undone:
        last = max(hit.done_at for hit in facts.hits if hit.done_at)
        every = f"All {count:,} runs" if count > 1 else "The run"
        yield f"{every} that failed at first finished later, the last of them {moment(last)}: none is missing{as_of}."
    else:
        yield (
            f"{count - undone:,} of {plural(count, 'run')} that failed at first finished later; {undone:,} had not"
            f"{as_of}, so {'its' if undone == 1 else 'their'} data is incomplete."
        )


def runs(facts: Facts) -> Iterator[str]:
    """The latest runs that were hit, with their times."""
    yield from (hit_words(hit) for hit in facts.hits[-SHOWN:])
    if len(facts.hits) > SHOWN:
        yield f"and {plural(len(facts.hits) - SHOWN, 'earlier run')}"


def hit_words(hit: Hit) -> str:
    return f"due {moment(hit.due_at)}: failed {moment(hit.failed_at)}, {_ended(hit)}"


def _ended(hit: Hit) -> str:
    if hit.done_at is None:
        return "being run again" if hit.running else "not finished yet"
    return f"{'a later run finished' if hit.later else 'finished'} {moment(hit.done_at)}"


def bullets(sentences: Sequence[str]) -> str:
    """One line a sentence; one that begins with spaces stands below the one before it."""
    return "\n".join(f"  - {one.strip()}" if one.startswith(" ") else f"- {one}" for one in sentences)
