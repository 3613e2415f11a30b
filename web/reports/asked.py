"""A report as its address asks for it, and the address of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode

from correlator.text.months import begin_of, plus
from web.errors import unprocessable
from web.reading.reports import BY, FILTERS, MEASURES, MONTHS_AT_MOST, Wanted

FIELDS: Final = ("by", "measure", "from", "to", *FILTERS, "without")
MONTHS_USUAL: Final = 6


def wanted_of(fields: Mapping[str, str], counted: tuple[str, str] | None, now: datetime) -> Wanted:
    """The report that is asked for; without months the last six up to the newest that is counted.

    Raises RefusedError (422) for what is none.
    """
    for name in fields:
        if name not in FIELDS:
            raise unprocessable(f"there is no parameter {name!r}", f"it takes {', '.join(FIELDS)}")
    last = _month(fields, "to") or (counted[1] if counted else f"{now:%Y-%m}")
    first = _month(fields, "from") or plus(last, 1 - MONTHS_USUAL)
    if not last >= first > plus(last, -MONTHS_AT_MOST):
        raise unprocessable(f"from {first} to {last} cannot be shown", f"from one to {MONTHS_AT_MOST} months")
    return Wanted(_choice(fields, "by", tuple(BY)), first, last, _choice(fields, "measure", MEASURES), _where(fields))


def _where(fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What a form leaves empty is not asked; rows without a name are asked for by `without`."""
    without = [name for name in fields.get("without", "").split(",") if name]
    for name in without:
        if name not in FILTERS:
            raise unprocessable(f"without: there is no {name!r}", f"of {', '.join(FILTERS)}, with commas")
    asked = {name: fields[name] for name in FILTERS if fields.get(name)} | dict.fromkeys(without, "")
    return tuple((name, asked[name]) for name in FILTERS if name in asked)


def _month(fields: Mapping[str, str], name: str) -> str:
    text = fields.get(name, "").strip()
    if not text:
        return ""
    try:
        begin_of(text)
    except ValueError as error:
        raise unprocessable(f"{name}: {text!r} is no month", "for example 2026-03") from error
    return text


def _choice(fields: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    word = fields.get(name, choices[0])
    if word not in choices:
        raise unprocessable(f"{name}: there is no {word!r}", f"one of {', '.join(choices)}")
    return word


def query_of(wanted: Wanted) -> str:
    """The report's address, behind its `?`: the same report has the same address."""
    fixed = {"by": wanted.by, "measure": wanted.measure, "from": wanted.first, "to": wanted.last}
    without = ",".join(name for name, value in wanted.where if not value)
    named = {name: value for name, value in wanted.where if value} | ({"without": without} if without else {})
    return urlencode(fixed | named)


def fields_of(query: str) -> dict[str, str]:
    """The inverse of an address; of a name that comes twice the last counts."""
    return dict(parse_qsl(query, keep_blank_values=True))


def narrowed(wanted: Wanted, by: str, *, anew: bool = False, **where: str) -> str:
    """The address of a report like this one, gathered otherwise, of some of its rows alone; `anew`: of all rows."""
    limits = {} if anew else dict(wanted.where)
    return query_of(replace(wanted, by=by, where=tuple((limits | where).items())))
