"""`correlator sources check`: what the keys may do, and what does not work without."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.options import config_option, json_option, no_source, print_json

if TYPE_CHECKING:
    from correlator.ports import Probe
    from correlator.settings import Settings

_MARKS = {"ok": "✓", "missing": "✗", "unknown": "?"}


@click.command(
    short_help="Test the keys and permissions of each source.",
    epilog="Example: correlator sources check datadog --json",
)
@click.argument("kind", required=False)
@config_option
@json_option
def check(kind: str | None, config: Path | None, *, as_json: bool) -> None:
    """Ask each enabled source, or KIND, for everything it needs: what is allowed, missing, and works less without.

    One small request each, nothing is stored or written. Exit status 1 when something that is needed is missing, or
    could not be asked for.
    """
    from connectors.registry import check_kind
    from correlator.settings import load_settings

    settings = load_settings(config)
    found = {name: check_kind(name, settings) for name in _chosen(settings, kind, config)}
    if as_json:
        print_json({"sources": [_document(name, probes) for name, probes in found.items()]})
    else:
        click.echo("\n".join(line for name, probes in found.items() for line in _lines(name, probes)))
    if any(probe.fails for probes in found.values() for probe in probes):
        raise SystemExit(1)


def _chosen(settings: Settings, kind: str | None, config: Path | None) -> list[str]:
    from connectors.registry import enabled_kinds

    if kind is not None:
        return [kind]
    if enabled := enabled_kinds(settings):
        return enabled
    raise no_source(config)


def _document(name: str, probes: list[Probe]) -> dict[str, Any]:
    return {"source": name, "ok": not any(probe.fails for probe in probes), "probes": [asdict(one) for one in probes]}


def _lines(name: str, probes: list[Probe]) -> list[str]:
    failing = sum(probe.fails for probe in probes)
    return [
        f"{name}: {'ready' if not failing else f'{failing} of {len(probes)} missing or not to be asked for'}",
        *(line for probe in probes for line in _probe_lines(probe)),
    ]


def _probe_lines(probe: Probe) -> list[str]:
    """`✓ spans search (apm_read): allowed`, and below it what is missing without and what to do."""
    permission = f" ({probe.permission})" if probe.permission else ""
    lines = [f"  {_MARKS[probe.found.value]} {probe.name}{permission}: {probe.said or probe.found.value}"]
    if probe.found.value != "ok":
        lines += [f"      without it: {probe.without}"] if probe.without else []
        lines += [f"      hint: {probe.hint}"] if probe.hint else []
    return lines
