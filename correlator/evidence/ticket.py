"""A packet as plain text for a ticket: the triage frame, with gaps for what only a person knows."""

from __future__ import annotations

import textwrap
from typing import Final

from correlator.evidence.blocks import Block, Bullets, Code, Facts, Gap, Paragraph, Part, Picture, Table
from correlator.evidence.packet import Packet
from correlator.evidence.words import headline
from correlator.text.quantities import moment, one_line

WIDTH: Final = 110


def to_ticket(packet: Packet) -> str:
    """The five parts under plain headings, and where more can be found. Ends with a newline."""
    head = f"{packet.title}: {headline(packet.finding)} ({packet.finding_id})"
    as_of = f"Data as of {moment(packet.provenance.as_of)}; coverage: {packet.provenance.coverage()}."
    more = f"All ids, times, counts and pictures: {packet.finding_id}.zip, packet.html in it."
    parts = [_part(part) for part in packet.frame]
    return "\n\n".join([one_line(head, 300), *parts, f"{_wrapped(one_line(as_of, 600))}\n{more}"]) + "\n"


def _part(part: Part) -> str:
    return "\n".join([part.title.upper(), *(_block(block) for block in part.blocks)])


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return _wrapped(one_line(text, 2000))
        case Bullets(items):
            return "\n".join(_wrapped(one_line(item, 1000), "- ") for item in items)
        case Code(text):
            return textwrap.indent(text, "    ")
        case Gap(question):
            return f"[to complete: {one_line(question)}]"
        case Facts(rows):
            return "\n".join(f"{label}: {one_line(cell.text, 1000)}" for label, cell in rows)
        case Picture(file, words):
            return _wrapped(f"{one_line(words)} ({file})")
        case Table(headers, rows):
            lines = (headers, *(tuple(one_line(cell.text, 200) for cell in row) for row in rows))
            return "\n".join("\t".join(line) for line in lines)


def _wrapped(text: str, first: str = "") -> str:
    """Lines of bounded length; ids and addresses are never cut."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
