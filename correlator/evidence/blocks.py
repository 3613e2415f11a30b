"""What a packet is written in before it becomes Markdown, HTML or plain text: five kinds of block.

Texts are plain; each writer escapes them for its own format, so no field of a vendor can become markup.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, with a link where there is something to open; `mono` for ids that people copy whole."""

    text: str
    url: str = ""
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two; `strong` for the one line that must be read; `missing` where it says what is not there."""

    text: str
    strong: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and what stands beside them."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`numeric` are the columns set flush right."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Code:
    """Commands to copy."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A file of the bundle, and what it shows in words."""

    file: str
    words: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that only a person can answer; it is to be replaced by the answer."""

    question: str


Block = Paragraph | Bullets | Facts | Table | Code | Picture | Gap


@dataclass(frozen=True, slots=True)
class Part:
    """One of the packet's ten parts."""

    title: str
    blocks: tuple[Block, ...]


def missing(text: str) -> Paragraph:
    """Says why something is not there: an absent part must not look like a forgotten one."""
    return Paragraph(text, missing=True)


def some(blocks: list[Block | None]) -> tuple[Block, ...]:
    """The blocks that are there."""
    return tuple(block for block in blocks if block is not None)
