"""Everything that can go wrong with a request, as the document lists it: the one shape of web/errors.py."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from web.api.kinds import Answer


class Problem(Answer, frozen=True, kw_only=True):
    """What went wrong. `hint` says what to do, and may be empty; `reference` stands on a 500 alone, and in the log."""

    status: Annotated[int, Meta(ge=400, le=599)]
    code: str
    message: str
    hint: str
    reference: str | UnsetType = UNSET


class Failure(Answer, frozen=True, kw_only=True):
    """The shape of every error."""

    error: Problem


WHEN: Final = {
    400: "The request can't be read.",
    401: "Nobody is named: log in, or send a token.",
    403: "Not allowed: to this role, to who may see some tenants alone, or from a page of another site.",
    404: "There is no such thing, or none that may be seen.",
    409: "It cannot follow on what stands, or on what somebody did meanwhile.",
    412: "`If-Match` is not the ETag of what stands: somebody changed it meanwhile.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    421: "The Host header is neither loopback nor the host of `web.base_url`.",
    422: "A parameter or field is unknown, missing, or has no such value.",
    429: "Too many costly requests; `Retry-After` says when to come again.",
    500: "Unforeseen; `reference` stands in the log beside the traceback.",
    503: "The store, or a bundle, can't be had now; `message` and `hint` say why.",
}
ALWAYS: Final = (401, 403, 421, 422, 500, 503)
"""What every route can answer."""
WRITING: Final = (400,)
"""What every route that takes something can answer too."""
WITH_BODY: Final = (413, 415)
GUARDED: Final = (412,)
"""What a change of what was looked at can answer too."""
