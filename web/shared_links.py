"""Links to one finding for somebody without an account: signed with a secret, so that none can be guessed or changed.

What a link says is its row in the store; the signature ties the row's name to this program. A link that is revoked or
past its time opens nothing.
"""

from __future__ import annotations

import hashlib
from typing import Final

from flask import url_for
from itsdangerous import BadSignature, URLSafeSerializer

from correlator.settings import Settings
from web.http.addresses import handed_on

SECRET: Final = "SHARE_SECRET"  # noqa: S105 the name of a variable
LEAST_CHARACTERS: Final = 16
_SALT: Final = "correlator.finding-share"


def can_share(settings: Settings) -> bool:
    """Whether there is a secret fit to sign with."""
    return settings.has_secret(SECRET) and len(settings.secret(SECRET)) >= LEAST_CHARACTERS


def token_of(settings: Settings, share_id: str) -> str:
    """What stands in the link."""
    return str(_signer(settings).dumps(share_id))


def share_in(settings: Settings, token: str) -> str | None:
    """The name of the share that a link carries; None for one that this program did not sign."""
    if not can_share(settings):
        return None
    try:
        found = _signer(settings).loads(token)
    except BadSignature:
        return None
    return found if isinstance(found, str) else None


def share_link(settings: Settings, share_id: str) -> str:
    """The whole address, to be handed on."""
    return handed_on(url_for("share.show", token=token_of(settings, share_id)))


def _signer(settings: Settings) -> URLSafeSerializer:
    keywords = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return URLSafeSerializer(settings.secret(SECRET), salt=_SALT, signer_kwargs=keywords)
