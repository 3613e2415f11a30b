"""`correlator walk`: a node was in trouble; where did it start? From metrics on a dependency graph alone."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from correlator.cli.options import config_option
from correlator.cli.times import moment_of
from correlator.errors import CorrelatorError, InputError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from correlator.tables.frames import Tables
    from correlator.walking.walk import Evidence, Origin

EPILOG = "Example: correlator walk shop --target frontend --from 2026-03-30T10:00:00Z --to 2026-03-30T10:15:00Z --json"


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="NODE", help="The job or service in trouble, written exactly.")
@click.option("--from", "start", required=True, metavar="TIME", help="ISO 8601 with an offset; before is ordinary.")
@click.option("--to", "end", required=True, metavar="TIME", help="ISO 8601 with an offset; rows after are not read.")
@click.option("--metric", metavar="NAME", help="The target's metric in trouble, where it is known.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@config_option
def walk(
    folder: Path, target: str, start: str, end: str, metric: str | None, *, as_json: bool, config: Path | None
) -> None:
    """Rank the nodes of FOLDER by how likely the trouble of a node started there.

    FOLDER holds metrics and dependencies, and runs where there are any. Nothing is listed when nothing is out of the
    ordinary.
    """
    del config  # taken so that every command takes it; a walk depends on nothing but its arguments
    try:
        ranking = _ranking(folder, target, moment_of("--from", start), moment_of("--to", end), metric)
    except CorrelatorError as error:  # this command's errors are one line
        raise type(error)(" ".join(error.message.split())) from error
    if as_json:
        click.echo(json.dumps({"target": target, "ranking": [asdict(one) for one in ranking]}, indent=1))
    else:
        click.echo("\n".join(_lines(ranking)) or f"Nothing out of the ordinary at or upstream of {target}.")


def _ranking(folder: Path, target: str, start: datetime, end: datetime, metric: str | None) -> tuple[Origin, ...]:
    from correlator.tables.frames import to_micros
    from correlator.tables.reading import read_folder
    from correlator.walking.frames import series_of
    from correlator.walking.paths import downstream_of
    from correlator.walking.walk import Question, rank_origins

    if end < start:
        raise UsageError(f"--to {end.isoformat()} is before --from {start.isoformat()}")
    tables = read_folder(folder, runs_required=False, circles_allowed=True)
    _check_folder(folder, tables)
    series = series_of(tables)
    downstream = downstream_of(tables.dependencies)
    question = Question(target, to_micros(start), to_micros(end), metric)
    known = {one.node for one in series} | set(downstream) | {one for some in downstream.values() for one in some}
    if target not in known:
        raise UsageError(f"{folder}: no node {target!r} in its metrics or dependencies")
    inside = [one for one in series if one.node == target and _rows_inside(one.at, question.start, question.end)]
    if not inside:
        raise UsageError(f"{folder}: no rows of {target!r} from {start.isoformat()} to {end.isoformat()}")
    if metric is not None and all(one.metric != metric for one in series if one.node == target):
        raise UsageError(f"{folder}: {target!r} has no metric {metric!r}")
    return rank_origins(series, downstream, question)


def _check_folder(folder: Path, tables: Tables) -> None:
    """A walk needs metrics and edges; rows that were set aside are counted on standard error."""
    if not any((folder / f"metrics{ending}").exists() for ending in (".csv", ".jsonl", ".parquet")):
        raise InputError(f"{folder}: no table of metrics in it")
    if not any((folder / f"dependencies{ending}").exists() for ending in (".yaml", ".yml")):
        raise InputError(f"{folder}: no dependencies.yaml in it")
    if tables.rejected:
        first = tables.rejected[0]
        click.echo(f"{len(tables.rejected)} rows set aside, the first: {first.file}: {first.reason}", err=True)


def _rows_inside(at: NDArray[np.int64], start: int, end: int) -> bool:
    return bool(((at >= start) & (at <= end)).any())


def _lines(ranking: tuple[Origin, ...]) -> list[str]:
    return [
        f"{place}. {one.job}  {one.score:.1f}  {' -> '.join(one.path)}"
        + "".join(f"\n     {_sentence(sign)}" for sign in one.evidence)
        + (f"\n     did not move: {', '.join(one.unmoved)}" if one.unmoved else "")
        for place, one in enumerate(ranking, start=1)
    ]


def _sentence(sign: Evidence) -> str:
    given = f", allowing for {sign.given}" if sign.given else ""
    return (
        f"{sign.metric}  {sign.before:g}{sign.unit} -> {sign.after:g}{sign.unit}  z {sign.z:+.1f}{given};"
        f" began after {sign.onset_after}, by {sign.onset_by}"
    )
