"""What the commands about rules share."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from correlator.errors import UsageError
from correlator.settings import Settings
from rules import Rule, RuleSet, Trial, load_rules
from rules.checking import nearest

rules_option = click.option(
    "--rules",
    "own",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Rule files to use instead of those of `rules.folders`.",
)


def configured_rules(settings: Settings, folder: Path | None = None) -> RuleSet:
    """The rules of one folder, or of `rules.folders`, before the built-in ones."""
    folders = [folder] if folder else [Path(name) for name in settings["rules.folders"]]
    return load_rules(folders)


def rule_named(rules: RuleSet, rule_id: str) -> Rule:
    """A rule by its id. Raises UsageError with the nearest one."""
    rule = rules.rule(rule_id)
    if rule is None:
        hint = nearest(rule_id, (rule.id for rule in rules.rules))
        raise UsageError(f"there is no rule `{rule_id}`", hint=hint)
    return rule


def trial_lines(trial: Trial) -> list[str]:
    """A rule and its clauses, each with what it wanted and what it saw."""
    head = f"{'✓' if trial.holds else '✗'} {trial.rule_id}: {trial.title}"
    return [head, *(clause_line(**asdict(clause)) for clause in trial.clauses)]


def clause_line(*, name: str, wanted: str, seen: str, holds: bool) -> str:
    return f"    {'✓' if holds else '✗'} {name}: wanted {wanted}; seen {seen}"


def trial_document(trial: Trial) -> dict[str, Any]:
    """The same for programs."""
    clauses = [asdict(clause) for clause in trial.clauses]
    return {"rule": trial.rule_id, "title": trial.title, "holds": trial.holds, "clauses": clauses}
