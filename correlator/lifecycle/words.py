"""The life of a finding in sentences, for pages, notes and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from correlator.lifecycle.life import Life
from correlator.lifecycle.steps import Answer, State, Step
from correlator.model import Cause
from correlator.store.finding_events import FindingEvent
from correlator.text.quantities import duration, moment, number, one_line, plural

_STEPS = {
    Step.SUSPECT: "Suspected",
    Step.CONFIRM: "Confirmed",
    Step.DISMISS: "Dismissed",
    Step.ESCALATE: "Escalated",
    Step.ANSWER: "Answer noted",
    Step.CLAIM_FIX: "Fix claimed",
    Step.WATCH: "Watch began",
    Step.FIXED: "Fixed",
    Step.NOT_EXERCISED: "Not exercised",
    Step.FAILING_OTHERWISE: "Failing otherwise",
    Step.BACK: "Back",
}


def step_words(event: FindingEvent) -> str:
    """What happened, in two words."""
    return _STEPS[Step(event.step)]


def told(event: FindingEvent) -> str:
    """What there is to know about one event beside its reason; "" for nothing."""
    details = event.details
    match Step(event.step):
        case Step.SUSPECT:
            return f"attributed to {_cause(details)}"
        case Step.ESCALATE:
            target = duration(float(details["target_seconds"]))
            return f"asked of {details['team']}, who are to answer within {target}: {details['ask']}"
        case Step.ANSWER:
            return "the team asks for more" if details["answer"] == Answer.SEND_MORE else str(details["answer"])
        case Step.CLAIM_FIX:
            return f"since {_since(details)}; {needed_words(details)}"
        case Step.WATCH:
            return f"until {moment(datetime.fromisoformat(details['until']))} at the longest"
        case Step.BACK if "needed" not in details:
            return f"failed of the same cause again: {', '.join(details['examples'])}"
        case Step.FIXED | Step.NOT_EXERCISED | Step.FAILING_OTHERWISE | Step.BACK:
            return counted_words(details)
    return ""


def needed_words(details: Mapping[str, Any]) -> str:
    """`41 clean first attempts in a row prove it: as it went before (7 % failed) luck gives that once in twenty`"""
    rate = number(100 * float(details["old_rate"]))
    clean = plural(int(details["needed"]), "clean first attempt")
    return f"{clean} in a row prove it: as it went before ({rate} % failed) luck gives that once in twenty"


def counted_words(details: Mapping[str, Any]) -> str:
    """What the runs since the fix say, with ids where they failed."""
    said = [f"{details['clean']:,} of {plural(int(details['needed']), 'clean first attempt')}"]
    if details["same"]:
        said.append(f"{details['same']:,} failed of the same cause")
    if details["otherwise"]:
        said.append(f"{details['otherwise']:,} failed of something else")
    if details["idle"]:
        root = details.get("root_job")
        said.append(f"{details['idle']:,} passed while {root} was not at work, which shows nothing")
    ids = f": {', '.join(details['examples'])}" if details["examples"] else ""
    return f"{'; '.join(said)} (since {_since(details)}){ids}"


def _since(details: Mapping[str, Any]) -> str:
    return moment(datetime.fromisoformat(details["fixed_since"]))


def _cause(details: Mapping[str, Any]) -> str:
    if details["cause"] == Cause.UPSTREAM:
        return f"{details['root_job']} upstream"
    return {Cause.SHARED: "an outage that hit other jobs too", Cause.SELF: "the job itself"}.get(
        Cause(details["cause"]), "no single cause"
    )


def closing_line(life: Life) -> str:
    """The one line that tells that it is over, for a note; "" while it is not."""
    event = life.last(Step.DISMISS, Step.FIXED)
    if event is None or life.state not in (State.DISMISSED, State.FIXED):
        return ""
    if life.state is State.DISMISSED:
        return one_line(f"Dismissed by {event.actor}, {moment(event.at)}: {event.reason}", 600)
    claimed = life.last(Step.CLAIM_FIX)
    done = f": {claimed.reason}" if claimed else ""
    return one_line(f"Fixed since {_since(event.details)}{done} ({_proof(event.details)})", 600)


def _proof(details: Mapping[str, Any]) -> str:
    return f"{plural(int(details['clean']), 'clean first attempt')}, {details['needed']:,} were needed"
