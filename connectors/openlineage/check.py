"""Whether events may come in: there is nothing to ask, since other programs send them."""

from __future__ import annotations

from connectors.openlineage.mapping import plan_from
from correlator.ports import Found, Probe
from correlator.settings import Settings


def check(settings: Settings) -> list[Probe]:
    """Who may send. Raises SettingsError for a pattern that is none."""
    plan_from(settings)
    if settings.has_secret("OPENLINEAGE_TOKEN"):
        settings.secret("OPENLINEAGE_TOKEN")
        return [Probe("token", Found.OK, said="senders must know the bearer token")]
    return [Probe("token", Found.OK, said="no OPENLINEAGE_TOKEN: only programs on this machine may send", needed=False)]
