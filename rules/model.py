"""What a rule is, and what it says about one finding."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rules.waiting import AT_ONCE, Wait


@dataclass(frozen=True, slots=True)
class KnownError:
    """An error somebody met before: how it looks, why it happens, what ends it, since when it is known."""

    signature: str
    cause: str
    fix: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Jobs that fit `job` (and tenants that fit `tenant`) belong to `team`; with `cause` "shared", what they share
    with others does."""

    job: str
    team: str
    tenant: str = "*"
    contact: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a claim of a rule can be read up."""

    claim: str
    url: str


@dataclass(frozen=True, slots=True)
class Action:
    """What may be done about a known error. `target` is a name in `actions.targets`; never an address or a secret.

    `trust_after`: so many findings of the rule that people confirmed, and it needs no approval; None: always one.
    """

    kind: str
    target: str
    most_per_hour: int = 1
    trust_after: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as written. `when` is the checked mapping of clauses; `place` is file and line."""

    id: str
    title: str
    when: Mapping[str, Any]
    ask: str
    severity: str
    due: str = ""
    owners: tuple[Owner, ...] = ()
    runbook: str = ""
    known_error: KnownError | None = None
    wait: Wait = AT_ONCE
    action: Action | None = None
    sources: tuple[Source, ...] = ()
    must_match: tuple[Mapping[str, Any], ...] = ()
    must_not_match: tuple[Mapping[str, Any], ...] = ()
    texts: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""

    @property
    def version(self) -> str:
        """Twelve hex digits of the rule's content: changes when anything in the rule changes."""
        text = json.dumps(self.written, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a rule against one finding: what it wants, what was seen, and whether that will do."""

    name: str
    wanted: str
    seen: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule tried on a finding."""

    rule_id: str
    title: str
    clauses: tuple[Clause, ...]

    @property
    def holds(self) -> bool:
        return all(clause.holds for clause in self.clauses)

    @property
    def failed(self) -> tuple[Clause, ...]:
        """The clauses that kept it from firing; with one alone it nearly fired."""
        return tuple(clause for clause in self.clauses if not clause.holds)


@dataclass(frozen=True, slots=True)
class Edited:
    """Who put the ask in other words, when (ISO 8601), and what the rule itself asks."""

    by: str
    at: str
    original: str


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """What the first matching rule says. `missing` names the facts its ask needed and nobody knows."""

    rule_id: str
    rule_version: str
    title: str
    ask: str
    owner: str
    owner_reason: str
    severity: str
    due: str = ""
    runbook: str = ""
    known_error: KnownError | None = None
    missing: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    wait: Wait = AT_ONCE
    action: Action | None = None
    edited: Edited | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` reads it back."""
        document = {**asdict(self), "missing": list(self.missing), "clauses": [asdict(one) for one in self.clauses]}
        if self.edited is None:
            del document["edited"]
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> RuleMatch:
        """The inverse of `to_dict`."""
        known, action, edited = (document.get(name) for name in ("known_error", "action", "edited"))
        return cls(
            **{key: document[key] for key in _TEXTS},
            known_error=KnownError(**known) if known else None,
            missing=tuple(document.get("missing", ())),
            clauses=tuple(Clause(**clause) for clause in document.get("clauses", ())),
            wait=Wait(**document.get("wait", {})),
            action=Action(**action) if action else None,
            edited=Edited(**edited) if edited else None,
        )


_TEXTS = ("rule_id", "rule_version", "title", "ask", "owner", "owner_reason", "severity", "due", "runbook")
