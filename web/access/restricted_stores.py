"""The store through the eyes of restricted actors: an engine for each set of tenants, and the words they read."""

from __future__ import annotations

import json
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from flask import Flask, current_app
from sqlalchemy import Engine, Table, select

from correlator.evidence.redaction.patterns import joined, names_spelt, small
from correlator.store.database import reading
from correlator.store.restricting import restricted, watch
from correlator.store.schema import changes, dependencies, incidents, known_jobs, monitor_transitions
from web.access.digit_tenants import NumberedTenants
from web.access.finding_redaction import seen_document

MASK: Final = "another tenant"
_SETS_KEPT: Final = 32
_LOOKED_AGAIN_SECONDS: Final = 60.0
_TOLD_BESIDE: Final = (changes, dependencies, incidents, monitor_transitions)


class TenantNames:
    """The names of all tenants: of those that ran something as of now, of others as of a minute ago."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._beside: frozenset[str] = frozenset()
        self._until = 0.0

    def now(self) -> frozenset[str]:
        if time.monotonic() >= self._until:
            self._beside, self._until = self._told_beside(), time.monotonic() + _LOOKED_AGAIN_SECONDS
        return self._beside | self._of(known_jobs)

    def _told_beside(self) -> frozenset[str]:
        return frozenset[str]().union(*map(self._of, _TOLD_BESIDE))

    def _of(self, table: Table) -> frozenset[str]:
        with reading(self._engine) as connection:
            return frozenset(connection.execute(select(table.c.tenant).distinct()).scalars())


@dataclass
class TenantSight:
    """See `correlator.store.visibility.Sight`. `names` may grow while it is used."""

    tenants: frozenset[str]
    names: frozenset[str] = frozenset()
    _pattern: re.Pattern[str] | None = None
    _own: frozenset[str] = frozenset()
    _others: frozenset[str] = frozenset()
    _spellings: frozenset[str] = frozenset()
    _numbered: NumberedTenants | None = None

    def learn(self, names: frozenset[str]) -> None:
        """Take note of all tenants there are now."""
        if names != self.names:
            spoken = [name for name in names | self.tenants if name and not name.isdecimal()]
            numbers = frozenset(name for name in names - self.tenants if name.isdecimal())
            self._numbered = NumberedTenants(numbers, MASK) if numbers else None
            self._own = frozenset(form for name in self.tenants for form in _forms(name))
            self._spellings = frozenset(map(_spelling, self._own))
            self._others = frozenset(form for name in names for form in _forms(name)) - self._own
            self.names, self._pattern = names, names_spelt(form for name in spoken for form in _forms(name))

    def text(self, text: str) -> str:
        if self._numbered is None and (self._pattern is None or self._pattern.search(text) is None):
            return text
        return self._json(text, self.value) if text[:1] in ("{", "[") else self._plain(text)

    def document(self, text: str) -> str:
        return self._json(text, lambda document: seen_document(self, document))

    def value(self, value: Any) -> Any:
        """JSON-ready data with every text in it, keys too, as `text` tells it."""
        if isinstance(value, str):
            return self._plain(value)
        if isinstance(value, dict):
            return {self.value(key): self._under(key, item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def names_others(self, text: str) -> bool:
        """Whether it names a tenant that may not be seen."""
        numbered = self._numbered is not None and self._numbered.named_in(text)
        spoken = self._pattern.finditer(text) if self._pattern is not None else ()
        return numbered or any(self._told(one) == MASK for one in spoken)

    def _plain(self, text: str) -> str:
        told = text if self._pattern is None else self._pattern.sub(self._told, text)
        return told if self._numbered is None else self._numbered.text(told)

    def _under(self, key: str, value: Any) -> Any:
        return self.value(value) if self._numbered is None else self._numbered.under(key, value, self.value)

    def _json(self, text: str, change: Callable[[Any], Any]) -> str:
        try:
            value = json.loads(text)
        except ValueError:
            return self._plain(text)
        return json.dumps(change(value), separators=(",", ":"))

    def _told(self, found: re.Match[str]) -> str:
        """One's own name stays, however its parts are joined; unless that makes it another's, to the letter."""
        name = small(found[0])
        if name in self._own:
            return found[0]
        return MASK if name in self._others or _spelling(name) not in self._spellings else found[0]


def _spelling(name: str) -> str:
    """What is the same for all ways to join its parts."""
    return joined(name).replace(" ", "-")


def _forms(name: str) -> tuple[str, str]:
    """A name in small letters as it is, and as it stands in a JSON text."""
    return small(name), small(json.dumps(name)[1:-1])


class RestrictedStores:
    """The engines of all restricted actors, by their tenants. One per app."""

    def __init__(self, engine: Engine) -> None:
        watch(engine)
        self._engine, self._names, self._lock = engine, TenantNames(engine), Lock()
        self._held: OrderedDict[frozenset[str], tuple[TenantSight, Engine]] = OrderedDict()

    def engine_for(self, tenants: Collection[str]) -> Engine:
        """The store as somebody sees it who may see these tenants and the unnamed one."""
        return self._of(frozenset(tenants))[1]

    def sight_for(self, tenants: Collection[str]) -> TenantSight:
        return self._of(frozenset(tenants))[0]

    def refresh(self, tenants: Collection[str]) -> None:
        """Look which tenants there are: once a request, before anything is read for it."""
        self._of(frozenset(tenants))[0].learn(self._names.now())

    def _of(self, tenants: frozenset[str]) -> tuple[TenantSight, Engine]:
        with self._lock:
            if tenants not in self._held:
                sight = TenantSight(tenants)
                self._held[tenants] = (sight, restricted(self._engine, sight))
                while len(self._held) > _SETS_KEPT:
                    self._held.popitem(last=False)
            self._held.move_to_end(tenants)
            return self._held[tenants]


def prepare(app: Flask, engine: Engine) -> None:
    app.extensions["correlator.restricted_stores"] = RestrictedStores(engine)


def restricted_stores() -> RestrictedStores:
    held: RestrictedStores = current_app.extensions["correlator.restricted_stores"]
    return held
