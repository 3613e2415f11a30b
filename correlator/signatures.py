"""Error texts as signatures: what changes from one failure to the next is masked, what says what happened stays."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_MASKS: Final = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\b(?:0x)?[0-9a-f]{12,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"(?:\d{1,3}\.){3}\d{1,3}"), "<address>"),
    (re.compile(r"\d+(?:[.,:]\d+)*"), "<n>"),
    (re.compile(r"\s+"), " "),
)
LONGEST: Final = 300


@lru_cache(maxsize=1 << 16)
def signature(text: str) -> str:
    """The first line with ids, addresses, URLs and numbers masked; at most `LONGEST` characters.

    >>> signature("ReadTimeout: partner did not answer in 30 s, request 4711")
    'ReadTimeout: partner did not answer in <n> s, request <n>'
    """
    line = text.strip().split("\n", 1)[0][: 4 * LONGEST]
    for pattern, mask in _MASKS:
        line = pattern.sub(mask, line)
    return line[:LONGEST].strip()
