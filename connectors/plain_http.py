"""Plain HTTP for sinks without a package of their own: JSON or bytes out, every failure a SourceError.

Reading is repeated where that may help. A write is repeated only when it was surely not done: after a rate limit, or
when no connection came about; else it is a `LostAnswerError`, and whoever wrote has to look.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from connectors.payloads import excerpt, masked
from connectors.retries import LostAnswerError, Patience, TryLaterError, later, network_words
from correlator.errors import SourceError

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30


class NotFoundError(SourceError):
    """What was asked for, or was to be changed, is not there (404)."""


class RefusedError(SourceError):
    """The other side refused for good. `status` is the HTTP status, `code` its own word for the reason, if any."""

    def __init__(self, message: str, *, status: int, code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint, permanent=True)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: `document` is its JSON object, {} for a body that is empty or no JSON object; `said` are the HTTP
    status and the beginning of the body, in one line."""

    document: dict[str, Any]
    headers: Mapping[str, str]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """How errors speak: of whom, and what to look at when it refuses us, is not found, or cannot be reached."""

    whom: str
    credentials: str
    address: str


class PlainClient:
    """Calls to one address. `sent` counts the requests that went out, repeats included."""

    def __init__(
        self,
        base: str,
        words: Words,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        patience: Patience | None = None,
    ) -> None:
        self.sent = 0
        self._base = base
        self._words = words
        self._secrets = tuple(filter(None, secrets))
        self._patience = patience or Patience()
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "incident-correlator"})
        self._session.headers.update(headers or {})
        self._session.auth = _Only(auth)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read, again where that may help. Raises NotFoundError, RefusedError, SourceError."""
        return self._patience.call(lambda: self._once("GET", path, True, params=dict(params or {})), limit=path)

    def write(
        self,
        method: str,
        path: str,
        body: bytes | Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        *,
        again: bool = False,
    ) -> Answer:
        """Write; with `again` it is safe to repeat, and is repeated as reading is.

        Raises LostAnswerError when it may have been done, else as `get`.
        """
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        wanted = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return self._patience.call(lambda: self._once(method, path, again, data=content, headers=wanted), limit=path)

    def _once(self, method: str, path: str, again: bool, **options: Any) -> Answer:
        what = f"{self._words.whom} {method} {self._told(self._base + path)}"
        self.sent += 1
        try:
            response = self._session.request(
                method, self._base + path, timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise self._network_error(what, error, again) from None
        if response.status_code == 429:
            wait = later(response.headers, "retry-after", self._patience.now)
            raise TryLaterError(f"{what}: over the rate limit", hint=_LATER, wait_seconds=wait)
        if response.status_code == 408 or response.status_code >= 500:
            raise self._failure(what, response, again)
        if not 200 <= response.status_code < 300:
            raise self._refusal(what, response)
        said = f"HTTP {response.status_code}{self._reason(response)}"
        return self.accepted(what, Answer(self._document(response), response.headers, said), again=again)

    def accepted(self, what: str, answer: Answer, *, again: bool) -> Answer:
        """The answer, for those that say in a good answer that they refuse. Raises as `get` and `write` do."""
        return answer

    def _document(self, response: requests.Response) -> dict[str, Any]:
        """The JSON object of an answer. Some answer `ok` or nothing, which says no more than the status."""
        try:
            document = json.loads(masked(response.content, self._secrets))
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def _failure(self, what: str, response: requests.Response, again: bool) -> SourceError:
        message = f"{what}: failed there (HTTP {response.status_code}){self._reason(response)}"
        if not again:
            return LostAnswerError(message, hint=_LATER)
        wait = later(response.headers, "retry-after", self._patience.now)
        return TryLaterError(message, hint=_LATER, wait_seconds=wait)

    def _refusal(self, what: str, response: requests.Response) -> SourceError:
        status, reason = response.status_code, self._reason(response)
        message = f"{what}: refused (HTTP {status}){reason}"
        if status == 404:
            return NotFoundError(message, hint=self._words.address, permanent=True)
        hint = self._words.credentials if status in (401, 403) else self._words.address
        return RefusedError(message, status=status, code=str(self._document(response).get("error") or ""), hint=hint)

    def _network_error(self, what: str, error: requests.RequestException, again: bool) -> SourceError:
        words = self._told(network_words(error))
        if isinstance(error, requests.exceptions.SSLError):
            return SourceError(f"{what}: no secure connection: {words}", hint="check the certificates", permanent=True)
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
            return SourceError(f"{what}: no address: {words}", hint=self._words.address, permanent=True)
        hint = f"is the network, the proxy or the address at fault? {self._words.address}"
        message = f"{what}: no answer: {words}"
        return TryLaterError(message, hint=hint) if again or _never_left(error) else LostAnswerError(message, hint=hint)

    def _reason(self, response: requests.Response) -> str:
        words = self._told(response.text)
        return f": {words}" if words else ""

    def _told(self, text: str) -> str:
        return excerpt(text, self._secrets)


_LATER: Final = "it is tried again later"


class _Only(requests.auth.AuthBase):
    """What is configured and nothing else: without this, requests would look for credentials in ~/.netrc."""

    def __init__(self, pair: tuple[str, str] | None) -> None:
        self._basic = requests.auth.HTTPBasicAuth(*pair) if pair else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return self._basic(request) if self._basic else request


def _never_left(error: requests.RequestException) -> bool:
    """Whether no connection came about, so that nothing can have been done."""
    inner = next(iter(error.args), None)
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, NewConnectionError)
