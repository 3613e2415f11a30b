"""The command line: one file a command, named in one dict, imported when called."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from correlator import __version__
from correlator.errors import CorrelatorError, UsageError

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    # name: (module:attribute, what `correlator --help` says)
    "analyze": ("correlator.cli.analyze:analyze", "Verdicts for a folder of tables; nothing is stored."),
    "backtest": ("correlator.cli.backtest:backtest", "Replay history: when would each finding have been raised?"),
    "walk": ("correlator.cli.walk:walk", "Where the trouble of a node started, from metrics on the graph."),
    "simulate": ("correlator.cli.simulate:simulate", "Write a story's history, with its truth beside it."),
    "import": ("correlator.cli.tables:import_", "Read a folder of tables into the store."),
    "export": ("correlator.cli.tables:export", "Write what is stored as a folder of tables."),
    "pull": ("correlator.cli.pull:pull", "Pull every configured source once."),
    "backfill": ("correlator.cli.backfill:backfill", "Read a long stretch of a source's past."),
    "correlate": ("correlator.cli.correlate:correlate", "Make findings from the store."),
    "findings": ("correlator.cli.findings:findings", "List findings, or say what becomes of one."),
    "asks": ("correlator.cli.asks:asks", "What was asked of whom, what they answered, and how soon."),
    "handover": ("correlator.cli.handover:handover", "What the next one on call has to know, drafted."),
    "customers": ("correlator.cli.customers:customers", "Drafts of messages to the customers of a finding."),
    "draft": ("correlator.cli.draft:draft", "A root-cause write-up or runbook, to edit."),
    "check": ("correlator.cli.check:check", "The verdict for these runs, or for a job."),
    "attach": ("correlator.cli.attach:attach", "Write what is known to an incident as its one note."),
    "packet": ("correlator.cli.packet:packet", "What an owner or an incident gets to read."),
    "bundle": ("correlator.cli.bundle:bundle", "Make evidence bundles; verify, redact, compare them."),
    "rules": ("correlator.cli.rules:rules", "Check the rule files and try them."),
    "actions": ("correlator.cli.actions:actions", "What rules may do about known errors, and who lets them."),
    "sources": ("correlator.cli.sources:sources", "Each source: last good pull, coverage, errors."),
    "edges": ("correlator.cli.edges:edges", "Which job stands on which, and who says so."),
    "access": ("correlator.cli.access:access", "Which ways in are configured; log somebody out."),
    "tokens": ("correlator.cli.tokens:tokens", "API tokens: make, list and revoke them."),
    "audit": ("correlator.cli.audit:audit", "Who wrote what, and who took evidence along."),
    "settings": ("correlator.cli.settings:settings", "Effective settings and where each came from."),
    "run": ("correlator.cli.serve:run", "The scheduler: pull, correlate, attach, again and again."),
    "web": ("correlator.cli.serve:web", "The pages and the API."),
    "serve": ("correlator.cli.serve:serve", "Scheduler and pages in one, for one machine."),
    "demo": ("correlator.cli.demo:demo", "A simulated platform on stand-in vendors, live."),
}


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
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


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
