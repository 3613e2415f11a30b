"""Options that several commands share, and what they are read into."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from correlator.model import Analysis

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Settings file; without it correlator.yaml, where there is one, then the built-in defaults.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
as_of_option = click.option("--as-of", metavar="TIME", help="Answer as if run at that moment; ISO 8601 with an offset.")


def print_json(document: Any) -> None:
    """A document on standard output: same document, same bytes; other alphabets readable."""
    click.echo(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))


def print_analysis(analysis: Analysis) -> None:
    """The document of an analysis on standard output, a line a finding: there may be many thousands of them."""
    document = replace(analysis, findings=()).to_dict()
    members = [
        f"{json.dumps(key)}: {_findings_json(analysis) if key == 'findings' else _json(value)}"
        for key, value in document.items()
    ]
    click.echo("{\n" + ",\n".join(members) + "\n}")


def _findings_json(analysis: Analysis) -> str:
    return "[\n" + ",\n".join(_json(finding.to_dict()) for finding in analysis.findings) + "\n]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def no_source(config: Path | None) -> UsageError:
    """Nothing to pull from: the settings file enables no source, or there is none where it was looked for."""
    from connectors.registry import KINDS
    from correlator.settings import DEFAULT_FILE

    if config is None and not DEFAULT_FILE.exists():
        return UsageError(
            f"no source is configured: there is no {DEFAULT_FILE} in {Path.cwd()}",
            hint="copy docs/correlator.example.yaml there, or name the file with --config",
        )
    names = ", ".join(f"{name}.enabled" for name, kind in KINDS.items() if kind.reads)
    return UsageError(f"no source is configured in {config or DEFAULT_FILE}", hint=f"set one of {names}")


def say(message: str) -> None:
    """Progress, on standard error."""
    click.echo(message, err=True)


def configured_store(config: Path | None) -> Engine:
    """The store that the settings name, opened."""
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    return open_store(load_settings(config).database_url())
