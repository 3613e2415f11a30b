"""The small types of the API: what a parameter may be, and the envelopes that answers come in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

MOST: Final = 1000
USUAL: Final = 100
LONGEST: Final = 1000
PLAIN: Final = r"^[^\x00]*$"
"""No database keeps a NUL in a text, so none is asked for one."""

SAYS_SOMETHING: Final = r"^[^\x00]*[^\s\x00][^\x00]*$"
"""Not only white space."""

Text = Annotated[str, Meta(max_length=LONGEST, pattern=PLAIN)]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST, pattern=PLAIN)]
Words = Annotated[str, Meta(max_length=20_000, pattern=PLAIN)]
Moment = Annotated[datetime, Meta(tz=True, description="ISO 8601 with its offset, for example 2026-03-15T04:00:00Z")]
Limit = Annotated[int, Meta(ge=1, le=MOST, description=f"how many at most, up to {MOST}")]
Cursor = Annotated[
    str, Meta(min_length=1, max_length=16_000, pattern=r"^[A-Za-z0-9_-]+$", description="`next` of the page before")
]
Next = Annotated[str | None, Meta(description="to be sent as `after` for the next page; null on the last one")]
DataAsOf = Annotated[str | None, Meta(description="the newest event of any source; null before the first pull")]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a question. A name that is none of them is refused."""


class Nothing(Asked, frozen=True):
    """No parameters at all."""


class Paged(Asked, frozen=True, kw_only=True):
    """What every list takes."""

    limit: Limit = USUAL
    after: Cursor | None = None


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a POST brings as a JSON object. A field that is none of these is refused."""


class Answer(Struct, frozen=True, kw_only=True):
    """An answer with a name of its own in the document."""


def document_of(name: str) -> Any:
    """The type of a JSON object that stands in the store in the form of this model."""
    return Annotated[Any, Meta(extra_json_schema={"$ref": f"#/components/schemas/{name}"})]
