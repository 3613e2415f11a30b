"""The command line: one file a command, named in one table, imported when called."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from correlator import __version__
from correlator.errors import CorrelatorError, UsageError

SECTIONS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    # what `correlator --help` groups: name: (module:attribute, what it says there)
    "Try it": {
        "demo": ("correlator.cli.demo:demo", "A simulated platform on stand-in vendors, live."),
        "analyze": ("correlator.cli.analyze:analyze", "Judge a folder of tables; nothing is stored."),
        "simulate": ("correlator.cli.simulate:simulate", "Write a simulated history with known causes."),
        "backtest": ("correlator.cli.backtest:backtest", "Replay history: when would each finding have been raised?"),
        "walk": ("correlator.cli.walk:walk", "Rank where a problem started, from metrics on the graph."),
    },
    "Run it": {
        "serve": ("correlator.cli.serve:serve", "Scheduler and pages in one, for one machine."),
        "run": ("correlator.cli.serve:run", "The scheduler: pull, correlate and attach, continuously."),
        "web": ("correlator.cli.serve:web", "The pages and the API."),
        "pull": ("correlator.cli.pull:pull", "Pull every configured source once."),
        "backfill": ("correlator.cli.backfill:backfill", "Read a long stretch of a source's past."),
        "import": ("correlator.cli.tables:import_", "Read a folder of tables into the store."),
        "export": ("correlator.cli.tables:export", "Write what is stored as a folder of tables."),
        "correlate": ("correlator.cli.correlate:correlate", "Judge what is stored and store the findings."),
    },
    "Findings and evidence": {
        "check": ("correlator.cli.check:check", "The verdict for these runs, or for a job."),
        "findings": ("correlator.cli.findings:findings", "List findings; confirm, dismiss or escalate one."),
        "packet": ("correlator.cli.packet:packet", "Print the evidence packet of a finding."),
        "bundle": ("correlator.cli.bundle:bundle", "Create, verify, redact and compare evidence bundles."),
        "attach": ("correlator.cli.attach:attach", "Write what is known to an incident as its one note."),
        "asks": ("correlator.cli.asks:asks", "What was asked of which team, and the answers."),
        "handover": ("correlator.cli.handover:handover", "Draft a shift handover."),
        "customers": ("correlator.cli.customers:customers", "Draft messages to the customers of a finding."),
        "draft": ("correlator.cli.draft:draft", "Draft a root-cause report or a runbook."),
    },
    "Set up and administer": {
        "settings": ("correlator.cli.settings:settings", "Effective settings and where each came from."),
        "sources": ("correlator.cli.sources:sources", "State of each source; check its setup."),
        "edges": ("correlator.cli.edges:edges", "Which job reads from which, and who says so."),
        "rules": ("correlator.cli.rules:rules", "List, check and try the rules."),
        "actions": ("correlator.cli.actions:actions", "Remediations that rules propose: approve, refuse, run."),
        "access": ("correlator.cli.access:access", "Show access settings; end sessions."),
        "tokens": ("correlator.cli.tokens:tokens", "Create, list and revoke API tokens."),
        "audit": ("correlator.cli.audit:audit", "Show the audit log."),
    },
}
COMMANDS: Final = {name: found for section in SECTIONS.values() for name, found in section.items()}


class _Lazy(click.Group):
    """Lists commands without importing them; `--help` of the whole stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, words) for name, (_, words) in commands.items()], col_max=12)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """With the names that a mistyped one is near to: click itself knows only of imported commands."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None


@click.command(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `correlator demo`, or `correlator analyze FOLDER` on your own tables.",
)
@click.version_option(__version__, prog_name="correlator")
def correlator() -> None:
    """Are these retried failures systemic, transient, or is it too early to say?

    Reads job runs, dependencies, metrics, changes and incidents; aligns failures across upstream and downstream
    jobs; decides with statistics that can be checked; and packs the evidence.
    """


def main() -> None:
    """The entry point: every expected error becomes two lines and an exit status."""
    try:
        status = correlator(standalone_mode=False)
    except click.exceptions.Abort:
        status = 130
    except click.ClickException as error:
        print_error(UsageError(error.format_message(), hint=_usage_hint(error)))
        status = 2
    except CorrelatorError as error:
        print_error(error)
        status = error.exit_status
    except BrokenPipeError:
        sys.stderr.close()
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _usage_hint(error: click.ClickException) -> str:
    """Where to read on: the help of the command that was called wrongly."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"`{context.command_path if context else 'correlator'} --help` shows how it is called"


def print_error(error: CorrelatorError) -> None:
    """`error:` and `hint:` lines on standard error."""
    click.echo(f"error: {error.message}", err=True)
    if error.hint:
        click.echo(f"hint: {error.hint}", err=True)
