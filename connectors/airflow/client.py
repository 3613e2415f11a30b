"""Calls to one Airflow API server (REST API v2, Airflow 3): plain JSON out, every failure a SourceError.

With a user the client asks `POST /auth/token` for a token, and once more when one has run out: Airflow refuses an old
token with 401 or 403, as seen with Airflow 3.3. Source: Airflow, "Public API", security of the API server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import requests

from connectors.clock import ServerClock
from connectors.payloads import excerpt, text_of
from connectors.retries import LostAnswerError, Patience, TryLaterError, later, network_words
from correlator.errors import SourceError

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60
LARGEST_BYTES: Final = 64 * 1024 * 1024
_REFUSED: Final = (401, 403)


class NotFoundError(SourceError):
    """Airflow does not have this: a DAG that was deleted meanwhile, the log of a try that left none."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """`user` and `password` for a token, or for every request with `basic`; else `token` as it is."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    basic: bool = False


class AirflowClient:
    """One server. `sent` counts the requests that went out; `clock` hears every answer's date."""

    def __init__(self, *, url: str, credentials: Credentials, patience: Patience | None = None) -> None:
        self.sent = 0
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._token = credentials.token
        self._patience = patience or Patience()
        self.clock = ServerClock(self._patience.now)
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        self._session.auth = self._sign

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer of `/api/v2` + path. Raises NotFoundError, SourceError."""
        if self._signs_in() and not self._token:
            self._sign_in()
        try:
            return self._call("GET", f"/api/v2{path}", query or {})
        except _RefusedError:
            if not self._signs_in():
                raise
            self._sign_in()
            return self._call("GET", f"/api/v2{path}", query or {})

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Write to `/api/v2` + path, once. Raises LostAnswerError when it may have been done, SourceError when it was
        not."""
        if self._signs_in():
            self._sign_in()
        try:
            return self._once("POST", f"/api/v2{path}", {}, body)
        except TryLaterError as error:
            raise LostAnswerError(error.message, hint=error.hint) from None

    def _signs_in(self) -> bool:
        return bool(self._credentials.user) and not self._credentials.basic

    def _sign_in(self) -> None:
        self._token = ""
        form = {"username": self._credentials.user, "password": self._credentials.password}
        token = text_of(self._call("POST", "/auth/token", {}, form).get("access_token"))
        if token is None:
            raise SourceError(f"Airflow POST {self._url}/auth/token: no token in the answer", hint=_ADDRESS)
        self._token = token

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """What is configured and nothing else: without this, requests would look for credentials in ~/.netrc."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        elif self._credentials.basic:
            requests.auth.HTTPBasicAuth(self._credentials.user, self._credentials.password)(request)
        return request

    def _call(
        self, method: str, path: str, query: Mapping[str, Any], form: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return self._patience.call(lambda: self._once(method, path, query, form))

    def _once(self, method: str, path: str, query: Mapping[str, Any], form: Mapping[str, Any] | None) -> dict[str, Any]:
        what = f"Airflow {method} {self._url}{path}"
        self.sent += 1
        asked_at = self.clock.now()
        try:
            with self._session.request(
                method,
                self._url + path,
                params=dict(query),
                json=None if form is None else dict(form),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _read(response, what)
        except requests.RequestException as error:
            raise self._network_error(what, error) from None
        self.clock.hear(response.headers.get("Date"), asked_at)
        return self._answer(what, response, body)

    def _answer(self, what: str, response: requests.Response, body: bytes) -> dict[str, Any]:
        if not 200 <= response.status_code < 300:
            raise self._refusal(what, response, body)
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return document
        kind = response.headers.get("content-type") or "something"
        words = self._words(body)
        raise SourceError(f"{what}: answered with {kind} that is no answer of Airflow: {words}", hint=_ADDRESS)

    def _refusal(self, what: str, response: requests.Response, body: bytes) -> SourceError:
        status, words = response.status_code, self._words(body)
        said = f"(HTTP {status}): {words}" if words else f"(HTTP {status})"
        if status in _REFUSED:
            return _RefusedError(f"{what}: refused {said}", hint=_CREDENTIALS, permanent=True)
        if status == 404:
            return NotFoundError(f"{what}: not there {said}", hint=_ADDRESS)
        if status in (408, 429) or status >= 500:
            wait = later(response.headers, "retry-after", self._patience.now)
            return TryLaterError(f"{what}: failed at the server's side {said}", hint=_LATER, wait_seconds=wait)
        return SourceError(f"{what}: refused {said}", hint=_ADDRESS, permanent=True)

    def _network_error(self, what: str, error: requests.RequestException) -> SourceError:
        words = excerpt(network_words(error), self._secrets())
        if isinstance(error, requests.exceptions.SSLError):
            return SourceError(f"{what}: no secure connection: {words}", hint="check the certificates", permanent=True)
        return TryLaterError(f"{what}: no answer: {words}", hint=_ADDRESS)

    def _words(self, body: bytes) -> str:
        return excerpt(body.decode("utf-8", "replace"), self._secrets())

    def _secrets(self) -> tuple[str, ...]:
        return (self._credentials.password, self._credentials.token, self._token)


class _RefusedError(SourceError):
    """Not authorised: wrong credentials, or a token that has run out."""


_CREDENTIALS: Final = "check `airflow.user` and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN, and what the user may see"
_ADDRESS: Final = "is `airflow.url` the API server of Airflow 3, and no login page in between?"
_LATER: Final = "the next pull goes on from here"


def part(name: str) -> str:
    """A name as a part of a path: ids of runs hold `+` and `:`, ids of tasks dots.

    >>> part("scheduled__2026-03-02T00:00:00+00:00")
    'scheduled__2026-03-02T00%3A00%3A00%2B00%3A00'
    """
    return quote(name, safe="")


def _read(response: requests.Response, what: str) -> bytes:
    """The body; a log can be of any length, and is not worth the program's memory."""
    parts, size = [], 0
    for chunk in response.iter_content(1 << 16):
        size += len(chunk)
        if size > LARGEST_BYTES:
            raise SourceError(f"{what}: the answer is larger than {LARGEST_BYTES:,} bytes")
        parts.append(chunk)
    return b"".join(parts)
