"""Webhooks of version 3 as PagerDuty sends them: signed over the bytes, with names that differ from the REST API's."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.standin.incidents import incident_reference, object_id, service_reference, stamp
from correlator.model import Incident

_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_TIMEOUT_SECONDS: Final = 5


@dataclass(frozen=True)
class Delivery:
    """One delivery of one event: what goes over the wire."""

    body: bytes
    headers: dict[str, str]

    def send(self, url: str) -> int:
        """POST it; gives the status of the answer. Raises OSError when there is none within five seconds."""
        request = urllib.request.Request(url, self.body, self.headers, method="POST")  # noqa: S310 - loopback
        try:
            with _DIRECT.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


def delivery(
    incident: Incident, event_type: str, now: datetime, secrets: Sequence[str], *, number: int = 1
) -> Delivery:
    """An event about an incident, signed with each of the secrets; the same arguments give the same ids."""
    key = f"{event_type} {incident.incident_id} {stamp(now)} {number}"
    event = {
        "id": object_id("event", key),
        "event_type": event_type,
        "resource_type": "incident",
        "occurred_at": stamp(now),
        "agent": None,
        "client": None,
        "data": _data(incident, number),
    }
    body = json.dumps({"event": event}).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "PagerDuty-Webhook/V3.0",
        "X-PagerDuty-Signature": ",".join(f"v1={_digest(body, secret)}" for secret in secrets),
        "X-Webhook-Id": object_id("delivery", key),
        "X-Webhook-Subscription": "PSUBSCR",
    }
    return Delivery(body, headers)


def _data(incident: Incident, number: int) -> dict[str, Any]:
    """The incident with `number` and `assignees`, where the REST API has `incident_number` and `assignments`."""
    return {
        **incident_reference(incident),
        "type": "incident",
        "number": number,
        "status": "resolved" if incident.resolved_at else "triggered",
        "created_at": stamp(incident.created_at),
        "title": incident.title or incident.incident_id,
        "service": service_reference(incident.service or "unnamed"),
        "assignees": [],
        "urgency": incident.urgency or "high",
        "priority": None,
    }


def _digest(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
