"""Rules: what people know, in the order in which they are tried; the first that holds wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rules import Rule, load_rules
from rules.model import Action, KnownError, Owner, Source
from rules.waiting import Wait
from web.api.kinds import Answer
from web.api.routes import get
from web.place import place


class LoadedRule(Answer, frozen=True, kw_only=True):
    """A rule as it is loaded now. `version` changes when anything in it does; `when`: its clauses, as written."""

    id: str
    version: str
    title: str
    when: Mapping[str, Any]
    ask: str
    severity: str
    due: str
    owners: tuple[Owner, ...]
    runbook: str
    known_error: KnownError | None
    wait: Wait
    action: Action | None
    sources: tuple[Source, ...]


class Rules(Answer, frozen=True, kw_only=True):
    """The rules in their order."""

    rules: list[LoadedRule]


@get("/rules", tag="rules", answer=Rules)
def rules() -> Rules:
    """The rules that are in force, built-in ones too."""
    found = load_rules([Path(folder) for folder in place().settings["rules.folders"]])
    return Rules(rules=[_rule(one) for one in found.rules])


def _rule(rule: Rule) -> LoadedRule:
    return LoadedRule(**{name: getattr(rule, name) for name in LoadedRule.__struct_fields__})
