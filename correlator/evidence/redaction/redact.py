"""A second bundle out of a first one, for an audience: made anew from a redacted history, so that it verifies.

The least that gives the same verdict goes in: first without the columns the tables contract does not know, then with
them. Where not even that gives it (a shared outage that only other tenants show), there is no redacted bundle: a
verdict that cannot be checked is not handed out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from correlator.errors import BundleError
from correlator.evidence.archive import write_archive
from correlator.evidence.bundle import Analyze, Wanted, analysis_of, bundle_files, find, through_files
from correlator.evidence.manifest import read_json
from correlator.evidence.opening import OpenBundle, errors_named, open_bundle
from correlator.evidence.provenance import Provenance, Redactions, SourceState
from correlator.evidence.quotes import Quote
from correlator.evidence.redaction.audiences import Audience
from correlator.evidence.redaction.history import own_rows, under_pseudonyms
from correlator.evidence.redaction.names import names_of, tenants_of
from correlator.evidence.redaction.pseudonyms import Pseudonyms
from correlator.evidence.verify import verify_opened
from correlator.model import Finding, MonitorSeen
from correlator.tables.frames import Tables
from correlator.text.quantities import plural
from rules.loader import load_text
from rules.matching import RuleSet

NOT_REDACTED = (
    "job names, metric names and error texts, apart from the names and secrets in them",
    "times, statuses and values",
    "the rule's words, apart from the names in them",
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """What became of it. `finding` is the one in the redacted bundle."""

    finding: Finding
    finding_id: str
    made: tuple[str, ...]


def redact_bundle(
    source: Path,
    out: Path,
    audience: Audience,
    *,
    key: str = "",
    patterns: Sequence[str] = (),
    analyse: Analyze | None = None,
) -> Redacted:
    """Write the redacted bundle to `out`. `key` makes pseudonyms the same in every bundle redacted with it; without one
    they are the same for this bundle alone.

    Raises BundleError for a file that is no intact bundle, does not verify, or whose verdict would not hold.
    """
    with errors_named(source):
        bundle = open_bundle(source)
        report, finding = verify_opened(bundle, analyse=analyse)
        if not report.same:
            raise BundleError(
                f"it does not verify: {report.differences[0]}", hint="only a bundle that does is redacted"
            )
        work = _Work(bundle, finding, audience, key, patterns)
        files, redacted = work.files(analyse)
    write_archive(files, out)
    return Redacted(redacted, work.wanted.finding_id, work.redactions.made)


@dataclass(frozen=True)
class _Work:
    bundle: OpenBundle
    finding: Finding
    audience: Audience
    key: str
    patterns: Sequence[str]

    def files(self, analyse: Analyze | None) -> tuple[dict[str, bytes], Finding]:
        """The files of the first history that gives the same verdict."""
        rules, provenance = self.rules, self.provenance
        for tables in self._histories():
            if self._same(analyse, tables, provenance):
                return bundle_files(self.wanted, tables, rules, provenance, self.quotes, analyse=analyse)
        raise BundleError(
            f"redacted for a {self.audience.name}, the history does not give the same verdict any more",
            hint="it rests on what this audience must not see, such as runs of other tenants; tell them in words, "
            "or use `--audience partner` where all tenants may be seen under pseudonyms",
        )

    def _histories(self) -> Iterator[Tables]:
        kept = self.bundle.history
        if self.audience.own_tenant_alone:
            kept = own_rows(kept, self.finding.tenant, self._others)
        for tags in (False, True):
            yield through_files(under_pseudonyms(kept, self.pseudonyms, tags=tags))[0]

    def _same(self, analyse: Analyze | None, tables: Tables, provenance: Provenance) -> bool:
        try:
            found = find((analyse or analysis_of(self.wanted))(tables, provenance.as_of), self.wanted)
        except BundleError:
            return False
        wanted = replace(
            self.finding,
            root_job=self._renamed(self.finding.root_job),
            path=tuple(self.pseudonyms.text(job) for job in self.finding.path),
        )
        return _essence(found) == _essence(wanted)

    def _renamed(self, name: str | None) -> str | None:
        return None if name is None else self.pseudonyms.text(name)

    @property
    def wanted(self) -> Wanted:
        """A customer knows its own name, and asks by the finding's id; for others the id would give the name away."""
        text = self.pseudonyms.text
        finding_id = self.bundle.manifest.finding_id
        if not self.audience.own_tenant_alone:
            finding_id = f"F-{hashlib.sha256(text(finding_id).encode() + self._secret).hexdigest()[:10].upper()}"
        return Wanted(finding_id, text(self.finding.tenant), text(self.finding.job))

    @cached_property
    def _secret(self) -> bytes:
        """The key of the pseudonyms. The history is as good as one: who has it knows the names already."""
        if self.key:
            return self.key.encode()
        return hashlib.sha256(b"pseudonyms\0" + self.bundle.files["history/runs.jsonl"]).digest()

    @cached_property
    def _others(self) -> frozenset[str]:
        return tenants_of(self.bundle.history) - {self.finding.tenant}

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        documents = [quote.body for quote in self.bundle.quotes]
        rule = yaml.safe_load(self.bundle.files["rule.yaml"])
        names = names_of(self.bundle.history, [*documents, rule, _scope(self.bundle)])
        return Pseudonyms(self._secret, names, self.patterns)

    @cached_property
    def rules(self) -> RuleSet:
        """The rule under pseudonyms; for which tenants it holds has been decided, and need not go along."""
        document = yaml.safe_load(self.bundle.files["rule.yaml"])
        for rule in document["rules"]:
            rule["when"].pop("tenant", None)
        owners = [self.pseudonyms.value(owner) for owner in document.pop("owners", [])]
        changed = {**({"owners": [_anywhere(owner) for owner in owners]} if owners else {})}
        changed["rules"] = self.pseudonyms.value(document["rules"])
        text = yaml.safe_dump(changed, sort_keys=False, allow_unicode=True, width=100)
        return load_text(Path("rule.yaml"), text)

    @property
    def quotes(self) -> Iterable[Quote]:
        if not self.audience.answers:
            return ()
        text = self.pseudonyms.text
        return [
            Quote(text(one.source), text(one.fact_id), text(one.request), one.known_at, self.pseudonyms.value(one.body))
            for one in self.bundle.quotes
        ]

    @cached_property
    def provenance(self) -> Provenance:
        """Without links, which lead into accounts that the audience has no part in, and without earlier cases, which
        may be other tenants' and are told in people's own words."""
        given, text = self.bundle.manifest.provenance, self.pseudonyms.text
        return replace(
            given,
            sources=tuple(_source(source, self.pseudonyms) for source in given.sources),
            clock_offsets=tuple(text(line) for line in given.clock_offsets),
            page_url="",
            links={},
            arrivals={text(key): at for key, at in given.arrivals.items() if self._kept(key)},
            redactions=self.redactions,
            earlier=(),
            known_here="",
            monitors=tuple(_monitor(seen, self.pseudonyms) for seen in given.monitors),
            put_ask=replace(given.put_ask, ask=text(given.put_ask.ask), by="a person") if given.put_ask else None,
        )

    def _kept(self, run_id: str) -> bool:
        """Arrivals of the finding's own runs; all of them where all tenants go along."""
        return not self.audience.own_tenant_alone or run_id in self._own_ids

    @cached_property
    def _own_ids(self) -> frozenset[str]:
        runs = own_rows(self.bundle.history, self.finding.tenant, self._others).runs
        return frozenset(runs["run_id"]) | frozenset(runs["logical_run_id"])

    @property
    def redactions(self) -> Redactions:
        names = self.pseudonyms.names
        counts = [plural(sum(kind == one for kind in names.values()), f"{one} name") for one in ("tenant", "host")]
        made = [
            f"{' and '.join(counts)} replaced by pseudonyms that are the same wherever they stand",
            "addresses, e-mail addresses, URLs, and what looks like a token or a password replaced",
            "links into the sources and to the finding's page left out",
        ]
        if self.patterns:
            made.append(f"{plural(len(self.patterns), 'pattern')} of the settings replaced")
        if self.audience.own_tenant_alone:
            made.append("everything of other tenants left out")
        if not self.audience.answers and self.bundle.quotes:
            made.append(f"{plural(len(self.bundle.quotes), 'quoted answer')} of the sources left out")
        return Redactions(self.audience.name, tuple(made), NOT_REDACTED)


def _essence(finding: Finding) -> tuple[Any, ...]:
    return finding.verdict, finding.cause, finding.root_job, finding.path


def _scope(bundle: OpenBundle) -> Any:
    """Where else it happens: hosts and tenants of the finding, in the form that tags have."""
    rows = read_json(bundle.files["finding.json"], "finding.json").get("scope", [])
    return [f"{row['kind']}:{row['name']}" for row in rows]


def _anywhere(owner: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in owner.items() if key != "tenant"}


def _monitor(seen: MonitorSeen, pseudonyms: Pseudonyms) -> MonitorSeen:
    text = pseudonyms.text
    return replace(seen, monitor_id=text(seen.monitor_id), title=text(seen.title), job=text(seen.job), url="")


def _source(source: SourceState, pseudonyms: Pseudonyms) -> SourceState:
    text = pseudonyms.text
    return replace(source, name=text(source.name), coverage=text(source.coverage), error=text(source.error))
