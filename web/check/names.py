"""From pasted text to the names that are looked for in the store, and back: what each of them was pasted as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from correlator.store.names import attempts_tagged, known_among
from correlator.text.quantities import plural, tenant_name
from web.check.pasted_links import Wanted
from web.check.pasting import LONGEST, Pasted, choose, read_pasted, without_heading
from web.errors import unprocessable

MOST_NAMES: Final = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. `about` says what was read of a table; `silent` are links that name nothing."""

    wanted: tuple[Wanted, ...]
    about: str = ""
    silent: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All forms of what is not bound to one tenant."""
        return list(dict.fromkeys(name for one in self.wanted if one.tenant is None for name in one.names))

    @property
    def places(self) -> list[tuple[str, str]]:
        """(tenant, job) of what is."""
        return [(one.tenant, one.names[0]) for one in self.wanted if one.tenant is not None]

    def unknown(self, names: Sequence[str]) -> tuple[str, ...]:
        """What was pasted and is not known under any of its forms; `names` are those the store does not know."""
        lost = set(names)
        return tuple(dict.fromkeys(_said(one) for one in self.wanted if lost.issuperset(_keys(one))))


def _keys(one: Wanted) -> list[str]:
    return list(one.names) if one.tenant is None else [place_words(one.tenant, one.names[0])]


def _said(one: Wanted) -> str:
    return one.said if one.tenant is None else place_words(one.tenant, one.said)


def place_words(tenant: str, job: str) -> str:
    """A job of a tenant that is not known."""
    return f"{job} of {tenant_name(tenant)}"


def asked_names(engine: Engine, text: str, tags: Mapping[str, str]) -> Asked:
    """What to look for. RefusedError (422) where it is too much."""
    if len(text) > LONGEST:
        raise unprocessable(f"{len(text):,} characters are more than fit in one check", f"paste up to {LONGEST:,}")
    pasted = read_pasted(text, tags)
    asked = _of_table(engine, pasted) if pasted.columns else _of_lines(engine, pasted)
    wanted = tuple(dict.fromkeys(_found_by_time(engine, one) for one in asked.wanted))
    if len(wanted) > MOST_NAMES:
        number = f"{len(wanted):,} names are more than fit in one check"
        raise unprocessable(number, f"check up to {MOST_NAMES:,} at a time")
    return Asked(wanted, asked.about, asked.silent)


def _of_table(engine: Engine, pasted: Pasted) -> Asked:
    chosen = choose(pasted.columns, lambda names: known_among(engine, names))
    number = len(set(chosen.wanted))
    columns = " and ".join(chosen.headings)
    about = f"Of the table its column {columns} was read: {plural(number, 'name')}."
    return Asked(chosen.wanted, about, pasted.silent)


def _of_lines(engine: Engine, pasted: Pasted) -> Asked:
    """Words, but for lines that are as a whole the name of a job."""
    wholes = [line.whole for line in pasted.lines if line.whole][:MOST_NAMES]
    jobs = known_among(engine, wholes)["jobs"] if wholes else set()
    wanted: list[Wanted] = []
    for line in pasted.lines:
        wanted += [Wanted(line.whole, (line.whole,))] if line.whole in jobs else line.wanted
    return Asked(without_heading(wanted), "", pasted.silent)


def _found_by_time(engine: Engine, one: Wanted) -> Wanted:
    """A trace that no run is called by: the runs about that time that carry it."""
    if one.near is None or known_among(engine, one.names)["runs"]:
        return one
    runs = [run.run_id for name in one.names for run in attempts_tagged(engine, name, one.near)]
    return Wanted(one.said, tuple(dict.fromkeys(runs))) if runs else one
