"""`correlator rules replay`: what all rules would have said over the last days, kept for the pages."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from correlator.cli.listing import table_text
from correlator.cli.options import config_option, configured_store, json_option, print_json, say
from correlator.errors import UsageError
from correlator.model import iso
from correlator.settings import load_settings
from correlator.store.rule_replays import LOOKS, Basis, ReplayState, ask_replay, firing_counts, last_replay
from correlator.text.quantities import moment as utc_words


@click.command(
    short_help="Replay the last days with all rules, for the pages.",
    epilog="Example: correlator rules replay --days 28 --basis happened",
)
@click.option("--days", type=click.IntRange(1, 366), default=28, show_default=True, help="How many days to replay.")
@click.option(
    "--basis",
    type=click.Choice([basis.value for basis in Basis]),
    default=Basis.KNOWN.value,
    show_default=True,
    help="What counts at each look: what was stored by then, or what had happened by then (for an imported history).",
)
@json_option
@config_option
def replay(days: int, basis: str, *, as_json: bool, config: Path | None) -> None:
    """Replay the last days of the store with all rules, and keep what they would have said for the page of each.

    The same as the button on the pages, done here and now instead of by the scheduler.
    """
    from correlator.backtesting.rule_replay import play_asked

    engine, settings, now = configured_store(config), load_settings(config), datetime.now(UTC)
    lost_before = now - timedelta(seconds=settings["schedule.job_limit_seconds"])
    step = days * 86400 // LOOKS
    if not ask_replay(engine, getpass.getuser(), days, step, Basis(basis), now, lost_before):
        raise UsageError(
            "a replay was asked for already, and is not done", hint="the page of rules shows how it stands"
        )
    play_asked(engine, settings, now)
    done = last_replay(engine, ReplayState.DONE)
    if done is None or done.window_start is None or done.window_end is None:
        raise UsageError("another process plays the replay that was asked for", hint="the page of rules shows it")
    counts = firing_counts(engine, done.id)
    if as_json:
        window = {"from": iso(done.window_start), "to": iso(done.window_end), "looks": done.looks}
        rules = {rule: {"held": c.held, "said": c.said, "noise": c.noise} for rule, c in counts.items()}
        print_json(window | {"rules": rules, "remark": done.detail})
        return
    rows = [[rule, str(counts[rule].held), str(counts[rule].said), str(counts[rule].noise)] for rule in counts]
    click.echo(table_text(["RULE", "HELD", "SAID", "NOISE"], rows) if rows else "No rule would have spoken.")
    say(
        f"{done.looks} looks from {utc_words(done.window_start)} to {utc_words(done.window_end)}. {done.detail}".strip()
    )
