"""`correlator check`: these runs failed and passed on retry; is it systemic?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from correlator.cli.listing import findings_text
from correlator.cli.options import config_option, json_option, print_json, say
from correlator.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from correlator.checking.judging import Judged
    from correlator.settings import Settings

MOST_TENANTS: Final = 5
"""So many are named where a job runs for others than the one asked about."""
EPILOG: Final = (
    "Example: correlator check run-4711 run-4715 --json   or   correlator check --job export_ads --tenant tenant-01"
)


@click.command(epilog=EPILOG)
@click.argument("run_ids", metavar="RUN_ID...", nargs=-1)
@click.option("--job", help="Ask about a job instead of runs.")
@click.option("--tenant", help="Only in this tenant; without it in every tenant that runs the job.")
@json_option
@config_option
@click.pass_context
def check(
    context: click.Context,
    run_ids: tuple[str, ...],
    job: str | None,
    tenant: str | None,
    *,
    as_json: bool,
    config: Path | None,
) -> None:
    """The verdict for these runs: one answer a job, in the shape of a finding.

    RUN_ID is an attempt or a logical run; the name of a job or the id of an incident will do as well.
    """
    if bool(run_ids) == bool(job):
        raise UsageError("either run ids or --job is needed", hint=EPILOG)
    if tenant is not None and job is None:
        raise UsageError("--tenant goes with --job", hint=EPILOG)
    answers, unknown = _asked(run_ids, job, tenant, config)
    for error in unknown.values():
        say(f"error: {error}")
    if unknown:
        say("hint: `correlator sources` shows how far each source was read")
    if as_json:
        print_json({"findings": [_document(answer) for answer in answers], "unknown": list(unknown)})
    elif answers:
        click.echo(findings_text([one.finding for one in answers], [one.id for one in answers]))
        click.echo("\n".join(one.finding.summary for one in answers if one.finding.summary))
    if unknown:
        context.exit(1)


def _asked(
    run_ids: tuple[str, ...], job: str | None, tenant: str | None, config: Path | None
) -> tuple[list[Judged], dict[str, str]]:
    """The answers, and what is said of each name that has none."""
    from correlator.checking.answers import check_job, check_names
    from correlator.checking.judging import judged
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    settings: Settings = load_settings(config)
    engine: Engine = open_store(settings.database_url())
    try:
        checked = check_job(engine, job, tenant) if job else check_names(engine, run_ids)
        unknown = _unknown(engine, checked.unknown) | _nowhere(engine, checked.nowhere)
        return judged(engine, settings, checked.answers), unknown
    finally:
        engine.dispose()


def _unknown(engine: Engine, names: Sequence[str]) -> dict[str, str]:
    from correlator.checking.answers import LOOKED_IN, names_meant

    return {
        name: f"{name} is not known: looked among the {LOOKED_IN}" + (f"; near it: {', '.join(near)}" if near else "")
        for name, near in zip(names, names_meant(engine, names), strict=True)
    }


def _nowhere(engine: Engine, jobs: Collection[tuple[str, str]]) -> dict[str, str]:
    """Jobs that are not known in the tenant they were asked for in, with the tenants where they are."""
    from correlator.store.names import jobs_named

    told = {}
    for tenant, job in jobs:
        where = [place.tenant or "the unnamed one" for place in jobs_named(engine, [job], MOST_TENANTS)]
        told[f"{job} in tenant {tenant!r}"] = f"no run of {job} is stored for tenant {tenant!r}" + (
            f"; it runs for {', '.join(where)}" if where else ", nor for another one"
        )
    return told


def _document(answer: Judged) -> dict[str, Any]:
    return answer.document | {"run_ids": list(answer.run_ids)}
