"""`correlator handover`: what the next one on call has to know, drafted from the data."""

from __future__ import annotations

from pathlib import Path

import click

from correlator.cli.options import config_option, configured_store, json_option, print_json


@click.command(epilog="Example: correlator handover > handover.md")
@json_option
@config_option
def handover(*, as_json: bool, config: Path | None) -> None:
    """A handover as Markdown: conditions, actions, needs, what is ruled out, the next decision. Nothing is stored."""
    from correlator.correlating.look import utc_now
    from correlator.handover.text import draft_markdown
    from correlator.handover.writing import drafted

    engine = configured_store(config)
    try:
        draft = drafted(engine, utc_now())
    finally:
        engine.dispose()
    if as_json:
        print_json(draft.to_dict())
    else:
        click.echo(draft_markdown(draft), nl=False)
