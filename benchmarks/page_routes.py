"""Every address that can be asked with GET, out of the app's own map of routes: a new page needs a word here only where
it takes something that is not known yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask
from werkzeug.routing import Rule

LEFT_OUT: Final = {
    "static": "files, without the store",
    "charts.script": "the same",
    "bundle.download": "made by a process of its own; see bundles.py",
    "api.bundle": "made by a process of its own; see bundles.py",
}
UNKNOWN: Final = "1"


@dataclass(frozen=True)
class Known:
    """Real names in the store that is asked. `others`: what stands in further places of addresses, by its name."""

    finding_id: str
    tenant: str
    job: str
    run_id: str
    incident_id: str
    source: str
    others: Mapping[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """By the names that routes give to the parts of their addresses."""
        own = {name: getattr(self, name) for name in ("finding_id", "incident_id", "source", "job", "tenant", "run_id")}
        return own | {"name": self.source} | dict(self.others)


@dataclass(frozen=True, slots=True)
class Address:
    endpoint: str
    path: str


def addresses(app: Flask, known: Known) -> Iterator[Address]:
    """One or more for each route."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: (one.rule, one.endpoint)):
        if "GET" in (rule.methods or ()) and rule.endpoint not in LEFT_OUT:
            path = _path(app, rule, known)
            for query in _queries(known).get(rule.endpoint, ({},)):
                yield Address(rule.endpoint, f"{path}?{urlencode(query)}" if query else path)


def _path(app: Flask, rule: Rule, known: Known) -> str:
    """With UNKNOWN for what nobody gave a name for: such an answer is a short one."""
    values = known.values()
    named: dict[str, Any] = {name: values.get(name, UNKNOWN) for name in rule.arguments}
    with app.test_request_context():
        return app.url_for(rule.endpoint, **named)


def _queries(known: Known) -> Mapping[str, tuple[dict[str, str], ...]]:
    """What is asked of routes that take something, or that do other things with it."""
    place = {"job": known.job, "tenant": known.tenant}
    return {
        "check.show": ({}, {"q": f"{known.run_id} {known.incident_id}"}, {"q": known.job}, place),
        "jobs.show": ({"sort": "retries"}, {"sort": "minutes"}, {"sort": "name", "page": "2"}),
        "jobs.job": (place,),
        "incident.show": ({}, {"lanes": "all"}),
        "check.packet": (place,),
        "api.check": ({"run_id": known.run_id}, place),
        "api.list_findings": ({}, {"tenant": known.tenant}, {"job": known.job}, {"verdict": "systemic"}),
        "api.attempts": (place,),
        "api.job": (place,),
        "api.edges": ({}, {"tenant": known.tenant}),
        "api.jobs": ({}, {"sort": "minutes"}, {"tenant": known.tenant}),
        "api.incidents": ({}, place),
    }
