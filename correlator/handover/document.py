"""A handover as plain data, for the API and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from correlator.handover.differing import Beside
from correlator.model import iso
from correlator.store.handovers import StoredHandover


def handover_document(stored: StoredHandover, beside: Iterable[Beside] = ()) -> dict[str, Any]:
    """JSON-ready: what was written, the data it was written from, and what the data says other than that by now."""
    last = stored.last
    return {
        "id": stored.id,
        "author": stored.author,
        "begun_at": iso(stored.begun_at),
        "version": last.version,
        "written_by": last.author,
        "written_at": iso(last.at),
        "data_as_of": iso(last.data_as_of) if last.data_as_of else None,
        "words": dict(last.words),
        "facts": dict(last.facts),
        "newer": [one.to_dict() for one in beside],
        "acknowledged_by": stored.acknowledged_by or None,
        "acknowledged_at": iso(stored.acknowledged_at) if stored.acknowledged_at else None,
        "read_back": stored.read_back,
    }
