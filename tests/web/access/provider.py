"""A small OpenID provider on loopback, which logs everybody in, and can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

CLIENT, SECRET = "correlator", "a secret between the two"
Change = Callable[[dict[str, Any]], dict[str, Any]]


def _key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}, auto_kid=False)


FIRST, SECOND = _key("first"), _key("second")


@dataclass
class Provider:
    """`claims` are added to those of every token; `change` alters them; `header` and `key` sign it."""

    server: HTTPServer
    claims: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "responder-1", "groups": ["oncall"]})
    change: Change = dict
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "first"})
    key: Any = field(default_factory=lambda: FIRST)
    keys: tuple[RSAKey, ...] = (FIRST,)
    said_issuer: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        routes = {"/.well-known/openid-configuration": self._metadata, "/keys": self._keys, "/token": self._token}
        for path, answer in routes.items():
            self.server.expect_request(path).respond_with_handler(self._counted(answer))

    @property
    def issuer(self) -> str:
        return self.server.url_for("").rstrip("/")

    def _counted(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def counted(request: Request) -> Response:
            self.asked.append(request.path)
            return answer(request)

        return counted

    def _metadata(self, _: Request) -> Response:
        issuer = self.issuer
        return _json(
            {
                "issuer": self.said_issuer or issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "end_session_endpoint": f"{issuer}/logout",
            }
        )

    def _keys(self, _: Request) -> Response:
        return _json(KeySet(list(self.keys)).as_dict(private=False))

    def authorize(self, address: str) -> str:
        """What a browser does there: it comes back with a code for what it was sent with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return "/login/back?" + urlencode({"code": code, "state": asked["state"]})

    def _token(self, request: Request) -> Response:
        """RFC 6749, 4.1.3 with RFC 7636: the code once, the client's secret, and the verifier of the challenge."""
        asked = self.codes.pop(request.form.get("code", ""), None)
        challenge = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        known = request.authorization is not None and (request.authorization.username, request.authorization.password)
        if (
            asked is None
            or known != (CLIENT, SECRET)
            or request.form["redirect_uri"] != asked["redirect_uri"]
            or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]
        ):
            return _json({"error": "invalid_grant"}, 400)
        return _json({"access_token": "at", "token_type": "Bearer", "id_token": self._id_token(asked)})

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        usual = {"iss": self.issuer, "sub": "person-1", "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = self.change({**usual, "nonce": asked["nonce"], **self.claims})
        if self.header["alg"] == "none":
            return f"{_part(self.header)}.{_part(claims)}."
        return jwt.encode(self.header, claims, self.key, algorithms=["RS256", "HS256"])


def hmac_key() -> OctKey:
    """The client's secret as a key: what an attacker who knows it would sign with."""
    return OctKey.import_key(SECRET)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
