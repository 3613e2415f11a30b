"""`correlator demo`: a simulated platform on stand-in vendors, pulled, correlated and shown, live."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import yaml

from correlator.cli.options import config_option
from correlator.errors import CorrelatorError, UsageError

if TYPE_CHECKING:
    from connectors.standin import Standin
    from correlator.model import Finding
    from correlator.settings import Settings
    from correlator.simulation.history import History
    from correlator.simulation.story import Told

STORY: Final = "customer-data-platform"
AHEAD: Final = timedelta(days=3)
"""How far the story is told beyond the present; a demo that runs longer sees no new runs after that."""
PULL_SECONDS: Final = 30
KEPT: Final = Path("demo-data")
KEYS: Final = {"DD_API_KEY": "demo", "DD_APP_KEY": "demo", "PAGERDUTY_API_KEY": "demo"}
OWNERS: Final = [
    {"job": "ingest_*", "team": "Data ingestion"},
    {"job": "export_*", "team": "Exports"},
    {"job": "*", "team": "Data platform"},
    {"job": "*", "team": "Platform operations", "cause": "shared"},
]
PREMIUM: Final = "tenant-03"


class DemoError(CorrelatorError):
    """A step of the demo ended badly."""


@click.command(epilog="Example: correlator demo --port 8431 --seed 7")
@click.option("--port", type=click.IntRange(1, 65535), default=8420, show_default=True, help="Port of the pages.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another history.")
@click.option("--keep", is_flag=True, help=f"Keep story, settings and store in a new folder under {KEPT}/.")
@config_option
def demo(port: int, seed: int, *, keep: bool, config: Path | None) -> None:
    """A customer-data platform with six tenants, simulated up to the present moment and going on in real time.

    Its history is served by stand-ins for Datadog and PagerDuty on loopback, pulled with the real connectors into a
    fresh store, correlated, and shown on pages that keep up with it. Ctrl-C ends everything.
    """
    if config is not None:
        raise UsageError(
            "the demo makes its own settings", hint="use --port and --seed; `correlator serve` takes --config"
        )
    from correlator.scheduling.signals import ending_event
    from web.server import refuse_taken_port

    refuse_taken_port("127.0.0.1", port)
    ending = ending_event()
    with _folder(keep) as folder:
        _play(folder, port, seed, ending, keep=keep)
    click.echo("the demo has ended", err=True)


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A fresh folder; a kept one is named by the present moment."""
    if not keep:
        with tempfile.TemporaryDirectory(prefix="correlator-demo-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    folder = KEPT / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    folder.mkdir(parents=True)
    yield folder


def _play(folder: Path, port: int, seed: int, ending: threading.Event, *, keep: bool) -> None:
    """The whole demo, step by step; ends early and quietly when `ending` is set."""
    from connectors.standin import serve_history
    from connectors.standin.facts import wall_clock

    told = _tell(seed)
    with serve_history(told.history, clock=wall_clock) as standin:
        settings_file = _write_settings(folder, port, standin)
        declared = _write_declared(folder, told.history)
        if keep:
            _keep_story(folder, told)
        for say, command in (
            ("reading the declared dependencies of the jobs", ["import", str(declared)]),
            ("pulling four weeks from Datadog and PagerDuty (stand-ins on loopback)", ["pull"]),
            ("correlating", ["correlate"]),
        ):
            click.echo(f"{say} …", err=True)
            _run(command, settings_file, ending)
            if ending.is_set():
                return
        _show(settings_file, told.history, ending)


def _tell(seed: int) -> Told:
    """The story, ending at the present minute and told on from there."""
    from correlator.simulation.stories import find_story
    from correlator.simulation.story import tell

    story = find_story(STORY)
    click.echo(f"telling the story of six tenants over {story.days} days (seed {seed}) …", err=True)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return tell(story, seed, now - timedelta(days=story.days), now, beyond=now + AHEAD)


def _write_owners(folder: Path) -> Path:
    """A rules folder that says which team owns which jobs, so that an ask has an address."""
    rules = folder / "rules"
    rules.mkdir()
    (rules / "owners.yaml").write_text(yaml.safe_dump({"owners": OWNERS}, sort_keys=False), encoding="utf-8")
    return rules


def _write_settings(folder: Path, port: int, standin: Standin) -> Path:
    """The settings file of the demo. The keys go into the environment; no other setting is taken from there."""
    days = 29
    sections = {
        "database": {"url": f"sqlite:///{(folder / 'correlator.db').resolve()}"},
        "schedule": {"pull_seconds": PULL_SECONDS, "correlate_seconds": PULL_SECONDS},
        "datadog": {
            "enabled": True,
            "host": standin.datadog_url,
            "first_pull_days": days,
            "metrics": ["memory_gib", "cpu_percent", "queue_depth"],
            "events_query": "source:deploy",
        },
        "pagerduty": {
            "enabled": True,
            "url": standin.pagerduty_url,
            "from": "correlator@example.com",
            "first_pull_days": days,
        },
        "rules": {"folders": [str(_write_owners(folder).resolve())]},
        "web": {"port": port, "base_url": f"http://127.0.0.1:{port}"},
        "log": {"level": "warning"},
    }
    file = folder / "correlator.yaml"
    file.write_text(yaml.safe_dump(sections, sort_keys=False), encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("CORRELATOR_")]:
        del os.environ[name]
    os.environ.update(KEYS)
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = "127.0.0.1"
    _keep_temporary_files(folder / "tmp")
    return file


def _keep_temporary_files(folder: Path) -> None:
    """What pages and jobs keep for the next request (bundles, the charts' script) goes away with the demo."""
    folder.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _write_declared(folder: Path, history: History) -> Path:
    """What no vendor tells: which job reads what another makes, as a folder that can be imported."""
    from dataclasses import replace

    from correlator.simulation.writing import write_history

    declared = folder / "declared"
    declared.mkdir()
    write_history(replace(history, attempts=(), metrics=(), changes=(), incidents=()), declared)
    return declared


def _keep_story(folder: Path, told: Told) -> None:
    from dataclasses import replace

    from correlator.simulation.writing import write_told

    write_told(replace(told, history=told.history.until(datetime.now(UTC))), folder / "story")
    click.echo(f"kept in {folder}: the story with its truth, correlator.yaml, correlator.db", err=True)


def _run(command: Sequence[str], settings_file: Path, ending: threading.Event) -> None:
    """One of the program's own commands in a child process, ended early when `ending` is set. Raises DemoError.

    What it says on standard error is shown; its tables are not, as the demo sums them up.
    """
    from correlator.scheduling.child import start_child

    with start_child("correlator", [*command, "--config", str(settings_file)], capture=True) as child:
        while child.status is None and not ending.is_set():
            with suppress(subprocess.TimeoutExpired):
                child.output(0.1)
        if child.status:
            raise DemoError(
                f"`correlator {command[0]}` ended with status {child.status}", hint="the lines above say why"
            )


def _show(settings_file: Path, history: History, ending: threading.Event) -> None:
    """What was found, then pages and scheduler until the end."""
    from correlator.logs import set_up_logs
    from correlator.scheduling.supervisor import serve_all
    from correlator.settings import load_settings

    settings = load_settings(settings_file)
    set_up_logs(settings)
    for line in summary(_findings(settings)):
        click.echo(line)
    serve_all(settings, config=settings_file, ready=_say_where(history), ending=ending)


def _findings(settings: Settings) -> list[Finding]:
    from correlator.store.database import open_store
    from correlator.store.findings import list_findings

    engine = open_store(settings.database_url())
    try:
        return [stored.finding for stored in list_findings(engine)]
    finally:
        engine.dispose()


def summary(findings: Sequence[Finding]) -> list[str]:
    """Three lines: what an upstream job causes, what else is systemic, and what is not."""
    own = [f"{item.job} of {item.tenant}" for item in findings if item.cause == "self"]
    shared = sum(item.cause == "shared" for item in findings)
    chance = sum(item.verdict == "transient" for item in findings)
    open_ones = sum(item.verdict == "inconclusive" for item in findings)
    return [
        f"upstream cause: {'; '.join(_by_root(findings)) or 'none'}",
        f"other causes:   {_shortened(own)} by themselves; {_jobs(shared)} in a shared outage",
        f"not systemic:   {_jobs(chance)} by chance; {_jobs(open_ones)} too early to tell",
    ]


def _by_root(findings: Sequence[Finding]) -> list[str]:
    """One phrase for each root: which jobs it fails, how often, against how often by chance."""
    victims: dict[tuple[str, str], list[Finding]] = {}
    for item in findings:
        if item.cause == "upstream" and item.root_job:
            victims.setdefault((item.tenant, item.root_job), []).append(item)
    phrases = []
    for (tenant, root), group in sorted(victims.items(), key=lambda pair: -len(pair[1])):
        observed = sum(item.observed or 0 for item in group)
        expected = sum(item.expected_by_chance or 0.0 for item in group)
        jobs = " and ".join(item.job for item in group)
        phrases.append(f"{root} fails {jobs} of {tenant} ({observed} runs, {expected:.1f} expected by chance)")
    return phrases


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"


def _shortened(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or "none"


def _say_where(history: History) -> Callable[[str], None]:
    def say(address: str) -> None:
        click.echo(f"pages: {address}")
        click.echo(f"The story goes on in real time; it is pulled every {PULL_SECONDS} s.", err=True)
        for line in coming(history, datetime.now(UTC)):
            click.echo(line, err=True)
        click.echo("Ctrl-C ends the demo.", err=True)

    return say


def coming(history: History, now: datetime) -> list[str]:
    """What will be seen soon: the next failures of the premium tenant that the story holds."""
    soon = sorted(
        (item.finished_at, item.job, item.status.value)
        for item in history.attempts
        if item.tenant == PREMIUM and item.error and item.finished_at and now < item.finished_at
    )
    return [f"  {at:%H:%M} UTC: {job} of {PREMIUM} {status.replace('_', ' ')}" for at, job, status in soon[:3]]
