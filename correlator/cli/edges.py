"""`correlator edges`: which job stands on which, who says so, since when, and how closely the runs follow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from correlator.cli.listing import table_text
from correlator.cli.options import config_option, json_option, print_json
from correlator.model import iso

if TYPE_CHECKING:
    from correlator.history.columns import History
    from correlator.store.edges import StoredEdge

_HEADS = ("UPSTREAM", "DOWNSTREAM", "TENANT", "ORIGIN", "SOURCE", "SINCE", "ENDED", "RUNS", "LAG")


@click.command(epilog="Example: correlator edges --ended --json")
@click.option("--ended", is_flag=True, help="Those that have ended too.")
@json_option
@config_option
def edges(config: Path | None, *, ended: bool, as_json: bool) -> None:
    """The dependencies that hold: who says so, since when, and how the runs of the two jobs follow each other.

    `runs` counts the downstream's runs in the analysis window that began after a new output of the upstream, and `lag`
    is the median time between the two.
    """
    documents = _documents(config, ended)
    if as_json:
        print_json({"edges": documents})
    elif documents:
        click.echo(table_text(_HEADS, [_row(one) for one in documents]))
    else:
        click.echo("No dependencies stored; import a dependencies.yaml, or switch on a source that gives them.")


def _documents(config: Path | None, ended: bool) -> list[dict[str, Any]]:
    from correlator.correlating.look import data_until, utc_now
    from correlator.history.building import build_history
    from correlator.settings import load_settings
    from correlator.store.database import open_store
    from correlator.store.edges import list_edges
    from correlator.store.frames import read_window
    from correlator.text.times import micros

    settings = load_settings(config)
    engine = open_store(settings.database_url())
    try:
        stored = list_edges(engine, ended=ended)
        until = data_until(engine, utc_now()) or utc_now()
        start = until - timedelta(days=settings["analysis.window_days"])
        history = build_history(read_window(engine, start, until + timedelta(microseconds=1)), micros(until))
    finally:
        engine.dispose()
    return [_document(one, history) for one in stored]


def _document(stored: StoredEdge, history: History) -> dict[str, Any]:
    from correlator.history.inferred_edges import followed

    edge = stored.edge
    runs, matched, lag = followed(history, edge)
    return {
        "upstream": edge.upstream,
        "downstream": edge.downstream,
        "tenant": edge.tenant,
        "origin": edge.origin.value,
        "source": stored.source,
        "max_lag_seconds": edge.max_lag_seconds,
        "since": iso(stored.since),
        "seen": iso(stored.seen),
        "ended": iso(stored.ended) if stored.ended else None,
        "runs": runs,
        "runs_matched": matched,
        "lag_median_seconds": lag,
    }


def _row(one: dict[str, Any]) -> list[str]:
    lag = one["lag_median_seconds"]
    names = (one["upstream"], one["downstream"], one["tenant"] or "(all)", one["origin"], one["source"])
    ended = (one["ended"] or "")[:10]
    return [
        *names,
        one["since"][:10],
        ended,
        f"{one['runs_matched']}/{one['runs']}",
        "" if lag is None else f"{lag:.0f} s",
    ]
