"""`correlator settings`: what is in effect, and where each value came from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from correlator.cli.listing import table_text
from correlator.cli.options import config_option, json_option, print_json
from correlator.settings import load_settings, shown_value
from correlator.settings.secrets import SECRETS


@click.command(epilog="Example: correlator settings --config production.yaml")
@json_option
@config_option
def settings(*, as_json: bool, config: Path | None) -> None:
    """The effective settings and where each came from. Secrets are never shown, only whether they are set."""
    loaded = load_settings(config)
    effective = [(name, shown_value(value), origin) for name, value, origin in loaded.effective()]
    secrets = [(secret.variable, loaded.has_secret(secret.variable)) for secret in SECRETS]
    if as_json:
        values = {name: {"value": value, "origin": origin} for name, value, origin in effective}
        print_json({"settings": values, "secrets": dict(secrets)})
        return
    rows = [(name, origin, json.dumps(value, ensure_ascii=False)) for name, value, origin in effective]
    rows += [(name, "environment" if there else "-", "set" if there else "not set") for name, there in secrets]
    click.echo(table_text(["SETTING", "FROM", "VALUE"], rows))
