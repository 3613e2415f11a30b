"""A note made to fit: whole lines and whole words, and what it is written for stays: verdict, ask, link, marker.

First the examples go, the last one first; then the longest of the other lines give words, down to a few. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from correlator.text.quantities import whole_words

EXAMPLE: Final = "- "
LINK: Final = "Evidence: "
_SHORTEST: Final = 40


def fitted(lines: Sequence[str], limit: int) -> list[str]:
    """The lines in at most `limit` characters, ends of lines counted; the last line is the marker and stays.

    Link and marker are never cut: a limit below them and a few words a line is not kept to.

    >>> fitted(["Systemic: 9 of 9", "- run-1 failed", "- run-2 failed", "Ask: more memory", "[marker]"], 60)
    ['Systemic: 9 of 9', '- run-1 failed', 'Ask: more memory', '[marker]']
    """
    kept = list(lines)
    while _length(kept) > limit and (examples := [n for n, line in enumerate(kept) if line.startswith(EXAMPLE)]):
        del kept[examples[-1]]
    while _length(kept) > limit and (place := _longest(kept)) is not None:
        over = _length(kept) - limit
        kept[place] = whole_words(kept[place], max(_SHORTEST, len(kept[place]) - over))
    return kept


def _length(lines: Sequence[str]) -> int:
    return len("\n".join(lines))


def _longest(lines: Sequence[str]) -> int | None:
    """The longest line that can still give something; None when there is none."""
    able = [n for n, line in enumerate(lines[:-1]) if not line.startswith(LINK) and len(line) > _SHORTEST]
    return max(able, key=lambda n: len(lines[n]), default=None)
