"""A redacted bundle gives nobody away, holds nothing of other tenants, and verifies with the same verdict."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.cli.bundle import bundle as command
from correlator.engine import analyze
from correlator.errors import BundleError, SettingsError, UsageError
from correlator.evidence.archive import read_archive
from correlator.evidence.bundle import Wanted, create_bundle
from correlator.evidence.provenance import Provenance, SourceState
from correlator.evidence.quotes import Quote
from correlator.evidence.redaction.audiences import AUDIENCES, audience_named
from correlator.evidence.redaction.patterns import own_patterns
from correlator.evidence.redaction.pseudonyms import Pseudonyms
from correlator.evidence.redaction.redact import Redacted, redact_bundle
from correlator.evidence.verify import verify_bundle
from correlator.model import Cause, Finding, MonitorSeen
from correlator.simulation.stories import write_story
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder
from correlator.tables.writing import write_folder
from rules import load_rules
from tests.evidence.factory import FINDING_ID

OWN, OTHER = "acme-retail", "globex"
HOST, ADDRESS, MAIL, TOKEN = "db-primary-7", "10.20.30.40", "oncall@acme-retail.example", "tok_9f8e7d6c5b4a"
SECRETS = (OWN, OTHER, HOST, ADDRESS, MAIL, TOKEN, "vault.corp.internal", "app.example.net")
TEXT = (
    f"blank output for {OWN} on {HOST} ({ADDRESS}); told {MAIL}; api_key={TOKEN}; see https://app.example.net/x?t={OWN}"
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Two tenants of one story each; the errors of the first tell all there is to tell."""
    folder = tmp_path_factory.mktemp("tenants")
    write_story("deep-upstream", 5, folder, datetime(2026, 4, 1, tzinfo=UTC), days=14)
    one = read_folder(folder)
    named = [_named(one, OWN, TEXT), _named(one, OTHER, f"blank output for {OTHER} at vault.corp.internal")]
    joined = {
        name: pd.concat([getattr(each, name).astype(object) for each in named], ignore_index=True)
        for name in ("runs", "metrics", "changes", "incidents")
    }
    place = tmp_path_factory.mktemp("joined")
    write_folder(replace(one, **joined), place)
    return read_folder(place)


def _named(tables: Tables, tenant: str, error: str) -> Tables:
    """The story as if told of this tenant."""
    frames = {}
    for name in ("runs", "metrics", "changes", "incidents"):
        frame = getattr(tables, name).astype(object).copy()
        for column in frame.columns:
            frame[column] = [
                value.replace("tenant-01", tenant) if isinstance(value, str) else value for value in frame[column]
            ]
        if "change_id" in frame:
            frame["change_id"] = [f"{tenant}-{value}" for value in frame["change_id"]]
        if "incident_id" in frame:
            frame["incident_id"] = [f"{tenant}-{value}" for value in frame["incident_id"]]
        frames[name] = frame
    runs = frames["runs"]
    runs["host"] = [f"{HOST}-{value}" if value else value for value in runs["host"]]
    failed = (runs["job"] == "export_ads") & (runs["error"] != "")
    runs.loc[failed, "error"] = error
    return replace(tables, **frames)


@pytest.fixture(scope="module")
def original(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    analysis = analyze(tables)
    found = next(f for f in analysis.findings if (f.tenant, f.job) == (OWN, "export_ads"))
    assert found.cause is Cause.UPSTREAM
    body = {"host": HOST, "tags": [f"customer:{OTHER}"], "user": {"name": "Some Body", "email": MAIL}, "n": 7}
    provenance = Provenance(
        as_of=analysis.as_of,
        sources=(SourceState("datadog", False, None, "", f"no answer from vault.corp.internal ({ADDRESS})"),),
        links={found.pairs[0].logical_run_id: f"https://app.example.net/run?tenant={OWN}"},
        page_url="https://app.example.net/findings/1",
        requests=(f"POST /api/v2/spans/events/search for {OWN}",),
        monitors=(
            MonitorSeen(
                f"{OTHER}-4711",
                f"memory of {OWN} on {HOST} ({ADDRESS})",
                "alert",
                "ingest_events",
                5,
                6,
                12.0,
                analysis.as_of,
                f"https://app.example.net/monitors/4711?tenant={OWN}",
            ),
        ),
    )
    path = tmp_path_factory.mktemp("original") / "evidence.zip"
    quotes = (Quote("datadog", "run-1", f"GET /x?tenant={OTHER}", None, body),)
    create_bundle(path, Wanted(FINDING_ID, OWN, "export_ads"), tables, load_rules(), provenance, quotes)
    return path


@dataclass(frozen=True)
class Copy:
    """A redacted bundle, and what was said when it was made."""

    path: Path
    done: Redacted

    @property
    def files(self) -> dict[str, bytes]:
        return read_archive(self.path)


@pytest.fixture(scope="module")
def copies(original: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Copy]:
    place = tmp_path_factory.mktemp("redacted")
    return {
        name: Copy(place / f"{name}.zip", redact_bundle(original, place / f"{name}.zip", audience_named(name)))
        for name in AUDIENCES
    }


@pytest.fixture(params=AUDIENCES)
def redacted(request: pytest.FixtureRequest, copies: dict[str, Copy]) -> Copy:
    return copies[request.param]


def test_no_original_name_is_found_in_any_member(redacted: Copy) -> None:
    for name, content in redacted.files.items():
        text = (name.encode() + content).lower()
        assert [secret for secret in (*SECRETS, "some body") if secret.encode() in text] == [], name


def test_it_verifies_and_says_the_same(original: Path, redacted: Copy) -> None:
    assert verify_bundle(redacted.path).same
    before, after = (_finding(path) for path in (original, redacted.path))
    assert (after.verdict, after.cause, after.root_job, after.path) == (
        before.verdict,
        before.cause,
        before.root_job,
        before.path,
    )
    assert (after.observed, len(after.pairs)) == (before.observed, len(before.pairs))


def _finding(path: Path) -> Finding:
    return Finding.from_dict(json.loads(read_archive(path)["finding.json"]))


def test_the_manifest_and_the_packet_say_what_was_redacted(redacted: Copy) -> None:
    files = redacted.files
    redactions = json.loads(files["MANIFEST.json"])["redactions"]
    assert redactions["audience"] == redacted.path.stem
    assert redactions["made"]
    assert redactions["not_redacted"]
    for made in redactions["made"]:
        assert made in files["packet.md"].decode()


def test_a_customer_sees_nothing_of_another_tenant(copies: dict[str, Copy]) -> None:
    done, files = copies["customer"].done, copies["customer"].files
    for name in ("runs", "metrics", "changes", "incidents"):
        rows = [json.loads(line) for line in files[f"history/{name}.jsonl"].splitlines()]
        assert {row.get("tenant", "") for row in rows} <= {done.finding.tenant, ""}
        assert rows
    assert [row.name for row in done.finding.scope if row.kind == "tenant"] == [done.finding.tenant]
    assert not any(name.startswith("sources/") for name in files)
    assert done.finding_id == FINDING_ID


def test_a_partner_gets_the_answers_under_pseudonyms_and_another_id(copies: dict[str, Copy]) -> None:
    done, files = copies["partner"].done, copies["partner"].files
    (name,) = [name for name in files if name.startswith("sources/")]
    quote = json.loads(files[name])
    assert quote["body"]["n"] == 7
    assert quote["body"]["host"].startswith("host-x")
    assert quote["body"]["tags"][0].startswith("customer:tenant-x")
    assert done.finding_id != FINDING_ID
    assert done.finding_id in files["packet.md"].decode()


def test_redacting_twice_gives_the_same_bytes(original: Path, copies: dict[str, Copy], tmp_path: Path) -> None:
    redact_bundle(original, tmp_path / "again.zip", audience_named("customer"))
    assert (tmp_path / "again.zip").read_bytes() == copies["customer"].path.read_bytes()


def test_a_verdict_that_would_not_hold_is_not_handed_out(original: Path, tmp_path: Path) -> None:
    calls = []

    def forgetful(tables: Tables, as_of: datetime | None = None) -> object:
        calls.append(1)
        found = analyze(tables, as_of)
        if len(calls) == 1:
            return found
        return replace(found, findings=tuple(replace(one, cause=Cause.SELF) for one in found.findings))

    out = tmp_path / "out.zip"
    with pytest.raises(BundleError, match="does not give the same verdict any more"):
        redact_bundle(original, out, audience_named("customer"), analyse=forgetful)  # type: ignore[arg-type]
    assert not out.exists()


def test_the_command_writes_it_and_tells_what_was_done(original: Path, tmp_path: Path) -> None:
    config, out = tmp_path / "correlator.yaml", tmp_path / "out.zip"
    config.write_text("redaction: {patterns: ['materialise_[a-z]+']}\n", encoding="utf-8")
    arguments = ["redact", str(original), "--audience", "customer", "-o", str(out), "--config", str(config), "--json"]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["audience"] == "customer"
    assert any("1 pattern of the settings" in line for line in document["made"])
    assert b"materialise_" not in b"".join(read_archive(out).values())
    assert verify_bundle(out).same


def test_an_unknown_audience_and_a_bad_pattern_are_errors_in_words() -> None:
    with pytest.raises(UsageError, match="there is no audience `press`"):
        audience_named("press")
    for pattern, words in (("(", "not a regular expression"), ("a*", "fits nothing at all"), ("(a)b", "has groups")):
        with pytest.raises(SettingsError, match=words):
            own_patterns([pattern])


NAMES = Pseudonyms(b"key", {"tenant-1": "tenant", "tenant-12": "tenant", "eu": "tenant", "host": "host"})


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Bearer abcdef0123456789", "abcdef0123456789"),
        ("password: hunter", "hunter"),
        ('{"client_secret": "s3cr3t"}', "s3cr3t"),
        ("key AKIA" + "ABCDEFGHIJKLMNOP used", "ABCDEFGHIJKLMNOP"),  # in parts: no key is in the tree
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "c2ln"),
        ("trace 0123456789abcdef0123456789abcdef", "0123456789abcdef"),
        ("from 192.168.0.9:443", "192.168.0.9"),
        ("from fe80::1ff:fe23:4567:890a", "fe23"),
        ("postgres://root:pw@db.example/x", "pw@db"),
        ("cannot resolve db-3.eu-west.internal", "db-3"),
        ("TENANT-12 failed", "TENANT-12"),
        ("in eu alone", " eu "),
    ],
)
def test_what_gives_somebody_away_is_replaced(text: str, gone: str) -> None:
    assert gone not in NAMES.text(text)


@pytest.mark.parametrize(
    "text",
    [
        "at 09:38:12.5 the export failed", "neutral words", "token expired", "TimeoutError: attempt cut after 36 min",
        "java.net.SocketTimeoutException", "job.memory_gib", "tenant-123", "version 1.2.3", "std::string",
    ],
)  # fmt: skip
def test_what_gives_nobody_away_stays(text: str) -> None:
    assert NAMES.text(text) == text


def test_pseudonyms_are_stable_and_never_hold_a_name() -> None:
    assert NAMES.text("tenant-1") == Pseudonyms(b"key", {"tenant-1": "tenant"}).text("tenant-1").replace("tenant-1", "")
    assert NAMES.text("tenant-1") != NAMES.text("tenant-12")
    assert NAMES.text("tenant-1") != Pseudonyms(b"other", NAMES.names).text("tenant-1")
    assert not NAMES.text("on host").endswith("host")


@settings(max_examples=60)
@given(st.dictionaries(st.text("ab-_. 1", min_size=4, max_size=9), st.just("tenant"), max_size=8), st.data())
def test_a_text_made_of_names_holds_none_of_them_afterwards(names: dict[str, str], data: st.DataObject) -> None:
    known = {name for name in names if name.strip() == name and not name.isdigit()}
    parts = data.draw(st.lists(st.sampled_from(sorted(known) or ["x"]), max_size=5))
    made = Pseudonyms(b"k", dict.fromkeys(known, "tenant")).text(" | ".join(parts))
    for part in made.split(" | "):
        assert part not in known
