"""Messages as plain data, for the API and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from correlator.messages.reading import Customer
from correlator.messages.workflow import Prepared, sha256_of
from correlator.model import iso
from correlator.store.customer_messages import MessageStep, StoredMessage


def draft_document(customer: Customer, prepared: Prepared) -> dict[str, Any]:
    """A draft that is not stored, with what is wrong with it."""
    draft = prepared.draft
    return {
        "tenant": customer.tenant,
        "finding_id": customer.finding_id,
        "text": draft.text,
        "next_update_at": iso(draft.next_update_at) if draft.next_update_at else None,
        "facts": draft.facts.to_dict(),
        "problems": [problem.to_dict() for problem in prepared.problems],
    }


def message_document(message: StoredMessage, steps: Iterable[MessageStep] = ()) -> dict[str, Any]:
    """JSON-ready: the text, its hash, where it stands, and its log."""
    times = {
        name: iso(at) if (at := getattr(message, name)) else None
        for name in ("begun_at", "updated_at", "data_as_of", "next_update_at", "sent_at")
    }
    return {
        "id": message.id,
        "finding_id": message.finding_id,
        "tenant": message.tenant,
        "state": message.state,
        "version": message.version,
        "text": message.text,
        "text_sha256": sha256_of(message.text),
        "approved_by": message.approved_by or None,
        "approved_sha256": message.approved_sha256 or None,
        "sent_by": message.sent_by or None,
        "channel": message.channel or None,
        **times,
        "facts": dict(message.facts),
        "steps": [
            {"number": one.number, "at": iso(one.at), "step": one.step, "actor": one.actor, "words": one.words}
            for one in steps
        ],
    }
