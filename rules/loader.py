"""Rule files into a `RuleSet`: the given folders in order, files by name, then the built-in rules.

Order is meaning: the first rule whose every clause holds wins. A rule in a folder that has the id of a built-in one
takes its place; two rules of one id elsewhere are an error, because nobody could say which was meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from correlator.errors import InputError, RulesError
from correlator.yaml_reader import Document, read_yaml
from rules.checking import check, nearest
from rules.facts import FACTS, names_in
from rules.matching import RuleSet
from rules.model import Action, KnownError, Owner, Rule, Source
from rules.waiting import Wait

BUILTIN: Final = Path(__file__).with_name("builtin")


def load_rules(folders: Sequence[Path] = ()) -> RuleSet:
    """The rules of these folders, then the built-in ones. Raises RulesError with file and line."""
    own = join(load_folder(folder) for folder in folders)
    taken = {rule.id for rule in own.rules}
    builtin = load_folder(BUILTIN)
    kept = tuple(rule for rule in builtin.rules if rule.id not in taken)
    return RuleSet(own.rules + kept, own.owners + builtin.owners)


def load_folder(folder: Path) -> RuleSet:
    """All `*.yaml` and `*.yml` files of one folder, by name, without the built-in rules."""
    if not folder.is_dir():
        raise RulesError(f"{folder}: not a folder", hint="`rules.folders` lists folders that hold rule files")
    files = sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))
    return join(load_text(file) for file in files)


def load_text(file: Path, text: str | None = None) -> RuleSet:
    """One rule file, or a text that stands for it."""
    document = _read(file, text)
    if document.value is None:
        return RuleSet(())
    check(document)
    owners = tuple(Owner(**entry) for entry in document.value.get("owners", ()))
    entries = document.value.get("rules", ())
    return join([RuleSet(tuple(_rule(document, n, entry) for n, entry in enumerate(entries)), owners)])


def _read(file: Path, text: str | None) -> Document:
    try:
        return read_yaml(file, text)
    except InputError as error:
        raise RulesError(error.message, hint=error.hint) from error


def join(sets: Iterable[RuleSet]) -> RuleSet:
    """One set after the other. Raises RulesError when an id stands twice."""
    rules: dict[str, Rule] = {}
    owners: list[Owner] = []
    for each in sets:
        owners.extend(each.owners)
        for rule in each.rules:
            if rule.id in rules:
                raise RulesError(f"{rule.place}: the rule `{rule.id}` stands already at {rules[rule.id].place}")
            rules[rule.id] = rule
    return RuleSet(tuple(rules.values()), tuple(owners))


def _rule(document: Document, number: int, entry: dict[str, Any]) -> Rule:
    place = f"{document.file}, line {document.line_of('rules', number, 'id')}"
    _check_ask(document, number, entry["ask"])
    known, examples = entry.get("known_error"), entry["examples"]
    _check_since(document, number, known or {})
    return Rule(
        **{key: entry[key] for key in ("id", "title", "when", "ask", "severity")},
        **{key: entry[key] for key in ("due", "runbook") if key in entry},
        owners=tuple(Owner(**owner) for owner in entry.get("owners", ())),
        known_error=KnownError(**known) if known else None,
        wait=Wait.written(entry.get("wait", {})),
        action=Action(**entry["action"]) if "action" in entry else None,
        sources=tuple(Source(**source) for source in entry.get("sources", ())),
        must_match=tuple(examples["must_match"]),
        must_not_match=tuple(examples["must_not_match"]),
        texts=examples.get("texts", {}),
        written=entry,
        place=place,
    )


def _check_since(document: Document, number: int, known: dict[str, Any]) -> None:
    try:
        date.fromisoformat(known.get("since", "2026-01-01"))
    except ValueError as error:
        where = f"{document.file}, line {document.line_of('rules', number, 'known_error', 'since')}"
        raise RulesError(f"{where}: known_error.since: there is no day {known['since']}") from error


def _check_ask(document: Document, number: int, ask: str) -> None:
    where = f"{document.file}, line {document.line_of('rules', number, 'ask')}"
    try:
        names = names_in(ask)
    except ValueError as error:
        raise RulesError(f"{where}: ask: {error}", hint="write {{ and }} for braces that mean themselves") from error
    for name in names:
        if name not in FACTS:
            raise RulesError(f"{where}: ask: there is no fact `{name}`", hint=nearest(name, FACTS))


class _Plain(yaml.SafeDumper):
    """Writes lists that stand twice twice: a reader of foreign YAML may refuse aliases, and ours does."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def dump(rule: Rule, owners: Sequence[Owner] = ()) -> str:
    """A rule file that holds this rule and these owners; `load_text` reads it back to the same rule version."""
    document: dict[str, Any] = {"owners": [_owner(owner) for owner in owners]} if owners else {}
    document["rules"] = [rule.written]
    return str(yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100))


def _owner(owner: Owner) -> dict[str, str]:
    every = {
        "job": owner.job,
        "tenant": owner.tenant,
        "team": owner.team,
        "contact": owner.contact,
        "cause": owner.cause,
    }
    return {key: value for key, value in every.items() if value}
