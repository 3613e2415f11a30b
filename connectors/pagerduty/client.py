"""The one place that touches pdpyras: GET, POST and PUT in, plain JSON out, every failure a SourceError.

pdpyras would wait for ever on a rate limit, and would send a note again when its answer was lost: it is told to do
neither. Reading is repeated here, within `Patience`; a write goes out once. See README.md.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import requests

from connectors.clock import ServerClock
from connectors.payloads import excerpt, masked
from connectors.retries import LostAnswerError, Patience, TryLaterError, later, network_words
from correlator.errors import SourceError
from correlator.ports import RateLimit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # "pdpyras is deprecated": its successor refuses addresses that are not https
    import pdpyras

TIMEOUT_SECONDS: Final = 30
_GIVE_BACK: Final = dict.fromkeys((429, 500, 502, 503, 504), 1)


class UnavailableError(SourceError):
    """What was asked for is not to be had: asking again is pointless, doing without may be possible."""

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint, permanent=True)
        self.status = status

    @property
    def short(self) -> str:
        """Why, in words that are the same every time: for a notice.

        >>> NotAllowedError("GET /incidents/P1/past_incidents: refused", status=402).short
        "PagerDuty refuses it to this account's plan or this key (HTTP 402)"
        """
        why = "refuses it to this account's plan or this key" if self.status in (402, 403) else "does not find it"
        return f"PagerDuty {why} (HTTP {self.status})"


class NotFoundError(UnavailableError):
    """There is no such object (any more), or this key may not see it."""


class NotAllowedError(UnavailableError):
    """This account's plan, or this key, does not have what was asked for (402, 403)."""


class PagerDutyClient:
    """Calls to one PagerDuty account, one at a time. `sent` counts the requests, repeats included; `limit` is what the
    last answer said of the key's rate limit.

    `sender` is the e-mail address for the `From` header, which PagerDuty wants for writes. `timeout_seconds` is how
    long an answer may keep silent.
    """

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        sender: str = "",
        patience: Patience | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.sent = 0
        self.limit: RateLimit | None = None
        self._url = url.rstrip("/")
        self._secrets = (api_key,)
        self._patience = patience or Patience()
        self.clock = ServerClock(self._patience.now)
        self._session = pdpyras.APISession(api_key, default_from=sender or None)
        self._session.url = self._url
        self._session.timeout = timeout_seconds
        self._session.auth = _as_it_is
        self._session.max_network_attempts = 0
        self._session.retry = dict(_GIVE_BACK)
        self._session.max_http_attempts = -1  # with `retry` above: hand each refusal back at once

    def get(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Read, again where that may help. Raises NotFoundError, SourceError."""
        return self._patience.call(lambda: self._once("GET", path, params=params or {}))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write once: again after a rate limit alone, which says that it was not done.

        Raises LostAnswerError when it may have been done, SourceError when it was not.
        """
        return self._patience.call(lambda: self._once("POST", path, json=body))

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Replace once. Raises as `post` does, and NotFoundError."""
        return self._patience.call(lambda: self._once("PUT", path, json=body))

    def _once(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        what = f"PagerDuty {method} {self._url}{path}"
        self.sent += 1
        asked_at = self._patience.now()
        try:
            response = self._session.request(method, path, **options)
            self.clock.hear(response.headers.get("date"), asked_at)
            self._hear_limit(response.headers)
        except pdpyras.PDHTTPError as error:
            raise self._refusal(what, method, error.response) from None
        except pdpyras.PDClientError as error:
            raise self._network_error(what, method, error) from None
        except pdpyras.URLError as error:
            raise SourceError(f"{what}: the client refuses the address: {self._words(error)}", permanent=True) from None
        if not response.ok:
            raise self._refusal(what, method, response)
        return self._document(what, method, response)

    def _hear_limit(self, headers: Mapping[str, str]) -> None:
        """What the answer says of the key's limit; one that says nothing changes nothing."""
        limit, remaining = (_whole(headers.get(f"ratelimit-{name}")) for name in ("limit", "remaining"))
        if limit is None and remaining is None:
            return
        seconds = later(headers, "ratelimit-reset", self._patience.now)
        resets_at = None if seconds is None else datetime.fromtimestamp(self._patience.now() + seconds, UTC)
        self.limit = RateLimit("requests of this key", limit, remaining, resets_at)

    def _document(self, what: str, method: str, response: Any) -> dict[str, Any]:
        try:
            document = json.loads(masked(response.content, self._secrets))
        except ValueError:
            document = None
        if not isinstance(document, dict):
            kind = response.headers.get("content-type") or "something"
            message = f"{what}: answered with {kind} that is no JSON object: {self._words(response.text)}"
            raise _unsure(method)(message, hint="is `pagerduty.url` right, and no proxy or login page in between?")
        return document

    def _refusal(self, what: str, method: str, response: Any) -> SourceError:
        status, words = response.status_code, self._reasons(response)
        if status == 429:
            wait = later(response.headers, "ratelimit-reset", self._patience.now)
            asked = f", which ends in {wait:.0f} s" if wait is not None else ""
            return TryLaterError(
                f"{what}: over the rate limit{asked}", hint="the next pull goes on from here", wait_seconds=wait
            )
        if status == 408 or status >= 500:
            return self._failure(f"{what}: failed at PagerDuty's side (HTTP {status}){words}", method, response)
        if status == 404:
            hint = "check the id, and `pagerduty.url`"
            return NotFoundError(f"{what}: not found{words}", status=status, hint=hint)
        message = f"{what}: refused (HTTP {status}){words}"
        if status in (402, 403):
            return NotAllowedError(message, status=status, hint=_hint(status))
        return SourceError(message, hint=_hint(status), permanent=True)

    def _failure(self, message: str, method: str, response: Any) -> SourceError:
        if method != "GET":
            return LostAnswerError(message)
        return TryLaterError(message, wait_seconds=later(response.headers, "retry-after", self._patience.now))

    def _network_error(self, what: str, method: str, error: Exception) -> SourceError:
        cause = error.__cause__ or error
        message = f"{what}: no answer: {self._words(network_words(cause))}"
        return _unsure(method)(message, hint="is the network, the proxy or the address (`pagerduty.url`) at fault?")

    def _reasons(self, response: Any) -> str:
        """The reasons of an error body, with a leading colon; "" when there are none, as rate limits may come."""
        try:
            error = response.json().get("error")
        except (ValueError, AttributeError):
            error = response.text
        if isinstance(error, dict):
            details = error.get("errors")
            parts = [error.get("message"), *(details if isinstance(details, list) else [details])]
            error = "; ".join(str(part) for part in parts if part) + f" (code {error.get('code')})"
        words = self._words(error or "")
        return f": {words}" if words else ""

    def _words(self, value: object) -> str:
        return excerpt(str(value), self._secrets)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """The request with its key. Without this, requests would put credentials of ~/.netrc in its place."""
    return request


def _whole(header: str | None) -> int | None:
    return int(header) if header is not None and header.isdecimal() else None


def _unsure(method: str) -> type[SourceError]:
    """What it is when nobody can say whether a request was done: reading can be repeated, a write may stand there."""
    return TryLaterError if method == "GET" else LostAnswerError


def _hint(status: int) -> str:
    hints = {
        401: "check PAGERDUTY_API_KEY: is it a REST API key of this account, and not disabled?",
        402: "the account lacks the ability this needs",
        403: "the key may not do this: reading needs a read-only key at least, notes need a full one",
        400: "check `pagerduty.from` (a user's e-mail address) if this was a write",
    }
    return hints.get(status, "check `pagerduty.url`")
