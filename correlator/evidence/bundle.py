"""Making a bundle: the verdict computed again from the history that goes into it, and everything that follows.

What lies in the bundle is what was computed from what lies in the bundle, so it verifies by construction; same
history and same program give the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from correlator import __version__
from correlator.engine import analyze
from correlator.errors import BundleError
from correlator.evidence import pictures
from correlator.evidence.archive import write_archive
from correlator.evidence.contents import Case, derived_files
from correlator.evidence.manifest import write_manifest
from correlator.evidence.members import HISTORY, MANIFEST
from correlator.evidence.provenance import Provenance
from correlator.evidence.quotes import Quote, examples, quote_files
from correlator.evidence.rows import jobs_of
from correlator.model import Analysis, Finding
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder
from correlator.tables.writing import write_folder
from rules.loader import dump
from rules.matching import RuleSet

Analyze = Callable[[Tables, datetime | None], Analysis]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which finding the bundle is about."""

    finding_id: str
    tenant: str
    job: str


def analysis_of(wanted: Wanted) -> Analyze:
    """The engine, asked about this job alone."""
    return partial(analyze, only=(wanted.tenant, wanted.job))


def create_bundle(
    path: Path,
    wanted: Wanted,
    tables: Tables,
    rules: RuleSet,
    provenance: Provenance,
    quotes: Iterable[Quote] = (),
    *,
    analyse: Analyze | None = None,
) -> Finding:
    """Write the bundle and return the finding in it.

    Raises BundleError when the history, as of `provenance.as_of`, holds no such finding.
    """
    files, finding = bundle_files(wanted, tables, rules, provenance, quotes, analyse=analyse)
    write_archive(files, path)
    return finding


def bundle_files(
    wanted: Wanted,
    tables: Tables,
    rules: RuleSet,
    provenance: Provenance,
    quotes: Iterable[Quote] = (),
    *,
    analyse: Analyze | None = None,
) -> tuple[dict[str, bytes], Finding]:
    """Every file of the bundle by name, and the finding they are about."""
    quotes = tuple(quotes)
    case, history_files = bundle_case(wanted, tables, rules, provenance, quotes, analyse=analyse)
    drawn = pictures.vectors(case.specifications)
    with ThreadPoolExecutor(1) as beside:
        pixels = beside.submit(pictures.pixels, case.specifications)  # another process draws them: no need to wait
        files = {
            **derived_files(case, drawn),
            **drawn,
            **history_files,
            **quote_files(quotes),
            "rule.yaml": _rule_file(rules, case.finding),
        }
        files |= pixels.result()
    files[MANIFEST] = write_manifest(files, case.finding, wanted.finding_id, case.provenance, __version__)
    return files, case.finding


def bundle_case(
    wanted: Wanted,
    tables: Tables,
    rules: RuleSet,
    provenance: Provenance,
    quotes: Iterable[Quote] = (),
    *,
    analyse: Analyze | None = None,
) -> tuple[Case, dict[str, bytes]]:
    """What everything in a bundle is made of, and the files of its history."""
    provenance = replace(provenance, program_version=__version__, requests=examples(quotes))
    finding, history, files = _sliced(wanted, tables, provenance.as_of, analyse or analysis_of(wanted))
    finding = replace(finding, monitors=provenance.monitors)
    return Case(wanted.finding_id, finding, rules.match(finding), history, provenance), files


def _rule_file(rules: RuleSet, finding: Finding) -> bytes:
    """The rule that matched, with the one owner entry that fits: other teams and jobs stay out of the bundle."""
    rule = rules.winner(finding)
    if rule is None:
        raise BundleError(f"no rule matches the finding about {finding.job}")
    owner = rules.owner_entry(rule, finding)
    return dump(rule, [owner] if owner and owner not in rule.owners else []).encode()


def _sliced(
    wanted: Wanted, tables: Tables, as_of: datetime, analyse: Analyze
) -> tuple[Finding, Tables, dict[str, bytes]]:
    """The finding from the smallest history that gives it: without other jobs' and tenants' metrics, where that holds.

    All runs of all tenants stay: outages of the platform are found across them.
    """
    whole = find(analyse(tables, as_of), wanted)
    jobs = [*jobs_of(whole), *([whole.root_job] if whole.root_job else [])]
    metrics = tables.metrics
    of_jobs = metrics["job"].isin([*jobs, ""]) | metrics["job"].isna()
    near = metrics[of_jobs & (metrics["tenant"].isin([wanted.tenant, ""]) | metrics["tenant"].isna())]
    for kept in (near, metrics):
        history, files = through_files(replace(tables, metrics=kept))
        finding = find(analyse(history, as_of), wanted)
        if finding == whole:
            break
    return finding, history, files


def through_files(tables: Tables) -> tuple[Tables, dict[str, bytes]]:
    """The tables as the bundle's reader will see them: written in the tables contract and read back."""
    with tempfile.TemporaryDirectory(prefix="correlator-bundle-") as place:
        folder = Path(place)
        write_folder(tables, folder)
        files = {f"history/{name}": (folder / name).read_bytes() for name in HISTORY}
        return read_folder(folder), files


def find(analysis: Analysis, wanted: Wanted) -> Finding:
    """The finding about the wanted job. Raises BundleError when there is none."""
    for finding in analysis.findings:
        if (finding.tenant, finding.job) == (wanted.tenant, wanted.job):
            return finding
    by = analysis.as_of.strftime("%Y-%m-%d %H:%M UTC")
    raise BundleError(
        f"the history holds no failed run of {wanted.job} for tenant {wanted.tenant!r} by {by}",
        hint="`correlator findings list` shows the findings there are",
    )
