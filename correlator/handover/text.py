"""A handover as Markdown and as plain text: what was written, with who wrote it, of when the data was, and who took
it over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from correlator.evidence.markdown import escape
from correlator.handover.facts import TITLES, Draft, Part
from correlator.store.handovers import StoredHandover
from correlator.text.quantities import moment, one_line

_DOT = "- "


def draft_markdown(draft: Draft) -> str:
    """A draft that nobody has written on yet."""
    head = ["Drafted from the data; nobody has edited or acknowledged it.", _as_of_draft(draft)]
    return _markdown("Handover", head, draft.words)


def handover_markdown(stored: StoredHandover) -> str:
    return _markdown(_title(stored), list(_head(stored)), stored.last.words)


def handover_plain(stored: StoredHandover) -> str:
    """For a chat or a mail."""
    lines = [_title(stored), *_head(stored)]
    for part in Part:
        lines += ["", TITLES[part], *_lines(stored.last.words.get(part.value, ""))]
    return "\n".join(one_line(line, 2000) for line in lines) + "\n"


def _title(stored: StoredHandover) -> str:
    return f"Handover of {moment(stored.begun_at)}"


def _head(stored: StoredHandover) -> Iterator[str]:
    last = stored.last
    yield f"Begun by {stored.author}"
    yield f"Version {last.version} by {last.author}, {moment(last.at)}"
    yield f"Data as of {moment(last.data_as_of) if last.data_as_of else 'no time'}"
    if stored.acknowledged_at is None:
        yield "Nobody has acknowledged it"
    else:
        yield f"Acknowledged by {stored.acknowledged_by}, {moment(stored.acknowledged_at)}"
    if stored.read_back:
        yield f"Read back: {one_line(stored.read_back, 2000)}"


def _as_of_draft(draft: Draft) -> str:
    return f"Data as of {moment(draft.data_as_of) if draft.data_as_of else 'no time'}; made {moment(draft.made_at)}"


def _markdown(title: str, head: list[str], words: Mapping[str, str]) -> str:
    lines = [f"# {title}", "", *(f"{_DOT}{escape(line)}" for line in head), ""]
    for part in Part:
        lines += [f"## {TITLES[part]}", "", *map(_escaped, _lines(words.get(part.value, ""))), ""]
    return "\n".join(lines).rstrip() + "\n"


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()] or ["(left empty)"]


def _escaped(line: str) -> str:
    """A line that shows as it was written; a list stays a list."""
    return _DOT + escape(line[len(_DOT) :]) if line.startswith(_DOT) else escape(line) + "  "
