"""What somebody pasted, as what is to be looked for: words, lines, links (mangled by a chat, too), or a whole table."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from web.check.pasted_links import Wanted, in_link

LONGEST: Final = 400_000
"""Characters."""
SAMPLE: Final = 40
"""So many cells of a column are tried to find out what it holds."""
_CHAT_LINK: Final = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_MENTION: Final = re.compile(r"<[@#!][^>\s]*>|<mailto:[^>]*>")
_TOKEN: Final = re.compile(r'"[^"\n]+"|`[^`\n]+`|[^\s,;]+')
_WRAPPED: Final = ('""', "''", "``", "<>", "()", "[]")
_LONGEST_LINE: Final = 200
_HEADERS: Final = ("run_id", "run id", "runid", "logical_run_id", "attempt_id", "id", "job", "job_name", "incident_id")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `whole`: the line itself, where it has several words: a job may be called so."""

    whole: str
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Pasted:
    """The lines, or the columns of a table (`()` where it is none). `silent`: links that name nothing."""

    lines: tuple[Line, ...]
    columns: tuple[Column, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a pasted table with its first cell, which may be its heading."""

    number: int
    cells: tuple[tuple[Wanted, ...], ...]

    @property
    def heading(self) -> str:
        return self.cells[0][0].said if self.cells and self.cells[0] else ""

    @property
    def sample(self) -> list[str]:
        return [name for cell in self.cells[: SAMPLE + 1] for wanted in cell for name in wanted.names]


def read_pasted(text: str, tags: Mapping[str, str]) -> Pasted:
    """`tags`: the setting `datadog.tags`."""
    plain = _MENTION.sub(" ", _CHAT_LINK.sub(_link_alone, text))
    silent: list[str] = []
    rows = [line for line in plain.splitlines() if line.strip()]
    table = _table(rows)
    if table:
        columns = zip_longest(*table, fillvalue="")
        cells = [tuple(tuple(_of_word(cell.strip(), tags, silent)) for cell in column) for column in columns]
        return Pasted((), tuple(Column(n, column) for n, column in enumerate(cells, 1)), tuple(silent))
    lines = tuple(_line(row.strip(), tags, silent) for row in rows)
    return Pasted(lines, (), tuple(dict.fromkeys(silent)))


def _link_alone(found: re.Match[str]) -> str:
    return f" {html.unescape(found[1])} "


def _line(row: str, tags: Mapping[str, str], silent: list[str]) -> Line:
    wanted = [one for token in _TOKEN.findall(row) for one in _of_word(token, tags, silent)]
    several = len(wanted) > 1 and len(row) <= _LONGEST_LINE and "://" not in row
    return Line(row if several else "", tuple(wanted))


def _of_word(word: str, tags: Mapping[str, str], silent: list[str]) -> Iterator[Wanted]:
    word = unwrapped(word)
    if word.startswith(("http://", "https://")):
        found = in_link(word.rstrip(".,:;)]"), tags)
        silent.extend([] if found else [word])
        yield from found
    elif word:
        stripped = word.lstrip("([<").rstrip(".:!?)]>")
        yield Wanted(word, tuple(dict.fromkeys(name for name in (word, stripped) if name)))


def unwrapped(word: str) -> str:
    """Without the quotes or brackets that a word was pasted in."""
    wrapped = len(word) > 2 and word[0] + word[-1] in _WRAPPED
    return word[1:-1] if wrapped else word


# --- tables ----------------------------------------------------------------------------------------------------


def _table(rows: Sequence[str]) -> list[list[str]]:
    """The rows as cells, where every row has the same number of them, at least two; else nothing."""
    if len(rows) < 2:
        return []
    if all(row.lstrip().startswith("|") for row in rows):
        return _even([row.strip().strip("|").split("|") for row in rows if set(row) - set("|-: ")])
    for delimiter in ("\t", ";", ","):
        if all(delimiter in row for row in rows) and (found := _even(list(_cells(rows, delimiter)))):
            return found
    return []


def _cells(rows: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(rows, delimiter=delimiter, skipinitialspace=True)
    except csv.Error:
        return


def _even(rows: list[list[str]]) -> list[list[str]]:
    widths = {len(row) for row in rows}
    return rows if len(widths) == 1 and widths.pop() > 1 else []


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns that are looked for, and how that is told."""

    wanted: tuple[Wanted, ...]
    headings: tuple[str, ...]


def choose(columns: Sequence[Column], known_among: Callable[[Sequence[str]], Mapping[str, set[str]]]) -> Chosen:
    """The columns that hold known ids: of runs before jobs, of jobs before incidents; where none does, the one whose
    heading says so, else the first. A heading that nobody knows is not looked for."""
    known = known_among([name for column in columns for name in column.sample])
    for kind in ("runs", "jobs", "incidents"):
        hits = [sum(name in known[kind] for name in column.sample) for column in columns]
        if most := max(hits):
            kept = [column for column, hit in zip(columns, hits, strict=True) if hit * 5 >= most]
            return _chosen(kept, set().union(*known.values()))
    named = [column for column in columns if column.heading.lower() in _HEADERS]
    return _chosen((named or list(columns))[:1], set())


def _chosen(columns: Sequence[Column], known: set[str]) -> Chosen:
    wanted: list[Wanted] = []
    headings: list[str] = []
    for column in columns:
        first = {name for one in column.cells[0] for name in one.names}
        has_heading = not first & known and (bool(known) or column.heading.lower() in _HEADERS)
        headings.append(column.heading if has_heading else f"number {column.number}")
        wanted += [one for cell in column.cells[1 if has_heading else 0 :] for one in cell]
    return Chosen(tuple(wanted), tuple(headings))


def without_heading(wanted: Sequence[Wanted]) -> tuple[Wanted, ...]:
    """A single column begins with its heading where that is a usual one."""
    heading = len(wanted) > 1 and wanted[0].said.lower() in _HEADERS
    return tuple(wanted[1:] if heading else wanted)
