"""Whether the receiver can be reached and the secret is one. Nothing is delivered to find out."""

from __future__ import annotations

from connectors.plain_http import PlainClient, RefusedError
from connectors.probing import patience_to_check, probe
from connectors.retries import Patience
from connectors.webhook.signing import keys_of
from connectors.webhook.sink import SECRET, build_client
from correlator.ports import Found, Probe
from correlator.settings import Settings


def check(settings: Settings, patience: Patience | None = None) -> list[Probe]:
    """Probes of the address and the secret. Raises SettingsError."""
    patience = patience or patience_to_check()
    count = len(keys_of(settings.secret(SECRET), SECRET))
    secret = Probe("secret", Found.OK, said=f"signs with {count} {'key' if count == 1 else 'keys'}")
    client = build_client(settings, patience)
    return [secret, probe("receiver", lambda: _reached(client), without="findings are not delivered")]


def _reached(client: PlainClient) -> str:
    """An address for POST may well refuse a GET: that it answers is what counts. A 404 is no receiver."""
    try:
        client.get("")
    except RefusedError as error:
        return f"answers (HTTP {error.status} to a GET)"
    return "answers"
