"""Calls to one Prometheus server (or what speaks its HTTP API): plain JSON out, every failure a SourceError.

Queries go out as POST, which takes a query of any length and reads all the same. An error comes as JSON with an
`errorType`, behind a proxy as HTML, and from some servers with HTTP 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from connectors.clock import ServerClock
from connectors.payloads import excerpt
from connectors.retries import Patience, TryLaterError, later, network_words
from correlator.errors import SourceError

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 120
"""Prometheus itself ends a query after two minutes, as it is shipped."""
_TOO_MUCH: Final = ("exceeded maximum resolution", "too many samples", "exceeds the limit", "exceeds limit", "too long")


class TooMuchError(SourceError):
    """The server will not answer that much at once: a shorter stretch may do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer holds: `data`, and what the server remarks on it. `warnings` mean that data may be missing."""

    data: Any
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


class PrometheusClient:
    """One server. `sent` counts the requests that went out, repeats included; `clock` hears every answer's date.

    `user` and `password` make basic authentication, a `token` a bearer; `headers` go with every request.
    """

    def __init__(
        self,
        *,
        url: str,
        user: str = "",
        password: str = "",
        token: str = "",
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.sent = 0
        self._url = url.rstrip("/")
        self._secrets = (password, token)
        self._patience = patience or Patience()
        self.clock = ServerClock(self._patience.now)
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", **(headers or {})})
        self._session.auth = _Credentials(user, password, token)

    def query_range(self, query: str, start: int, end: int, step: int, name: str = "") -> Answer:
        """The query at `start`, `start + step`, … up to `end`, both included; whole seconds. `name` is for errors.

        Raises TooMuchError, SourceError.
        """
        form = {"query": query, "start": str(start), "end": str(end), "step": str(step)}
        return self._call("POST", "/api/v1/query_range", form, f" for {name}" if name else "")

    def query(self, query: str, at: int) -> Answer:
        """The query at one moment. Raises SourceError."""
        return self._call("POST", "/api/v1/query", {"query": query, "time": str(at)})

    def status(self, what: str) -> Answer:
        """`/api/v1/status/WHAT`: buildinfo, runtimeinfo. Raises SourceError."""
        return self._call("GET", f"/api/v1/status/{what}", {})

    def _call(self, method: str, path: str, form: dict[str, str], purpose: str = "") -> Answer:
        return self._patience.call(lambda: self._once(method, path, form, purpose))

    def _once(self, method: str, path: str, form: dict[str, str], purpose: str) -> Answer:
        what = f"Prometheus {method} {self._url}{path}{purpose}"
        self.sent += 1
        asked_at = self.clock.now()
        try:
            response = self._session.request(
                method,
                self._url + path,
                data=form or None,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise self._network_error(what, error) from None
        self.clock.hear(response.headers.get("Date"), asked_at)
        return self._answer(what, response)

    def _answer(self, what: str, response: requests.Response) -> Answer:
        try:
            document = response.json()
        except ValueError:
            document = None
        good = 200 <= response.status_code < 300
        if isinstance(document, dict) and document.get("status") == "success" and good:
            return Answer(document.get("data"), _texts(document, "warnings"), _texts(document, "infos"))
        if isinstance(document, dict) and document.get("status") == "error":
            raise self._refusal(what, response, str(document.get("error") or ""), str(document.get("errorType") or ""))
        if good:
            kind = response.headers.get("content-type") or "something"
            raise SourceError(
                f"{what}: answered with {kind} that is no answer of Prometheus: {self._words(response.text)}",
                hint="is `prometheus.url` right, and no login page in between?",
            )
        raise self._refusal(what, response, response.text, "")

    def _refusal(self, what: str, response: requests.Response, text: str, kind: str) -> SourceError:
        status, said = response.status_code, self._words(text)
        words = f": {said}" if said else ""
        if status in (401, 403):
            return SourceError(f"{what}: refused (HTTP {status}){words}", hint=_CREDENTIALS, permanent=True)
        if any(sign in text for sign in _TOO_MUCH):
            return TooMuchError(f"{what}: too much at once{words}", hint=_NARROWER)
        wait = later(response.headers, "retry-after", self._patience.now)
        if status == 429:
            return TryLaterError(f"{what}: over the rate limit{words}", hint=_LATER, wait_seconds=wait)
        if status == 408 or status >= 500 or kind in ("timeout", "canceled", "unavailable"):
            message = f"{what}: failed at the server's side (HTTP {status}){words}"
            return TryLaterError(message, hint=_LATER, wait_seconds=wait)
        if kind in ("bad_data", "execution"):
            return SourceError(f"{what}: cannot be answered{words}", hint="check `prometheus.metrics`", permanent=True)
        return SourceError(f"{what}: refused (HTTP {status}){words}", hint="check `prometheus.url`", permanent=True)

    def _network_error(self, what: str, error: requests.RequestException) -> SourceError:
        words = self._words(network_words(error))
        if isinstance(error, requests.exceptions.SSLError):
            return SourceError(f"{what}: no secure connection: {words}", hint="check the certificates", permanent=True)
        hint = "is the network, the proxy or the address (`prometheus.url`) at fault?"
        return TryLaterError(f"{what}: no answer: {words}", hint=hint)

    def _words(self, value: str) -> str:
        return excerpt(value, self._secrets)


_CREDENTIALS: Final = "check PROMETHEUS_TOKEN, or `prometheus.user` and PROMETHEUS_PASSWORD, and `prometheus.headers`"
_NARROWER: Final = "narrow the queries in `prometheus.metrics` by $job and $tenant, or raise `prometheus.step_seconds`"
_LATER: Final = "the next pull goes on from here"


class _Credentials(requests.auth.AuthBase):
    """What is configured and nothing else: without this, requests would look for credentials in ~/.netrc."""

    def __init__(self, user: str, password: str, token: str) -> None:
        self._user, self._password, self._token = user, password, token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        elif self._user or self._password:
            requests.auth.HTTPBasicAuth(self._user, self._password)(request)
        return request


def _texts(document: dict[str, Any], key: str) -> tuple[str, ...]:
    found = document.get(key)
    return tuple(str(text) for text in found) if isinstance(found, list) else ()
