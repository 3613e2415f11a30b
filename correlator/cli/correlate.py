"""`correlator correlate`: one look at the store, its findings stored."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from correlator.cli.listing import findings_text
from correlator.cli.options import as_of_option, config_option, json_option, print_json, say
from correlator.cli.times import moment_of
from correlator.model import Verdict, iso

if TYPE_CHECKING:
    from sqlalchemy import Engine


_SHOWN: Final = 40
_ORDER: Final = {Verdict.SYSTEMIC: 0, Verdict.INCONCLUSIVE: 1, Verdict.TRANSIENT: 2}


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
    from correlator.correlating.look import correlate_store, told, utc_now
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
        finish_job(engine, start_job(engine, "correlate", started), utc_now(), ok=True, detail=told(look))
        sum_up(engine, settings, utc_now())
    stored = list_findings(engine)
    lacks = _lacking(engine, {one.finding.job for one in stored})
    engine.dispose()
    if look is None:
        say("nothing is stored yet: `correlator pull` or `correlator import FOLDER` first")
        if as_json:
            print_json({"as_of": None, "findings": [], "changed": []})
        return
    say(f"as of {iso(look.as_of)}: {told(look)}")
    for line in lacks:
        say(line)
    if as_json:
        documents = [one.finding.to_dict() | {"id": one.id} for one in stored]
        print_json({"as_of": iso(look.as_of), "findings": documents, "changed": list(look.changed)})
    elif stored or not lacks:
        shown = sorted(stored, key=lambda one: _ORDER[one.finding.verdict])[:_SHOWN]
        click.echo(findings_text([one.finding for one in shown], [one.id for one in shown]))
        if len(stored) > len(shown):
            say(f"and {len(stored) - len(shown)} more; `correlator findings list` shows all, or those of one verdict")


def _lacking(engine: Engine, failing: Collection[str]) -> tuple[str, ...]:
    """What a look cannot do for want of data: no run says nothing about health, and without an edge from upstream every
    cause upstream looks like a job's own."""
    from correlator.store.edges import list_edges
    from correlator.store.names import known_jobs

    if not known_jobs(engine, 1):
        return (
            "note: no run of any job is stored, so nothing is known of their health",
            "hint: `correlator sources try datadog --since 1d` shows what its query finds, and why rows are not used",
        )
    if not failing or any(one.edge.downstream in failing for one in list_edges(engine)):
        return ()
    return (
        "note: of none of these jobs is it known what it reads, so no cause upstream can be found",
        "hint: write dependencies.yaml (docs/tables.md) and `correlator import` its folder, then correlate again",
    )
