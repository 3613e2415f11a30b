"""A draft as Markdown: headings, the blocks of a packet, and gaps that only a person can fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from correlator.evidence.blocks import Block
from correlator.evidence.markdown import block_markdown, escape


@dataclass(frozen=True, slots=True)
class Gap:
    """What no fact here can answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    parts: tuple[Block | Gap, ...]


def written(title: str, sections: Sequence[Section]) -> str:
    """The whole draft; every fact is escaped."""
    lines = [f"# {escape(title)}", ""]
    for section in sections:
        lines += [f"## {escape(section.title)}", ""] if section.title else []
        for part in section.parts:
            lines += [_part(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def _part(part: Block | Gap) -> str:
    return f"> **to complete:** {escape(part.text)}" if isinstance(part, Gap) else block_markdown(part)
