"""For whom a bundle is redacted, and what stays out for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from correlator.errors import UsageError


@dataclass(frozen=True, slots=True)
class Audience:
    """`own_tenant_alone`: rows of other tenants stay out. `answers`: the vendors' answers go along, redacted."""

    name: str
    own_tenant_alone: bool
    answers: bool
    words: str


AUDIENCES: Final = {
    one.name: one
    for one in (
        Audience("customer", True, False, "the tenant itself: nothing of any other tenant"),
        Audience("partner", False, True, "somebody outside who works on the cause: all tenants, under pseudonyms"),
    )
}


def audience_named(name: str) -> Audience:
    """Raises UsageError with the names there are."""
    if name not in AUDIENCES:
        known = "; ".join(f"`{one.name}`: {one.words}" for one in AUDIENCES.values())
        raise UsageError(f"there is no audience `{name}`", hint=known)
    return AUDIENCES[name]
