"""Settings: what is in effect and where each value came from. Of secrets only whether they are set, and by what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from flask import Blueprint, render_template

from correlator.settings import Settings, shown_value
from correlator.settings.secrets import SECRETS
from correlator.settings.table import SETTINGS
from web import reading
from web.access import Role, needs
from web.context import context

pages: Final = Blueprint("settings", __name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One setting. `changed`: whether anything but the default says it."""

    name: str
    value: str
    default: str
    origin: str
    help: str

    @property
    def changed(self) -> bool:
        return self.origin != "default"


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One secret: the variable that sets it, "" where none does."""

    variable: str
    origin: str
    help: str


@dataclass(frozen=True, slots=True)
class Page:
    sections: tuple[tuple[str, tuple[Row, ...]], ...]
    secrets: tuple[SecretRow, ...]
    unknown: tuple[tuple[str, str], ...]

    @property
    def changed(self) -> int:
        return sum(row.changed for _, rows in self.sections for row in rows)


@pages.get("/settings")
@needs(Role.ADMIN, whole=True)
def show() -> str:
    page = page_of(context().settings)
    return render_template("settings.html", page=page, freshness=reading.freshness_in_short(context().engine))


def page_of(settings: Settings) -> Page:
    """Also what the API tells of them."""
    sections = tuple(
        (section, tuple(rows)) for section, rows in groupby(_rows(settings), key=lambda row: row.name.partition(".")[0])
    )
    secrets = tuple(SecretRow(one.variable, settings.secret_origin(one.variable), one.help) for one in SECRETS)
    return Page(sections, secrets, tuple(settings.unknown()))


def _rows(settings: Settings) -> Iterator[Row]:
    origins = {name: (value, origin) for name, value, origin in settings.effective()}
    for setting in SETTINGS:
        value, origin = origins[setting.name]
        yield Row(setting.name, _text(shown_value(value)), _text(shown_value(setting.default)), origin, setting.help)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
