"""`correlator bundle redact`: a second bundle for other eyes."""

from __future__ import annotations

from pathlib import Path

import click

from correlator.cli.options import config_option, json_option, print_json, say


@click.command(
    short_help="Make a second bundle with names under pseudonyms.",
    epilog="Example: correlator bundle redact evidence.zip --audience customer -o for-customer.zip",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--audience", required=True, help="For whom: `customer` (nothing of other tenants) or `partner`.")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@json_option
@config_option
def redact(file: Path, *, audience: str, out: Path, as_json: bool, config: Path | None) -> None:
    """Make a second bundle with tenants, hosts, people, addresses and secrets under pseudonyms.

    The verdict is computed again from the redacted history, and must be the same; where it would not be, nothing is
    written. `redaction.patterns` are replaced too. With CORRELATOR_REDACTION_KEY all bundles have the same pseudonyms.
    """
    from correlator.evidence.redaction.audiences import audience_named
    from correlator.evidence.redaction.patterns import own_patterns
    from correlator.evidence.redaction.redact import redact_bundle
    from correlator.evidence.words import verdict_line
    from correlator.settings import load_settings

    settings = load_settings(config)
    key = settings.secret(_KEY) if settings.has_secret(_KEY) else ""
    patterns = own_patterns(settings["redaction.patterns"])
    done = redact_bundle(file, out, audience_named(audience), key=key, patterns=patterns)
    if as_json:
        document = {"file": str(out), "size": out.stat().st_size, "finding_id": done.finding_id, "audience": audience}
        print_json(document | {"verdict": verdict_line(done.finding), "made": list(done.made)})
        return
    click.echo(verdict_line(done.finding))
    for line in done.made:
        say(f"{line}.")
    say(f"written to {out} ({out.stat().st_size:,} bytes) as {done.finding_id}")


_KEY = "CORRELATOR_REDACTION_KEY"
