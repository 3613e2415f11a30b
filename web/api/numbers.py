"""Numbers that stand in addresses: of handovers, and of messages to customers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from correlator.text.persons import LONGEST_NAME
from web.api.kinds import PLAIN, Body
from web.errors import not_found

LARGEST = 2**31 - 1
LARGEST_ID = 2**63 - 1
"""Of those that are named by the microsecond in which they were begun."""
Seen = Annotated[int, Meta(ge=1, le=LARGEST, description="the version that was looked at")]


class ByAPerson(Body, frozen=True, kw_only=True):
    """`actor`: who does it; nobody needs to say so who is logged in."""

    actor: Annotated[str, Meta(max_length=LONGEST_NAME, pattern=PLAIN)] = ""


class OnWhatWasSeen(ByAPerson, frozen=True, kw_only=True):
    """`seen`: where somebody was quicker, nothing is done."""

    seen: Seen


def number_in(text: str, what: str) -> int:
    """The number in an address. Raises RefusedError (404) for what can be none."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= LARGEST_ID):
        raise not_found(f"there is no {what} {text[:40]!r}", "its id is a whole number")
    return int(text)
