"""Error texts as signatures: what changes from one failure to the next is masked, what says what happened stays.

A signature depends on its text alone: not on the texts seen before, not on their order, not on how many there are. It
is what findings are linked and known errors are recognised by, in this year's store and in next year's, so a miner
that learns templates from a stream will not do here (see docs/rules.md, "Error signatures"). What a text becomes is
held by a file of examples in the tests; a change of it is a change that users see.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_HEX: Final = "[0-9a-f]"
_IPV6: Final = rf"(?<![\w:])(?=[a-f:]*\d)(?:{_HEX}{{0,4}}:){{3,7}}{_HEX}{{1,4}}(?![\w:])"
_MASKS: Final = (
    # In this order: a URL holds ids and numbers, an id holds numbers. The first text must be there for the rest to fit.
    ("://", re.compile(r"https?://\S+"), "<url>"),
    ("@", re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w"), "<email>"),
    ("-", re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    ("-", re.compile(rf"\b{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\b", re.IGNORECASE), "<id>"),
    ("", re.compile(rf"\b(?:0x)?{_HEX}{{12,}}\b", re.IGNORECASE), "<id>"),
    # Short ones, such as a commit or a part of a pod's name, only with both letters and digits: words stay words.
    ("", re.compile(rf"\b(?=[a-f]*\d)(?=\d*[a-f]){_HEX}{{7,11}}\b", re.IGNORECASE), "<id>"),
    (".", re.compile(r"(?:\d{1,3}\.){3}\d{1,3}"), "<address>"),
    (
        ":",
        re.compile(_IPV6, re.IGNORECASE),
        "<address>",
    ),
    ("", re.compile(r"\d+(?:[.,:]\d+)*"), "<n>"),
)
_SPACE: Final = re.compile(r"\s+")
_PLAIN: Final = re.compile(r"[^0-9@/]*")
"""What holds neither a digit nor an address can hold nothing that is masked, but for long words of hex letters."""
_LONG_HEX: Final = re.compile(rf"{_HEX}{{12}}", re.IGNORECASE)
LONGEST: Final = 300


@lru_cache(maxsize=1 << 16)
def signature(text: str) -> str:
    """The first line with ids, addresses, times, URLs and numbers masked; at most `LONGEST` characters.

    >>> signature("ReadTimeout: partner did not answer in 30 s, request 4711")
    'ReadTimeout: partner did not answer in <n> s, request <n>'
    """
    line = text.strip().split("\n", 1)[0][: 4 * LONGEST]
    if _PLAIN.fullmatch(line) is None or _LONG_HEX.search(line) is not None:
        for sign, pattern, mask in _MASKS:
            if sign in line:
                line = pattern.sub(mask, line)
    return _SPACE.sub(" ", line)[:LONGEST].strip()
