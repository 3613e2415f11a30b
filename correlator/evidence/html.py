"""A packet as one HTML file: opens without network, prints, follows light and dark; every field is escaped.

There are no scripts in it, and its own policy forbids them, so that a field that slipped through could do nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

from correlator.evidence.blocks import Block, Bullets, Cell, Code, Facts, Gap, Paragraph, Picture, Table
from correlator.evidence.markdown import safe_url
from correlator.evidence.packet import Packet
from correlator.evidence.words import headline
from correlator.text.quantities import moment, one_line

_STYLE: Final = Path(__file__).with_name("packet.css")
_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


_SHORT: Final = 12
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?")


def to_html(packet: Packet, pictures: Mapping[str, bytes] | None = None) -> str:
    """The whole document. `pictures` are SVG files by name; a picture that is not among them is named in words."""
    parts = "\n".join(
        f'<section id="part-{number}">\n<h2><span>{number}</span> {escape(part.title)}</h2>\n'
        + "\n".join(_block(block, pictures or {}) for block in part.blocks)
        + "\n</section>"
        for number, part in enumerate(packet.parts, 1)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(packet.title)}: {escape(headline(packet.finding))}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n{_header(packet)}\n<main>\n"
        f"{parts}\n</main>\n</body>\n</html>\n"
    )


def _header(packet: Packet) -> str:
    verdict = packet.finding.verdict.value
    as_of = f"data as of {escape(moment(packet.provenance.as_of))}, {escape(packet.provenance.coverage())}"
    return (
        f'<header>\n<p class="badge {verdict}">{verdict}</p>\n<h1>{escape(packet.title)}</h1>\n'
        f"<p>Finding <code>{escape(packet.finding_id)}</code> · {as_of}</p>\n</header>"
    )


def _text(text: str) -> str:
    return escape(one_line(text, 4000))


def _block(block: Block, pictures: Mapping[str, bytes]) -> str:
    match block:
        case Paragraph(text, strong, missing):
            kind = ' class="strong"' if strong else ' class="missing"' if missing else ""
            return f"<p{kind}>{_text(text)}</p>"
        case Bullets(items):
            return "<ul>\n" + "\n".join(f"<li>{_text(item)}</li>" for item in items) + "\n</ul>"
        case Facts(rows):
            return (
                "<dl>\n"
                + "\n".join(f"<dt>{_text(label)}</dt><dd>{_cell(cell)}</dd>" for label, cell in rows)
                + "\n</dl>"
            )
        case Code(text):
            return f"<pre><code>{escape(text)}</code></pre>"
        case Picture():
            return _picture(block, pictures)
        case Gap(question):
            return f'<p class="missing">[to complete: {_text(question)}]</p>'
        case Table():
            return _table(block)


def _picture(picture: Picture, pictures: Mapping[str, bytes]) -> str:
    image = pictures.get(picture.file)
    words = _text(picture.words)
    if image is None:
        return f'<p class="missing">{words} ({escape(picture.file)})</p>'
    data = base64.b64encode(image).decode("ascii")
    return (
        f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{words}"><figcaption>{words}</figcaption></figure>'
    )


def _table(table: Table) -> str:
    caption = f"<caption>{_text(table.caption)}</caption>\n" if table.caption else ""
    head = "".join(f"<th{_align(table, n)}>{_text(header)}</th>" for n, header in enumerate(table.headers))
    body = "\n".join(
        "<tr>" + "".join(f"<td{_kind(table, n, cell)}>{_cell(cell)}</td>" for n, cell in enumerate(row)) + "</tr>"
        for row in table.rows
    )
    rows = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    return f'<div class="table">\n<table>\n{caption}{rows}\n</table>\n</div>'


def _align(table: Table, column: int) -> str:
    return ' class="number"' if column in table.numeric else ""


def _kind(table: Table, column: int, cell: Cell) -> str:
    """Numbers stand flush right; times and short words are not broken."""
    if column in table.numeric:
        return ' class="number"'
    return ' class="whole"' if len(cell.text) <= _SHORT or _TIME.fullmatch(cell.text) else ""


def _cell(cell: Cell) -> str:
    text = f"<code>{_text(cell.text)}</code>" if cell.mono else _text(cell.text)
    url = safe_url(cell.url)
    return f'<a href="{escape(url)}" rel="noreferrer">{text}</a>' if url else text
