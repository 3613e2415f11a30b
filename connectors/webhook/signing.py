"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and the raw body.

Specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

from correlator.errors import SettingsError

PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def keys_of(secret: str, variable: str) -> tuple[bytes, ...]:
    """The keys of a secret; several, with spaces between, while it is changed. Raises SettingsError."""
    keys = tuple(_key(part, variable) for part in secret.split())
    if not keys:
        raise SettingsError(f"{variable} is empty", hint=_HINT)
    return keys


def signed(keys: tuple[bytes, ...], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed webhook: its id, when it was signed (seconds since 1970), and the signatures."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(keys, message_id, timestamp, body),
    }


def signature(keys: tuple[bytes, ...], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,` and base64 a key, with spaces between.

    >>> signature((b"k" * 24,), "msg_1", 1774828800, b"{}")
    'v1,3AU6r5qKVfqDUWJNACWf3mSVoqrPdGJgWKXPmCXWIMk='
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key(part: str, variable: str) -> bytes:
    try:
        key = base64.b64decode(part.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not part.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise SettingsError(f"{variable} is no secret of {_SHORTEST} to {_LONGEST} bytes in base64", hint=_HINT)
    return key


_HINT: Final = 'make one with: echo "whsec_$(openssl rand -base64 32)"'
