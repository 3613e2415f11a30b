"""What people and rules write within a month, on the store that the pages are measured on: through the program's own
functions, so that each page has something to show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Engine, select

from correlator.handover import writing as handover_desk
from correlator.messages import workflow
from correlator.messages.drafting import Manner
from correlator.settings import load_settings
from correlator.store.actions import StoredAction, add_action
from correlator.store.asks import AskEdit, edit_ask
from correlator.store.database import reading
from correlator.store.findings import StoredFinding, list_findings
from correlator.store.questions import add_question
from correlator.store.rule_replays import Basis, Played, StoredFiring, ask_replay, begin_replay, replay_done
from correlator.store.schema import actions, customer_messages, handovers, rule_firings, saved_questions
from correlator.store.shares import Share, add_share
from web.shared_links import SECRET, token_of

SHARE_SECRET: Final = "the secret of the benchmarks alone"
HANDOVERS: Final = 90
"""Three a day, and the one that is being written."""
MESSAGES: Final = 200
SHARES: Final = 50
QUESTIONS: Final = ("by=job", "by=team", "by=rule", "by=tenant", "by=ask")
LONG: Final = datetime(2100, 1, 1, tzinfo=UTC)


def write(engine: Engine, end: datetime) -> None:
    """All of it, in the days before `end`."""
    standing = [stored for stored in list_findings(engine) if stored.finding.verdict == "systemic"]
    longest = sorted(standing, key=lambda stored: (len(stored.finding.pairs), stored.id), reverse=True)
    _actions(engine, longest, end)
    _asks(engine, longest, end)
    _messages(engine, longest[:MESSAGES], end)
    _shares(engine, longest[:SHARES], end)
    _replay(engine, longest, end)
    for query in QUESTIONS:
        add_question(engine, query.replace("=", " "), query, "", "engineer", end)
    _handovers(engine, end)


def _actions(engine: Engine, found: Sequence[StoredFinding], end: datetime) -> None:
    """One proposed for each, as a rule does."""
    for number, stored in enumerate(found):
        rule = str((stored.document["rule"] or {}).get("rule_id", ""))
        request = {"url": "https://example.com/hooks/restart", "body": {"job": stored.finding.job}}
        at = end - timedelta(minutes=number)
        about = (f"A-{stored.id[2:]}", stored.id, rule, "webhook", "restart", "proposed", request)
        add_action(engine, StoredAction(*about, most_per_hour=4, proposed_at=at), "rule", "proposed by the look")


def _asks(engine: Engine, found: Sequence[StoredFinding], end: datetime) -> None:
    """Every tenth put in other words."""
    for stored in (one for one in found[::10] if one.document["rule"]):
        original = str(stored.document["rule"]["ask"])
        edit_ask(engine, AskEdit(stored.id, 1, end, "engineer", f"Today, please: {original}", original))


def _messages(engine: Engine, found: Sequence[StoredFinding], end: datetime) -> None:
    """A draft to each; every third is approved, half of these are sent."""
    manner = Manner.of(load_settings(None, {}))
    for number, stored in enumerate(found):
        at = end - timedelta(minutes=7 * number)
        made, _ = workflow.begin(engine, stored.id, manner, "support engineer", at)
        if number % 3:
            continue
        text = workflow.wanted(engine, made).text
        workflow.approve(
            engine, made, manner, "incident commander", workflow.sha256_of(text), 1, at + timedelta(minutes=2)
        )
        if number % 2:
            workflow.mark_sent(engine, made, "support engineer", "e-mail", 2, at + timedelta(minutes=3))


def _shares(engine: Engine, found: Sequence[StoredFinding], end: datetime) -> None:
    for stored in found:
        add_share(engine, Share(f"share-{stored.id}", stored.id, "engineer", end, LONG, "the partner"))


def _replay(engine: Engine, found: Sequence[StoredFinding], end: datetime) -> None:
    ask_replay(engine, "engineer", 30, 4 * 3600, Basis.KNOWN, end, end - timedelta(days=1))
    begun = begin_replay(engine, end)
    assert begun is not None
    firings = tuple(_firing(stored, end) for stored in found if stored.document["rule"])
    rules = dict.fromkeys((one.rule_id for one in firings), "1")
    replay_done(
        engine, begun.id, Played(rules, end - timedelta(days=30), end, 168, firings), end + timedelta(minutes=1)
    )


def _firing(stored: StoredFinding, end: datetime) -> StoredFiring:
    finding, rule = stored.finding, stored.document["rule"]
    held = end - timedelta(hours=int(finding.failed_first))
    about = (str(rule["rule_id"]), finding.tenant, finding.job, str(finding.verdict))
    return StoredFiring(*about, held, "stands", finding.failed_first, said_at=held, ask=str(rule["ask"]))


def _handovers(engine: Engine, end: datetime) -> None:
    for number in range(HANDOVERS, -1, -1):
        at = end - timedelta(hours=8 * number)
        made, _ = handover_desk.begin(engine, f"on-call-{number % 3}", None, at)
        if number:
            handover_desk.acknowledge(
                engine, made, f"on-call-{(number - 1) % 3}", "I look", 1, at + timedelta(minutes=9)
            )


def written_about(engine: Engine, finding_id: str) -> dict[str, str]:
    """What stands in addresses of pages about these, by the names that routes give it."""
    secret = load_settings(None, {SECRET: SHARE_SECRET})
    told = {
        "action_id": _newest(engine, actions.c.id, actions.c.finding_id == finding_id),
        "message_id": _newest(engine, customer_messages.c.id, customer_messages.c.finding_id == finding_id),
        "handover_id": _newest(engine, handovers.c.id),
        "question_id": _newest(engine, saved_questions.c.id),
        "replay_id": _newest(engine, rule_firings.c.replay_id),
        "rule_id": _newest(engine, rule_firings.c.rule_id),
        "token": token_of(secret, f"share-{finding_id}"),
    }
    return {name: str(value) for name, value in told.items()}


def _newest(engine: Engine, column: Column[Any], *wanted: Any) -> Any:
    with reading(engine) as connection:
        return connection.execute(select(column).where(*wanted).order_by(column.desc()).limit(1)).scalar_one()
