"""What is needed, from whom and until when; and the times at which something has to be decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from correlator.handover.facts import Item, counted
from correlator.handover.gathering import Hit, gathered
from correlator.handover.known import Acted, Case, Known
from correlator.lifecycle.steps import Answer, State, Step
from correlator.store.customer_messages import StoredMessage
from correlator.text.quantities import moment, one_line, tenant_name

SHOWN: Final = 20
_LENGTH: Final = 400


def needs(known: Known) -> Iterator[Item]:
    """Deadlines of others first, then what the next one is to decide."""
    asked = [item for case in known.cases for item in _asked(known, case)]
    yield from counted(asked, SHOWN, "asks")
    due = [_update_due(known, message) for message in known.sent if message.next_update_at]
    yield from counted(due, SHOWN, "updates to customers")
    yield from counted([_unsent(message) for message in known.unsent], SHOWN, "messages that wait")
    yield from counted([_proposed(one) for one in known.proposed], SHOWN, "actions that wait for a yes or no")
    yield from (_source(status.source, status.hint) for status in known.sources if status.error and status.permanent)
    looks = [_look(one) for one in gathered(case for case in known.cases if case.life.waits_for_look)]
    yield from counted(looks, SHOWN, "findings nobody has looked at", known.hidden)


def due_of(case: Case) -> datetime | None:
    """Until when the team that was asked is to say something; None where nothing is outstanding."""
    asked, answered = case.life.ask, case.answer
    if case.life.state is not State.ESCALATED or asked is None:
        return None
    if answered is not None and answered.details["answer"] != Answer.SEND_MORE:
        return None
    return asked.at + timedelta(seconds=float(asked.details["target_seconds"]))


def _asked(known: Known, case: Case) -> Iterator[Item]:
    asked, answered, due = case.life.ask, case.answer, due_of(case)
    if asked is not None and due is not None:
        team = str(asked.details["team"])
        if answered is not None:
            text, gist = f"From us to {team}: they want more: {answered.reason}", "send more"
        else:
            late = due < known.now
            text = f"From {team}: {asked.details['ask']}; an answer {'was' if late else 'is'} due {moment(due)}"
            gist = "overdue" if late else "asked"
        yield _item(f"ask:{case.id}", f"{text} ({case.name})", gist, case)
    elif case.life.state is State.CONFIRMED:
        owner, ask = case.rule.get("owner", ""), case.rule.get("ask", "")
        whom = f"asking {owner}: {ask}" if owner and ask else "asking the team that can end it"
        yield _item(
            f"ask:{case.id}", f"From the next on call: {whom}; it is confirmed ({case.name})", "confirmed", case
        )
    elif case.life.state in (State.NOT_EXERCISED, State.FAILING_OTHERWISE):
        text = f"From the next on call: look whether the fix holds, it is {case.life.state} ({case.name})"
        yield _item(f"watch:{case.id}", text, str(case.life.state), case)


def _look(one: Case | Hit) -> Item:
    if isinstance(one, Hit):
        text = f"From the next on call: say whether it is real ({one.name}, {one.state})"
        return Item(f"look:{one.key}", one_line(text, _LENGTH), str(one.state), one.tenant, one.link)
    text = f"From the next on call: say whether it is real ({one.name}, {one.life.state})"
    return _item(f"look:{one.id}", text, str(one.life.state), one)


def _item(key: str, text: str, gist: str, case: Case) -> Item:
    return Item(key, one_line(text, _LENGTH), gist, case.finding.tenant, case.link)


def _update_due(known: Known, message: StoredMessage) -> Item:
    due = message.next_update_at or known.now
    late = due < known.now
    text = f"To {tenant_name(message.tenant)}: the next update {'was' if late else 'is'} due {moment(due)}"
    gist = "overdue" if late else "due"
    return Item(f"update:{message.id}", f"{text} ({message.finding_id})", gist, message.tenant, _page(message))


def _unsent(message: StoredMessage) -> Item:
    wants = "to be sent" if message.approved_by else "a second person to approve it"
    text = f"Customer message {message.id} to {tenant_name(message.tenant)} about {message.finding_id} waits: {wants}"
    return Item(f"draft:{message.id}", text, wants, message.tenant, _page(message))


def _page(message: StoredMessage) -> str:
    return f"/findings/{message.finding_id}/customers"


def _proposed(one: Acted) -> Item:
    action = one.action
    text = f"A yes or no to {action.kind} {action.target} ({action.id}) for {action.finding_id}: {one.step.words}"
    return Item(f"proposed:{action.id}", one_line(text, _LENGTH), "", one.tenant, f"/findings/{action.finding_id}")


def _source(name: str, hint: str) -> Item:
    text = one_line(f"From whoever keeps {name}: {hint or 'it refuses what it is asked'}", _LENGTH)
    return Item(f"key:{name}", text, hint, "", "/sources")


def decisions(known: Known) -> Iterator[Item]:
    """The times at which something has to be decided, the earliest first."""
    dated = sorted([*_of_cases(known), *_of_messages(known)], key=lambda one: (one[0], one[2].key))
    yield from counted([_decision(known, *one) for one in dated], SHOWN, "times")


def _decision(known: Known, at: datetime, text: str, item: Item) -> Item:
    late = " (past)" if at < known.now else ""
    return Item(item.key, one_line(f"{moment(at)}{late}: {text}", _LENGTH), moment(at), item.tenant, item.link)


Dated = tuple[datetime, str, Item]


def _of_cases(known: Known) -> Iterator[Dated]:
    for case in known.cases:
        if due := due_of(case):
            team = case.life.ask.details["team"] if case.life.ask else ""
            yield (
                due,
                f"remind {team} or go to who decides for them ({case.name})",
                _item(f"due:{case.id}", "", "", case),
            )
        watched = case.life.last(Step.WATCH)
        if case.life.state is State.WATCHING and watched is not None:
            until = datetime.fromisoformat(watched.details["until"])
            yield until, f"the watch of the fix ends ({case.name})", _item(f"until:{case.id}", "", "", case)


def _of_messages(known: Known) -> Iterator[Dated]:
    for message in known.sent:
        if message.next_update_at:
            item = Item(f"next:{message.id}", "", "", message.tenant, _page(message))
            yield message.next_update_at, f"next update to {tenant_name(message.tenant)} ({message.finding_id})", item
