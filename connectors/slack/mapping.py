"""A note as a Slack message, and the message it is found again by. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

from connectors.payloads import dig
from correlator.model import iso
from correlator.ports import Note

EVENT_TYPE: Final = "incident_correlator_finding"
_LINK: Final = re.compile(r"https?://[^\s<>|]+")


def message(note: Note) -> dict[str, Any]:
    """Text and metadata, as chat.postMessage and chat.update take them; the metadata is not shown to people."""
    payload: dict[str, Any] = {"finding_id": note.target, "revision": note.revision}
    if note.about is not None:
        payload |= {"event": note.about.event.value, "at": iso(note.about.at)}
    return {
        "text": text_of_note(note),
        "metadata": {"event_type": EVENT_TYPE, "event_payload": payload},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def text_of_note(note: Note) -> str:
    """The note in Slack's mrkdwn: the first line bold, links as links, nothing else taken for markup.

    >>> text_of_note(Note("F-1", "[", "a<b & c\\nEvidence: https://example.com/f?a=1&b=2"))
    '*a&lt;b &amp; c*\\nEvidence: <https://example.com/f?a=1&amp;b=2>'
    """
    head, _, rest = note.text.partition("\n")
    bold = f"*{_escaped(head).replace('*', '∗')}*"
    linked = _LINK.sub(r"<\g<0>>", _escaped(rest))
    return f"{bold}\n{linked}" if rest else bold


def is_ours(item: Any, target: str) -> bool:
    """Whether an item of a channel's history is our message about this finding."""
    payload = dig(item, "metadata.event_payload")
    return bool(dig(item, "metadata.event_type") == EVENT_TYPE and dig(payload, "finding_id") == target)


def _escaped(text: str) -> str:
    """The three characters that Slack wants escaped: what a field holds can then mention nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
