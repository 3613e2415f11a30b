"""Settings in effect, and the log of who wrote what: for admins who may see all tenants."""

from __future__ import annotations

from typing import Any

from correlator.store.audit import Entry, Wanted, entries
from web.access import Role, needs
from web.api.cursors import key_in, page_of
from web.api.facts import At
from web.api.kinds import Answer, Next, Paged, Text
from web.api.routes import get
from web.context import context
from web.views.settings import page_of as settings_page


class Setting(Answer, frozen=True, kw_only=True):
    """One setting: its value in effect, and where it came from. Addresses are shown without passwords."""

    name: str
    value: str
    default: str
    origin: str
    help: str


class Secret(Answer, frozen=True, kw_only=True):
    """One secret: the variable, and which one sets it (empty: none does). Its value is never told."""

    variable: str
    origin: str
    help: str


class UnknownSetting(Answer, frozen=True, kw_only=True):
    """What looks like a setting and is none, and what may have been meant."""

    name: str
    hint: str


class Settings(Answer, frozen=True, kw_only=True):
    """Every setting and secret there is, and what was given that is none."""

    settings: list[Setting]
    secrets: list[Secret]
    unknown: list[UnknownSetting]


class AuditAsked(Paged, frozen=True, kw_only=True):
    """Entries of one actor, of one action, about one target."""

    actor: Text = ""
    action: Text = ""
    target: Text = ""


class AuditEntry(Answer, frozen=True, kw_only=True):
    """Who did what when. `via`: how the actor came in."""

    id: int
    at: At
    actor: str
    via: str
    role: str
    action: str
    target: str
    details: dict[str, Any]


class Audit(Answer, frozen=True, kw_only=True):
    """The newest first."""

    entries: list[AuditEntry]
    next: Next


@get("/settings", tag="administration", answer=Settings)
@needs(Role.ADMIN, whole=True)
def settings() -> Settings:
    """The settings in effect, and where each came from; of secrets only whether they are set."""
    page = settings_page(context().settings)
    rows = [row for _, group in page.sections for row in group]
    return Settings(
        settings=[Setting(**{name: getattr(row, name) for name in Setting.__struct_fields__}) for row in rows],
        secrets=[Secret(variable=one.variable, origin=one.origin, help=one.help) for one in page.secrets],
        unknown=[UnknownSetting(name=name, hint=hint) for name, hint in page.unknown],
    )


@get("/audit", tag="administration", asked=AuditAsked, answer=Audit)
@needs(Role.ADMIN, whole=True)
def audit(asked: AuditAsked) -> Audit:
    """Every write and every download of evidence, the newest first; `actor`, `action` and `target` narrow them."""
    (before,) = key_in(asked.after, tuple[int]) or (0,)
    found = entries(context().engine, Wanted(asked.actor, asked.action, asked.target, before), asked.limit + 1)
    rows, following = page_of(found, asked.limit, lambda one: (one.id,))
    return Audit(entries=[AuditEntry(**told_entry(one)) for one in rows], next=following)


def told_entry(entry: Entry) -> dict[str, Any]:
    texts = {name: getattr(entry, name) for name in AuditEntry.__struct_fields__ if name != "details"}
    return texts | {"details": dict(entry.details)}
