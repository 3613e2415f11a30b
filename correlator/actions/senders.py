"""How an action goes out, once: a signed webhook, an automation action of PagerDuty, a new run through Airflow.

A sender raises SourceError when it was certainly not done, and LostAnswerError when it may have been. Nothing is tried
again here, and no redirect is followed: what was approved goes to the address that was approved.

A webhook is signed as the deliveries about findings are (`connectors.webhook.signing`), with `ACTIONS_WEBHOOK_SECRET`;
its id is the action's, also as `Idempotency-Key`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import requests

from connectors.payloads import excerpt
from connectors.retries import LostAnswerError, Patience, network_words
from connectors.webhook.signing import keys_of, signed
from correlator.actions.requests_made import body_of
from correlator.errors import SourceError
from correlator.settings import Settings

TIMEOUT_SECONDS: Final = 20
SECRET: Final = "ACTIONS_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable, no secret
_LONGEST_ANSWER: Final = 4096


class Sender(Protocol):
    """Sends one request to one target, and gives the answer in words."""

    def __call__(self, target: str, request: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True)
class Webhook:
    """`now` gives seconds since 1970."""

    secret: str = field(repr=False)
    now: Callable[[], float]

    def __call__(self, target: str, request: Mapping[str, Any]) -> str:
        body = json.dumps(body_of("webhook", request), ensure_ascii=False, sort_keys=True).encode()
        action, at = str(request["action_id"]), int(self.now())
        headers = {"Content-Type": "application/json", "Idempotency-Key": action}
        return self._answer(target, body, headers | signed(keys_of(self.secret, SECRET), action, at, body))

    def _answer(self, target: str, body: bytes, headers: Mapping[str, str]) -> str:
        with requests.Session() as session:
            session.trust_env = False
            try:
                with session.post(
                    target,
                    data=body,
                    headers=dict(headers),
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    said = next(answer.iter_content(_LONGEST_ANSWER), b"").decode("utf-8", "replace")
                    words = excerpt(said, tuple(self.secret.split()))
            except requests.exceptions.ConnectTimeout as error:
                raise SourceError(f"the webhook did not answer: {network_words(error)}") from None
            except requests.exceptions.ConnectionError as error:
                raise _unreachable(error) from None
            except requests.RequestException as error:
                raise LostAnswerError(f"the webhook gave no answer: {network_words(error)}") from None
        if answer.status_code >= 500:
            raise LostAnswerError(f"the webhook answered HTTP {answer.status_code}: {words}")
        if not 200 <= answer.status_code < 300:
            raise SourceError(f"the webhook refused it with HTTP {answer.status_code}: {words}", permanent=True)
        return f"HTTP {answer.status_code}: {words}"


def _unreachable(error: requests.exceptions.ConnectionError) -> SourceError:
    """No connection at all: not done. A connection that broke: who knows."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError):
        return SourceError(f"the webhook cannot be reached: {network_words(error)}")
    return LostAnswerError(f"the connection to the webhook broke: {network_words(error)}")


def pagerduty_automation(settings: Settings) -> Sender:
    """Invokes an automation action on the incident. Source: PagerDuty REST API, "Create an Invocation"."""
    from connectors.pagerduty.source import build_client

    client = build_client(settings, Patience(attempts=1))

    def send(target: str, request: Mapping[str, Any]) -> str:
        if not request["incident_id"]:
            raise SourceError("there is no open incident to invoke the automation action on", permanent=True)
        body = body_of("pagerduty_automation", request)
        answer = client.post(f"/automation_actions/actions/{target}/invocations", body)
        invocation = answer.get("invocation", {})
        return f"invocation {invocation.get('id', '')} is {invocation.get('state', 'of unknown state')}"

    return send


def rerun(settings: Settings) -> Sender:
    """Starts a new run of a DAG. Its id is made of the action's, so that Airflow itself refuses a second one.

    Source: Airflow REST API v2, "Trigger DAG Run".
    """
    from connectors.airflow.source import build_client

    client = build_client(settings, Patience(attempts=1))

    def send(target: str, request: Mapping[str, Any]) -> str:
        body = body_of("rerun", request)
        answer = client.post(f"/dags/{target}/dagRuns", body)
        return f"run {answer.get('dag_run_id', body['dag_run_id'])} is {answer.get('state', 'of unknown state')}"

    return send


def webhook(settings: Settings) -> Sender:
    """Raises SettingsError without a usable secret: an unsigned webhook could be anybody's."""
    import time

    secret = settings.secret(SECRET)
    keys_of(secret, SECRET)
    return Webhook(secret, time.time)


SENDERS: Final[dict[str, Callable[[Settings], Sender]]] = {
    "webhook": webhook,
    "pagerduty_automation": pagerduty_automation,
    "rerun": rerun,
}
