"""Logging in with an OpenID provider: the authorization code flow with state, nonce and PKCE.

Sources: OpenID Connect Core 1.0 (3.1), Discovery 1.0 (4), RFC 7636, RFC 9207, RFC 9700. Authlib talks to the provider
and checks the claims; joserfc checks the signature.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from correlator.errors import SourceError

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key pair. `none` is no signature, and HMAC would make every client secret a key."""
LEEWAY_SECONDS: Final = 60
_TIMEOUT_SECONDS: Final = 10
_KNOWN_SECONDS: Final = 3600.0
_LARGEST_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Way:
    """Where the browser is sent, and what has to come back with it."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass
class Provider:
    """One OpenID provider. What it says of itself is known for an hour."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    redirect_uri: str
    _lock: Lock = field(default_factory=Lock, repr=False)
    _metadata: Mapping[str, Any] | None = None
    _keys: KeySet | None = None
    _until: float = 0.0

    def way_in(self) -> Way:
        """Raises SourceError when the provider cannot be asked."""
        verifier, nonce = generate_token(64), generate_token(32)
        url, state = self._session().create_authorization_url(
            self._said("authorization_endpoint"), code_verifier=verifier, nonce=nonce
        )
        return Way(url, state, nonce, verifier)

    def claims(self, code: str, verifier: str, nonce: str) -> dict[str, Any]:
        """What the provider says of the person who came back with this code. Raises SourceError."""
        token = _asked(
            lambda: self._session().fetch_token(
                self._said("token_endpoint"), code=code, code_verifier=verifier, timeout=_TIMEOUT_SECONDS
            )
        )
        if not isinstance(token.get("id_token"), str):
            raise _wrong("there is no id_token in its answer")
        return self._checked(token["id_token"], nonce, token.get("access_token"))

    def way_out(self, back: str) -> str | None:
        """Where the browser is sent to log out there too; None where the provider has no such place."""
        end = self._known()[0].get("end_session_endpoint")
        if not isinstance(end, str):
            return None
        return str(add_params_to_uri(end, {"client_id": self.client_id, "post_logout_redirect_uri": back}))

    # --- the token -----------------------------------------------------------------------------------------------

    def _checked(self, id_token: str, nonce: str, access_token: str | None) -> dict[str, Any]:
        """The claims of a token that was signed by this provider, for us, now, for this login."""
        try:
            decoded = self._decoded(id_token)
            options = {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client_id},
            }
            wanted = {"nonce": nonce, "client_id": self.client_id, "access_token": access_token}
            claims = CodeIDToken(decoded.claims, decoded.header, options, wanted)
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, AuthlibBaseError, ValueError, TypeError) as error:
            raise _wrong(f"its id_token is not to be believed: {type(error).__name__}: {error}") from error
        return dict(decoded.claims)

    def _decoded(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, self._known()[1], algorithms=list(ALGORITHMS))
        except InvalidKeyIdError:  # it may have changed its keys since
            self._until = 0.0
            return jwt.decode(id_token, self._known()[1], algorithms=list(ALGORITHMS))

    # --- what the provider says of itself ------------------------------------------------------------------------

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self.client_id,
            self.client_secret or None,
            scope=" ".join(self.scopes),
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self.client_secret else "none",
        )

    def _said(self, name: str) -> str:
        value = self._known()[0].get(name)
        if not isinstance(value, str):
            raise _wrong(f"it does not say its {name}")
        return value

    def _known(self) -> tuple[Mapping[str, Any], KeySet]:
        with self._lock:
            if self._metadata is None or self._keys is None or time.monotonic() >= self._until:
                metadata = self._read(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
                if metadata.get("issuer") != self.issuer:
                    raise _wrong(f"it says that it is {metadata.get('issuer')!r}, not {self.issuer!r}")
                self._metadata, self._keys = metadata, self._key_set(metadata)
                self._until = time.monotonic() + _KNOWN_SECONDS
            return self._metadata, self._keys

    def _key_set(self, metadata: Mapping[str, Any]) -> KeySet:
        try:
            return KeySet.import_key_set(self._read(str(metadata.get("jwks_uri"))))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _wrong(f"its keys cannot be read: {error}") from error

    def _read(self, url: str) -> dict[str, Any]:
        def read() -> Any:
            answer = self._session().get(url, withhold_token=True, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
            answer.raise_for_status()
            if len(answer.content) > _LARGEST_BYTES:
                raise ValueError("its answer is too large")
            return answer.json()

        value = _asked(read)
        if not isinstance(value, dict):
            raise _wrong(f"{url} is no JSON object")
        return value


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (OSError, ValueError, AuthlibBaseError) as error:  # OSError: all of requests' errors
        raise _wrong(f"{type(error).__name__}: {_short(error)}") from error


def _short(error: Exception) -> str:
    """The reason without the address, which holds what was asked for."""
    return str(error).split("?")[0][:200]


def _wrong(reason: str) -> SourceError:
    return SourceError(f"the OpenID provider: {reason}", hint="see access.oidc_issuer and the provider's own log")
