"""The way of a message on both databases: four eyes, texts and their approvals, and many who act at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from correlator.errors import StepRefusedError, UsageError
from correlator.messages import workflow
from correlator.messages.drafting import Manner
from correlator.messages.lint import LintError
from correlator.model import Status
from correlator.ports import Page
from correlator.store.customer_messages import list_messages, steps_of_message
from correlator.store.database import writing
from correlator.store.facts import store_page
from correlator.store.schema import customer_messages
from tests.handover.conftest import shift_store, told
from tests.handover.shift import FINDING, MANY, NOW, at_once, fill
from tests.store.conftest import engine, store_url
from tests.web import cast

__all__ = ["engine", "shift_store", "store_url", "told"]
MANNER = Manner()


def test_the_whole_way_with_everybody_in_a_hurry(engine: Engine) -> None:
    """On both databases."""
    told = engine
    fill(told)
    made: list[tuple[int, bool]] = []
    assert at_once(lambda n: made.append(workflow.begin(told, FINDING, MANNER, f"writer {n}", NOW))) == []
    assert len({number for number, _ in made}) == 1, "one is open, and everybody gets it"
    assert sum(new for _, new in made) == 1
    number = made[0][0]
    [writer] = workflow.writers_of(told, number)

    refused = at_once(lambda n: workflow.edit(told, number, MANNER, f"editor {n}", f"Text {n}, at noon.", 1, NOW))
    assert len(refused) == MANY - 1
    assert "moved on meanwhile" in refused[0].message
    message = workflow.wanted(told, number)
    assert message.version == 2
    assert len(steps_of_message(told, number)) == 2, "of those who were refused nothing is kept"

    sha256 = workflow.sha256_of(message.text)
    with pytest.raises(StepRefusedError, match="wrote a part"):
        workflow.approve(told, number, MANNER, writer.upper(), sha256, 2, NOW)
    assert len(at_once(lambda n: workflow.approve(told, number, MANNER, f"reader {n}", sha256, 2, NOW))) == MANY - 1
    assert len(at_once(lambda n: workflow.mark_sent(told, number, f"sender {n}", "mail", 3, NOW))) == MANY - 1
    sent = workflow.wanted(told, number)
    assert (sent.state, sent.approved_sha256, sent.sent_at) == (workflow.State.SENT, sha256, NOW)
    assert [step.step for step in steps_of_message(told, number)] == ["drafted", "edited", "approved", "sent"]
    assert workflow.begin(told, FINDING, MANNER, "writer", NOW + timedelta(hours=2))[1], "the next one can begin"
    assert [one.state for one in list_messages(told)] == ["draft", "sent"]


def test_a_text_that_was_changed_behind_its_approval_is_not_sent(told: Engine) -> None:
    number, _ = workflow.begin(told, FINDING, MANNER, "writer", NOW)
    sha256 = workflow.sha256_of(workflow.wanted(told, number).text)
    workflow.approve(told, number, MANNER, "reader", sha256, 1, NOW)
    with writing(told) as connection:
        connection.execute(update(customer_messages).values(text="Something else."))
    with pytest.raises(StepRefusedError, match="not the text that was approved"):
        workflow.mark_sent(told, number, "writer", "mail", 2, NOW)


def test_only_the_text_that_was_read_can_be_approved(told: Engine) -> None:
    number, _ = workflow.begin(told, FINDING, MANNER, "writer", NOW)
    with pytest.raises(StepRefusedError, match="not the text that was read"):
        workflow.approve(told, number, MANNER, "reader", workflow.sha256_of("Something else."), 1, NOW)
    assert workflow.wanted(told, number).state == workflow.State.DRAFT


def test_what_came_to_be_known_after_the_approval_is_heeded_before_it(told: Engine) -> None:
    """A tenant that appears after the text was written: approving is refused, as the name is one now."""
    number, _ = workflow.begin(told, FINDING, MANNER, "writer", NOW)
    workflow.edit(told, number, MANNER, "writer", "We saw it with zq-media too.", 1, NOW)
    other = cast.run(cast.EXPORT, "zq-media", cast.START, 0, (4.0, Status.SUCCESS, ""))
    store_page(told, "files", Page("all", tuple(other), {"at": 2}, done=True), NOW)
    sha256 = workflow.sha256_of(workflow.wanted(told, number).text)
    with pytest.raises(LintError):
        workflow.approve(told, number, MANNER, "reader", sha256, 2, NOW)
    assert workflow.wanted(told, number).state == workflow.State.DRAFT


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "-"])
def test_nobody_acts_without_a_name(told: Engine, name: str) -> None:
    with pytest.raises(UsageError, match="nobody is named"):
        workflow.begin(told, FINDING, MANNER, name, NOW)
    assert list_messages(told) == []
