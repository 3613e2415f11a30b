"""API tokens, for admins who may see all tenants: make, list and revoke them. A token is told once, by what made it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from flask import Response
from msgspec import Meta, structs

from correlator.errors import UsageError
from correlator.store.tokens import LONGEST_NAME, Token, get_token, list_tokens
from web.access import Role, needs
from web.api.cursors import after, key_in, page_of
from web.api.facts import At
from web.api.kinds import SAYS_SOMETHING, Answer, Body, Next, Paged
from web.api.routes import Link, encoded, get, post
from web.app_state import whole_context
from web.errors import RefusedError, not_found
from web.views.tokens import make_token, take_back

_MAKE: Any = {"name": "ticket-bot", "role": "viewer", "tenants": ["tenant-07"], "days": 90}
TenantName = Annotated[str, Meta(max_length=LONGEST_NAME, pattern=SAYS_SOMETHING)]
RoleName = Literal["viewer", "responder", "admin"]
Key = tuple[float, str]


class ApiToken(Answer, frozen=True, kw_only=True):
    """What is kept of a token. `tenants` null: all; `last_used_at` is known to the hour; `works`: whether it lets
    anybody in, as far as it is up to the token."""

    id: str
    name: str
    role: RoleName
    tenants: list[str] | None
    created_by: str
    created_at: At
    expires_at: At | None
    revoked_at: At | None
    last_used_at: At | None
    works: bool


class MadeToken(ApiToken, frozen=True, kw_only=True):
    """`token`: what programs send as `Authorization: Bearer ...`. It stands in this one answer and nowhere else."""

    token: str


class ApiTokens(Answer, frozen=True, kw_only=True):
    """All tokens there ever were, the newest first. `taken`: whether tokens let anybody in here (`access.tokens`)."""

    taken: bool
    tokens: list[ApiToken]
    next: Next


class MakeToken(Body, frozen=True, kw_only=True):
    """`name`: what uses it; `tenants`: those it sees, none for all; `days`: for how long it works."""

    name: Annotated[str, Meta(max_length=LONGEST_NAME, pattern=SAYS_SOMETHING)]
    role: RoleName
    tenants: Annotated[tuple[TenantName, ...], Meta(max_length=100)] = ()
    days: Literal[30, 90, 365] = 90


@get("/tokens", tag="administration", asked=Paged, answer=ApiTokens)
@needs(Role.ADMIN, whole=True)
def tokens(asked: Paged) -> ApiTokens:
    """The tokens, whether they work, and who made them; of the tokens themselves nothing is kept."""
    whole, last = whole_context(), key_in(asked.after, Key)
    rows, following = page_of(after(list_tokens(whole.engine), _key, last), asked.limit, _key)
    return ApiTokens(taken=whole.settings["access.tokens"], tokens=[_told(one) for one in rows], next=following)


def _key(token: Token) -> Key:
    return -token.created_at.timestamp(), token.id


@post(
    "/tokens",
    tag="administration",
    body=MakeToken,
    answer=MadeToken,
    example=_MAKE,
    links=(Link("revoke_token", {"token_id": "id"}),),
)
@needs(Role.ADMIN, whole=True)
def make_api_token(body: MakeToken) -> Response:
    """Makes a token and tells it, this once: nobody is to keep the answer but who uses it."""
    shown, token = make_token(body.name, body.role, frozenset(body.tenants) or None, body.days)
    response = encoded(MadeToken(token=shown, **structs.asdict(_told(token))), 201)
    response.headers["Cache-Control"] = "no-store"
    return response


@post("/tokens/<token_id>/revoke", tag="administration", answer=ApiToken, status=200, errors=(404, 409))
@needs(Role.ADMIN, whole=True)
def revoke_token(token_id: str) -> ApiToken:
    """From now on it is refused. 409 for one that was revoked before."""
    if get_token(whole_context().engine, token_id) is None:
        raise not_found(f"there is no token {token_id}", "those there are stand at /api/v1/tokens")
    try:
        return _told(take_back(token_id))
    except UsageError as error:
        raise RefusedError(409, "refused", error.message, hint=error.hint) from error


def _told(token: Token) -> ApiToken:
    names = ("id", "name", "role", "created_by", "created_at", "expires_at", "revoked_at", "last_used_at")
    plain = {name: getattr(token, name) for name in names}
    tenants = None if token.tenants is None else sorted(token.tenants)
    return ApiToken(**plain, tenants=tenants, works=token.works_at(datetime.now(UTC)))
