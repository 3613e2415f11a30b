"""Names in texts replaced by keyed pseudonyms: same key and name, same pseudonym; no way back without the key."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from correlator.errors import BundleError
from correlator.evidence.redaction.patterns import expression, is_sixth

_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
_LENGTH: Final = 8
_TRIES: Final = 1000
_OTHER_WORDS: Final = ("name", "q", "w")
"""What pseudonyms begin with where the kind is itself a name to be replaced."""


@dataclass(frozen=True)
class Pseudonyms:
    """`names` are known names with their kind (`tenant`, `host`, `person`); `patterns` are expressions of one's own."""

    key: bytes
    names: Mapping[str, str]
    patterns: Sequence[str] = ()
    _known: dict[str, str] = field(default_factory=dict, repr=False)

    def text(self, text: str) -> str:
        """The text with everything replaced that gives somebody away. Raises BundleError when no pseudonym is left."""
        if text not in self._known:
            self._known[text] = self._expression.sub(self._replaced, text) if text else ""
        return self._known[text]

    def value(self, value: Any) -> Any:
        """JSON with every text in it replaced, keys too; numbers stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return expression(self.names, self.patterns)

    @cached_property
    def _kinds(self) -> dict[str, str]:
        return {name.lower(): kind for name, kind in sorted(self.names.items())}

    def _replaced(self, match: re.Match[str]) -> str:
        text, group, groups = match.group(), match.lastgroup or "name", match.groupdict()
        kind = group.rstrip("0123456789")
        number = group[len(kind) :]
        kept = groups.get(f"key{number}") or groups.get(f"scheme{number}") or ""
        match kind:
            case "url":
                return f"{kept}://redacted.invalid/{self._pseudonym('page', text)}"
            case "email":
                return f"{self._pseudonym('person', text)}@redacted.invalid"
            case "address":
                return self._address(text)
            case "sixth":
                return self._sixth(text)
            case "name":
                return self._pseudonym(self._kinds.get(text.lower(), "name"), text)
            case "own":
                return self._pseudonym("redacted", text)
        return kept + self._pseudonym(kind, text[len(kept) :])

    def _address(self, text: str) -> str:
        """An address of the range that is set apart for measurements between networks (RFC 2544)."""
        digest = self._digest("address", text)
        return f"198.{18 + digest[0] % 2}.{digest[1]}.{digest[2]}"

    def _sixth(self, text: str) -> str:
        """What only looks like an IPv6 address (a time of day) stays."""
        return f"2001:db8::{self._digest('address', text)[:2].hex()}" if is_sixth(text) else text

    def _pseudonym(self, kind: str, name: str) -> str:
        """`tenant-x48120933`; letters instead of digits where the name has none, so that texts stay alike or unlike."""
        alphabet = "0123456789" if any(letter.isdigit() for letter in name) else _LETTERS
        for turn in range(_TRIES):
            word = (kind, *_OTHER_WORDS)[turn % (1 + len(_OTHER_WORDS))]
            digest = self._digest(f"{kind}\0{turn}", name)
            made = f"{word}-x{''.join(alphabet[byte % len(alphabet)] for byte in digest[:_LENGTH])}"
            if not self._expression.search(made):
                return made
        raise BundleError(f"no pseudonym for a {kind} is free of the names to be replaced")

    def _digest(self, kind: str, name: str) -> bytes:
        return hmac.new(self.key, f"{kind}\0{name.lower()}".encode(errors="replace"), hashlib.sha256).digest()
