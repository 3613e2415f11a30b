"""`correlator asks`: what was asked of whom, what they answered, and how soon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.listing import table_text
from correlator.cli.options import config_option, configured_store, json_option, print_json
from correlator.errors import UsageError
from correlator.text.quantities import duration, moment

if TYPE_CHECKING:
    from correlator.lifecycle.ledger import Ask, Tally


@click.command(epilog="Example: correlator asks --team data-platform --json")
@click.option("--team", metavar="TEAM", help="The asks of one team.")
@click.option("--rule", metavar="RULE", help="The asks under one rule.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table of the asks, one line each.")
@json_option
@config_option
def asks(team: str | None, rule: str | None, *, as_csv: bool, as_json: bool, config: Path | None) -> None:
    """The ledger of asks: accepted, bounced, "send more", and the time to the first response against the target."""
    from correlator.correlating.look import utc_now
    from correlator.lifecycle.ledger import ASK_COLUMNS, ledger_document, narrowed, read_asks
    from correlator.text.spreadsheets import csv_text

    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other")
    engine = configured_store(config)
    found = narrowed(read_asks(engine, utc_now()), team=team, rule=rule)
    engine.dispose()
    if as_json:
        print_json(ledger_document(found))
    elif as_csv:
        click.echo(csv_text(ASK_COLUMNS, (ask.to_dict() for ask in found)), nl=False)
    elif found:
        click.echo(_text(found))
    else:
        click.echo("Nothing was asked of anybody; `correlator findings escalate` enters an ask.")


def _text(found: tuple[Ask, ...]) -> str:
    from correlator.lifecycle.ledger import by_rule, by_team

    heads = ("FINDING", "JOB", "TEAM", "ASKED", "OUTCOME", "FIRST RESPONSE", "IN TIME")
    rows = [
        (
            ask.finding_id,
            ask.job,
            ask.team,
            moment(ask.asked_at),
            ask.outcome,
            _lasted(ask.response_seconds),
            _in_time(ask),
        )
        for ask in found
    ]
    parts = [table_text(heads, rows), _tallies("TEAM", by_team(found)), _tallies("RULE", by_rule(found))]
    return "\n\n".join(parts)


def _in_time(ask: Ask) -> str:
    return {None: "not due yet", True: "yes", False: "no"}[ask.in_time]


def _tallies(name: str, tallies: tuple[Tally, ...]) -> str:
    heads = (name, "ASKS", "ACCEPTED", "BOUNCED", "SEND MORE", "NO ANSWER", "SENT BACK", "IN TIME", "MEDIAN RESPONSE")
    rows = [
        (
            one.name or "no rule",
            str(one.asks),
            *(str(count) for count in one.outcomes.values()),
            str(one.sent_back),
            f"{one.in_time} of {one.due}",
            _lasted(one.median_response_seconds),
        )
        for one in tallies
    ]
    return table_text(heads, rows)


def _lasted(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)
