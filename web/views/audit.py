"""The audit log, for admins: who wrote what, and who took evidence along; newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request

from correlator.store.audit import PAGE, Entry, Wanted, entries
from web.access import Role, needs
from web.app_state import whole_context
from web.errors import unprocessable

pages: Final = Blueprint("audit", __name__)
FILTERS: Final = ("actor", "action", "target")


@dataclass(frozen=True, slots=True)
class Page:
    """`older`: the entry behind which the next page begins, None on the last."""

    rows: tuple[Entry, ...]
    wanted: Wanted
    older: int | None

    @property
    def narrowed(self) -> bool:
        return any(getattr(self.wanted, name) for name in FILTERS)


@pages.get("/audit")
@needs(Role.ADMIN, whole=True)
def show() -> str:
    wanted = _wanted()
    found = entries(whole_context().engine, wanted, PAGE + 1)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template("audit.html", page=Page(tuple(found[:PAGE]), wanted, older))


def _wanted() -> Wanted:
    """The filters in the address. Raises RefusedError (422)."""
    before = request.args.get("before", "0")
    if not (before.isascii() and before.isdigit() and len(before) < 16):
        raise unprocessable(f"before: {before!r} is no number of an entry")
    actor, action, target = (request.args.get(name, "").strip() for name in FILTERS)
    return Wanted(actor, action, target, int(before))
