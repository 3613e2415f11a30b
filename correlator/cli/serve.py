"""`correlator run`, `correlator web`, `correlator serve`: the parts that stay."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from correlator.cli.options import config_option
from correlator.logs import set_up_logs
from correlator.settings import Settings, load_settings

port_option = click.option("--port", type=click.IntRange(1, 65535), help="Port of the pages, instead of `web.port`.")


@click.command(epilog="Example: correlator run --config correlator.yaml")
@config_option
def run(config: Path | None) -> None:
    """The scheduler: pull each source, correlate what changed, attach; again and again.

    Each job runs in a process of its own and is cut when it takes longer than `schedule.job_limit_seconds`. Several
    schedulers may run on one database: one works, the others stand by. SIGTERM or Ctrl-C ends it and its jobs.
    """
    from correlator.scheduling.service import run_scheduler

    settings = load_settings(config)
    set_up_logs(settings)
    run_scheduler(settings, config)


@click.command(epilog="Example: correlator web --port 8421")
@config_option
@port_option
def web(config: Path | None, port: int | None) -> None:
    """The pages and the API, until SIGTERM or Ctrl-C."""
    from web.server import serve as serve_pages

    settings = _settings(config, port)
    set_up_logs(settings)
    signal.signal(signal.SIGTERM, _end)
    serve_pages(settings)


@click.command(epilog="Example: correlator serve --port 8420")
@config_option
@port_option
def serve(config: Path | None, port: int | None) -> None:
    """Scheduler and pages in one, for one machine: two processes that start and end together."""
    from correlator.scheduling.supervisor import serve_all

    settings = _settings(config, port)
    set_up_logs(settings)
    serve_all(settings, config=config, ready=_say_where)


def _settings(config: Path | None, port: int | None) -> Settings:
    settings = load_settings(config)
    if port is None:
        return settings
    values = {**settings.values, "web.port": port}
    return Settings(values, {**settings.origin, "web.port": "--port"}, settings.environment)


def _say_where(address: str) -> None:
    click.echo(f"pages: {address}  (Ctrl-C ends pages and scheduler)", err=True)


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends the pages as Ctrl-C does: requests under way are finished."""
    sys.exit(0)
