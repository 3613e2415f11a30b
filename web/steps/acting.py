"""Whose name is kept with a step: that of who is logged in; where nobody logs in, the one that is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web.access import current_actor
from web.errors import unprocessable


def acting(fields: Mapping[str, Any]) -> str:
    """The name; what a form or a body says in `actor` counts only where nobody logs in. Raises RefusedError (422) for
    another name than that of who is logged in: nobody acts as somebody else."""
    given, known = str(fields.get("actor") or ""), current_actor().name
    if known and given not in ("", known):
        raise unprocessable(f"actor: you are {known}, not {given!r}", "leave it out: it is who is logged in")
    return known or given


def names_are_given() -> bool:
    """Whether names are what people type: who is who is not proven then, and pages say so."""
    return not current_actor().name
