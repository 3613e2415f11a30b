"""A packet as Markdown that pastes into a ticket; every field is escaped."""

from __future__ import annotations

import re
from typing import Final

from correlator.evidence.blocks import Block, Bullets, Cell, Code, Facts, Gap, Paragraph, Picture, Table
from correlator.evidence.packet import Packet
from correlator.text.quantities import one_line

_SPECIAL: Final = re.compile(r"([\\`*\[\]|~])|((?<!\w)_|_(?!\w))")
_LEADING: Final = re.compile(r"^([#+\-=]|\d+[.)](?=\s))")


def to_markdown(packet: Packet) -> str:
    """The ten parts under numbered headings."""
    lines = [f"# {escape(packet.title)} ({packet.finding_id})", ""]
    for number, part in enumerate(packet.parts, 1):
        lines += [f"## {number}. {part.title}", ""]
        for block in part.blocks:
            lines += [block_markdown(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """A text that shows as it is: no emphasis, links, tables, HTML or headings come out of it."""
    plain = one_line(text, 4000).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LEADING.sub(r"\\\1", _SPECIAL.sub(r"\\\g<0>", plain))


def block_markdown(block: Block) -> str:
    """One block; every field is escaped."""
    match block:
        case Paragraph(text, strong, missing):
            mark = "**" if strong else "*" if missing else ""
            return f"{mark}{escape(text)}{mark}"
        case Bullets(items):
            return "\n".join(f"- {escape(item)}" for item in items)
        case Facts(rows):
            return "\n".join(f"- **{escape(label)}:** {_cell(cell)}" for label, cell in rows)
        case Code(text):
            return f"```\n{text}\n```"
        case Picture(file, words):
            return f"![{escape(words)}]({file})"
        case Gap(question):
            return f"*\\[to complete: {escape(question)}\\]*"
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    rules = ["---:" if column in table.numeric else "---" for column in range(len(table.headers))]
    lines = [f"{escape(table.caption)}:", ""] if table.caption else []
    lines += [_line([escape(header) for header in table.headers]), _line(rules)]
    return "\n".join(lines + [_line([_cell(cell) for cell in row]) for row in table.rows])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    return f"[{text}](<{safe_url(cell.url)}>)" if safe_url(cell.url) else text


def safe_url(url: str) -> str:
    """The address if it is plain http or https without anything that could end it early, else ""."""
    return url if re.fullmatch(r"https?://[^\s<>\"'`\\|]+", url) else ""
