"""`correlator customers`: drafts of messages to the customers whom a finding concerns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.options import config_option, json_option, print_json, say
from correlator.errors import UsageError
from correlator.text.quantities import tenant_name

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from correlator.messages.reading import Customer
    from correlator.messages.workflow import Prepared
    from correlator.settings import Settings

    Drafts = list[tuple[Customer, Prepared]]


@click.command(epilog="Example: correlator customers F-ABCDEFGHIJ --tenant tenant-07")
@click.argument("finding_id", metavar="FINDING")
@click.option("--tenant", metavar="TENANT", help="The draft for one customer alone.")
@json_option
@config_option
def customers(finding_id: str, tenant: str | None, *, as_json: bool, config: Path | None) -> None:
    """A draft for each customer: what is known, what is not, what it means for them. Nothing is stored or sent."""
    from correlator.messages.document import draft_document
    from correlator.settings import load_settings
    from correlator.store.database import open_store

    settings = load_settings(config)
    engine = open_store(settings.database_url())
    try:
        drafts = _drafts(engine, settings, finding_id, tenant)
    finally:
        engine.dispose()
    if as_json:
        print_json({"drafts": [draft_document(customer, prepared) for customer, prepared in drafts]})
        return
    for customer, prepared in drafts:
        say(f"To {tenant_name(customer.tenant)}, about {customer.finding_id}:")
        for problem in prepared.problems:
            say(f"  must not go out: {problem.sentence}")
        click.echo(prepared.draft.text)


def _drafts(engine: Engine, settings: Settings, finding_id: str, tenant: str | None) -> Drafts:
    from correlator.correlating.look import utc_now
    from correlator.lifecycle.life import wanted_finding
    from correlator.messages.drafting import Manner
    from correlator.messages.reading import customers_of
    from correlator.messages.workflow import prepare

    manner, now = Manner.of(settings), utc_now()
    found = customers_of(engine, wanted_finding(engine, finding_id))
    chosen = [one for one in found if tenant in (None, one.tenant)]
    if not chosen:
        names = ", ".join(tenant_name(one.tenant) for one in found)
        raise UsageError(f"{finding_id} does not concern {tenant!r}", hint=f"it concerns {names}")
    return [(one, prepare(engine, wanted_finding(engine, one.finding_id), manner, now)) for one in chosen]
