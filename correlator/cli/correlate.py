"""`correlator correlate`: one look at the store, its findings stored."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.listing import findings_text
from correlator.cli.options import as_of_option, config_option, json_option, moment_of, print_json, say
from correlator.model import iso

if TYPE_CHECKING:
    from sqlalchemy import Engine


@click.command(epilog="Example: correlator correlate && correlator findings list")
@as_of_option
@json_option
@config_option
def correlate(as_of: str | None, *, as_json: bool, config: Path | None) -> None:
    """Judge the stored history of the last `analysis.window_days`, store the findings, and bring the sums by month up
    to date that the reports are made of.

    Without --as-of the window ends with the latest fact stored.
    """
    moment = moment_of("--as-of", as_of)
    from correlator.correlating import correlate_store, utc_now
    from correlator.settings import load_settings
    from correlator.store.database import open_store
    from correlator.store.findings import list_findings
    from correlator.store.ledger import finish_job, start_job
    from correlator.sums import sum_up

    settings = load_settings(config)
    engine = open_store(settings.database_url())
    started = utc_now()
    look = correlate_store(engine, settings, started, moment)
    if look is not None:  # the pages read from the ledger when verdicts were last made, also where all is quiet
        detail = f"{look.findings} findings, {len(look.changed)} of them new or changed"
        finish_job(engine, start_job(engine, "correlate", started), utc_now(), ok=True, detail=detail)
        sum_up(engine, settings, utc_now())
    stored = list_findings(engine)
    blind = bool(stored) and not _inputs_known(engine, {one.finding.job for one in stored})
    engine.dispose()
    if look is None:
        say("nothing is stored yet: `correlator pull` or `correlator import FOLDER` first")
        if as_json:
            print_json({"as_of": None, "findings": [], "changed": []})
        return
    say(f"as of {iso(look.as_of)}: {look.findings} findings, {len(look.changed)} of them new or changed")
    if blind:
        say("note: of none of these jobs is it known what it reads, so no cause upstream can be found")
        say("hint: write dependencies.yaml (docs/tables.md) and `correlator import` its folder, then correlate again")
    if as_json:
        documents = [one.finding.to_dict() | {"id": one.id} for one in stored]
        print_json({"as_of": iso(look.as_of), "findings": documents, "changed": list(look.changed)})
    else:
        click.echo(findings_text([one.finding for one in stored], [one.id for one in stored]))


def _inputs_known(engine: Engine, jobs: Collection[str]) -> bool:
    """Whether any of the jobs has an edge from upstream: without one every cause upstream looks like its own."""
    from correlator.store.edges import list_edges

    return any(one.edge.downstream in jobs for one in list_edges(engine))
