"""One message for those who follow an incident: told at most once for each verdict, whatever is killed or lost.

A status update cannot be looked up or taken back, so nothing is repeated that may have been told: it is entered in the
store before it goes out, and stays entered unless the vendor said no. A verdict that no longer holds is told as well.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Engine

from correlator.errors import SourceError
from correlator.model import Finding
from correlator.ports import Announcer
from correlator.store import status_updates as store


def announce_verdict(
    engine: Engine, announcer: Announcer, incident_id: str, finding: Finding, text: str, now: datetime
) -> str:
    """Tell the verdict if it was not told yet; gives "" or, in one sentence, why it could not be. Raises StoreError."""
    verdict = "|".join((finding.tenant, finding.job, finding.verdict, finding.cause, finding.root_job or ""))
    return _tell(engine, announcer, incident_id, verdict, text, now)


def announce_end(engine: Engine, announcer: Announcer, incident_id: str, text: str, now: datetime) -> str:
    """Tell that what was told does not hold any more; nothing where nothing was told. Raises StoreError."""
    if not store.was_told(engine, incident_id):
        return ""
    return _tell(engine, announcer, incident_id, "no longer holds", text, now)


def _tell(engine: Engine, announcer: Announcer, incident_id: str, what: str, text: str, now: datetime) -> str:
    digest = hashlib.sha256(what.encode()).hexdigest()
    if not store.claim_status_update(engine, incident_id, digest, now):
        return ""
    try:
        told = announcer.announce(incident_id, text)
    except SourceError as error:
        store.status_update_ended(engine, incident_id, digest, store.REFUSED, now, error.message)
        return f"the status update was not published: {error.message}"
    store.status_update_ended(engine, incident_id, digest, store.SENT if told else store.UNSURE, now)
    return ""
