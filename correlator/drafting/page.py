"""A draft as Markdown: headings, the blocks of a packet, and gaps that only a person can fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from correlator.evidence.blocks import Block
from correlator.evidence.markdown import block_markdown, escape


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


def written(title: str, sections: Sequence[Section]) -> str:
    """The whole draft; every fact is escaped."""
    lines = [f"# {escape(title)}", ""]
    for section in sections:
        lines += [f"## {escape(section.title)}", ""] if section.title else []
        for block in section.blocks:
            lines += [block_markdown(block), ""]
    return "\n".join(lines).rstrip() + "\n"
