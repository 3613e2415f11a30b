"""Whose name is kept with a step: that of who is logged in; where nobody logs in, the one that is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web.access import current_actor


def acting(fields: Mapping[str, Any]) -> str:
    """The name; what a form or a body says in `actor` counts only where nobody logs in."""
    return current_actor().name or str(fields.get("actor", ""))


def names_are_given() -> bool:
    """Whether names are what people type: who is who is not proven then, and pages say so."""
    return not current_actor().name
