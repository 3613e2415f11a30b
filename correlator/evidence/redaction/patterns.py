"""What gives somebody away in a text: known names, and what looks like an address, a person or a secret.

All of it is one regular expression, so that a text is gone through once and no pseudonym is replaced again. What stands
earlier in the list wins where two begin at the same place.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from correlator.errors import SettingsError

_KEYS: Final = (
    r"password|passwd|secret|token|api[_-]?key|app[_-]?key|access[_-]?key|private[_-]?key|authorization|credential|"
    r"session[_-]?id|signature"
)
_SAID: Final = r"(?:expired|invalid|missing|required|revoked|denied|refused|not|has|is|null|none)\b"
"""What is said of a secret is none."""
_ENDINGS: Final = (
    "internal|intranet|private|local|localdomain|lan|corp|cloud|cluster|svc|com|net|org|io|dev|app|example|test|eu|de|uk|"
    "us|fr|nl|ch|at|co"
)
LOOKS: Final = (
    ("url", r"\b(?P<scheme>[a-z][a-z0-9+.-]*)://[^\s\"'<>\\|`]+"),
    ("email", r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*"),
    (
        "token",
        rf"(?P<key>\b\w*(?:{_KEYS})\w*[\"']?\s*[:=]\s*[\"']?(?:bearer\s+|basic\s+)?)(?!{_SAID})[^\s\"',;&)\]}}]+",
    ),
    ("token", r"(?P<scheme>\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}"),
    ("token", r"\beyJ[a-z0-9_-]{8,}\.[a-z0-9_-]+(?:\.[a-z0-9_-]*)?"),
    ("token", r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}|\bgh[pousr]_\w{16,}|\bglpat-[\w-]{16,}|\bxox[a-z]-[\w-]{8,}"),
    ("token", r"\b(?:sk|pk|rk)[-_](?:live|test|proj)?[-_]?\w{16,}"),
    ("token", r"\b(?=[a-z0-9+]*\d)(?=\d*[a-z])[a-z0-9+]{32,}={0,2}"),
    ("address", r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"),
    ("sixth", r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])"),
    ("host", rf"\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.){{1,8}}(?:{_ENDINGS})(?![\w-]|\.\w)"),
)
"""(kind, expression) of what is replaced wherever it stands; groups named `key` and `scheme` stay as they are."""
WHOLE_WORDS_BELOW: Final = 4
"""A name shorter than this is replaced only where it stands alone."""


def expression(names: Iterable[str], own: Sequence[str] = ()) -> re.Pattern[str]:
    """One expression for these names, everything in `LOOKS`, and the patterns of one's own.

    The group that matched is called `own`, `name`, or a kind followed by a number.
    """
    parts = [f"(?P<own{number}>{pattern})" for number, pattern in enumerate(own)]
    for number, (kind, pattern) in enumerate(LOOKS):
        unique = re.sub(r"\?P<(key|scheme)>", rf"?P<\g<1>{number}>", pattern)
        parts.append(f"(?P<{kind}{number}>{unique})")
    if known := _names(names):
        parts.append(f"(?P<name>{known})")
    return re.compile("|".join(parts), re.IGNORECASE)


def names_alone(names: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for names only; None where there is none."""
    known = _names(names)
    return re.compile(known, re.IGNORECASE) if known else None


def names_spelt(names: Iterable[str]) -> re.Pattern[str] | None:
    """The same, however their parts are joined: `acme-corp` stands in `segments.acme_corp` too, `Acme Corp` in both.
    Two ways to write one name are the same when `joined`."""
    known = _names(map(joined, names))
    return re.compile(known.replace(r"\-", "[-_.]").replace(r"\ ", "[-_. ]"), re.IGNORECASE) if known else None


def joined(name: str) -> str:
    """A name with its parts joined in one way.

    >>> joined("Acme_Corp.eu"), joined("Acme Corp")
    ('acme-corp-eu', 'acme corp')
    """
    return small(name).translate(_JOINED)


_JOINED: Final = str.maketrans("_.", "--")


def is_sixth(text: str) -> bool:
    """Whether what looks like an IPv6 address is one: a time of day is none."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return bool(text.strip(":"))


def own_patterns(patterns: Sequence[object]) -> tuple[str, ...]:
    """The patterns of the settings. Raises SettingsError for one that is none, or that fits a text of no length."""
    return tuple(_own(pattern) for pattern in patterns)


def _own(pattern: object) -> str:
    place = "redaction.patterns"
    try:
        compiled = re.compile(str(pattern))
    except re.error as error:
        raise SettingsError(f"{place}: {pattern!r} is not a regular expression: {error}") from error
    if compiled.match(""):
        raise SettingsError(f"{place}: {pattern!r} fits nothing at all", hint="it must ask for at least one character")
    if compiled.groups:
        raise SettingsError(f"{place}: {pattern!r} has groups", hint="write (?: ) instead of ( )")
    return str(pattern)


def _names(names: Iterable[str]) -> str:
    """Names as an expression that shares their beginnings: hundreds of them cost hardly more than one. Of two that
    begin at the same place the longer wins."""
    known = {small(name) for name in names if name.strip()}
    long = sorted(name for name in known if len(name) >= WHOLE_WORDS_BELOW)
    short = sorted(name for name in known if len(name) < WHOLE_WORDS_BELOW)
    parts = [f"{_trie(long)}{_WHOLE_NUMBER}"] if long else []
    return "|".join(parts + ([f"(?<![a-z0-9]){_trie(short)}(?![a-z0-9])"] if short else []))


def small(name: str) -> str:
    """In small letters as expressions compare them, letter by letter: one letter never becomes two."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in name)


_WHOLE_NUMBER: Final = r"(?!(?<=\d)\d)"
"""`tenant-1` is not a part of `tenant-12`."""


def _trie(names: Sequence[str]) -> str:
    root: dict[str, Any] = {}
    for name in names:
        node = root
        for letter in name:
            node = node.setdefault(letter, {})
        node[""] = {}
    return _written(root)


def _written(node: dict[str, Any]) -> str:
    """The longest name first: what may end here is tried last."""
    ends = "" in node
    branches = [_branch(letter, rest) for letter, rest in sorted(node.items()) if letter]
    if not branches:
        return ""
    body = branches[0] if len(branches) == 1 and not ends else f"(?:{'|'.join(branches)})"
    return f"{body}?" if ends else body


def _branch(letter: str, rest: dict[str, Any]) -> str:
    """A stretch without forks is written at once, so that long names do not nest deep."""
    text = re.escape(letter)
    while len(rest) == 1 and "" not in rest:
        ((letter, rest),) = rest.items()
        text += re.escape(letter)
    return text + _written(rest)
