"""`python -m connectors.standin FOLDER`: the stand-in by itself, for trying a configuration without a vendor."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import click

from connectors.standin.serving import serve_standin
from correlator.errors import CorrelatorError


@click.command(epilog="Example: python -m connectors.standin story --datadog-port 9101 --pagerduty-port 9102")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--datadog-port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--pagerduty-port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
def serve(folder: Path, datadog_port: int, pagerduty_port: int) -> None:
    """Speak Datadog's and PagerDuty's APIs on loopback from FOLDER, until Ctrl-C. Any keys are accepted."""
    ending = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    with serve_standin(folder, datadog_port=datadog_port, pagerduty_port=pagerduty_port) as standin:
        click.echo(f"datadog.host: {standin.datadog_url}")
        click.echo(f"pagerduty.url: {standin.pagerduty_url}")
        ending.wait()


def main() -> None:
    """Errors as two lines, as everywhere."""
    try:
        serve()
    except CorrelatorError as error:
        click.echo(f"error: {error.message}", err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
