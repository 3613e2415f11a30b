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

from connectors.plain_http import PlainClient, Words
from connectors.retries import Patience
from connectors.webhook.signing import keys_of, signed
from correlator.actions.requests import body_of
from correlator.errors import SourceError
from correlator.settings import Settings

SECRET: Final = "ACTIONS_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable, no secret
_ADDRESS: Final = "check actions.targets"


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
        signature = signed(keys_of(self.secret, SECRET), action, at, body)
        secrets = (*self.secret.split(), target)  # an address can hold a token, and answers are shown
        client = PlainClient(target, _WORDS, secrets=secrets, patience=Patience(attempts=1))
        return client.write("POST", "", body, {"Idempotency-Key": action, **signature}).said


_WORDS: Final = Words("the webhook", f"does the receiver check the signature with the same {SECRET}?", _ADDRESS)


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
