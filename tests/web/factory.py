"""Real stores with the cast in them, as a pull and a look would leave them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from correlator.model import Analysis, Finding
from correlator.ports import Fact, Page, PullReport, RateLimit, SetAside
from correlator.settings import Settings, load_settings
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import save_analysis
from correlator.store.ledger import finish_job, start_job
from correlator.store.sources import record_pull
from rules.model import RuleMatch
from tests.web import cast

NOTICE = f"logs search is not allowed: no runs from logs {cast.HOSTILE}"
LIMITS = {
    "datadog": (
        RateLimit("spans_search", 300, 212, cast.END + timedelta(minutes=20)),
        RateLimit("timeseries_query", 1600, 0, cast.END + timedelta(minutes=3)),
    ),
    "pagerduty": (RateLimit("rest", 960, None, None),),
}
REFUSED = "GET https://api.pagerduty.com/incidents: 401 Unauthorized"


class Rule:
    """Says one thing about systemic findings and nothing about others."""

    def match(self, finding: Finding, /) -> RuleMatch | None:
        if finding.verdict != "systemic":
            return None
        return RuleMatch(
            rule_id="ingest-memory",
            rule_version="0123456789ab",
            title="Ingest times out under memory pressure",
            ask=f"Raise the worker memory of {finding.root_job} for {finding.tenant} from 12 to 16 GiB",
            owner="data-platform",
            owner_reason="jobs that fit ingest_*",
            severity="high",
            due="within two working days",
            runbook="https://example.com/runbooks/ingest-memory",
        )


def settings_for(folder: Path, **web: str) -> Settings:
    """Settings whose store lies in `folder`; the server takes any free port."""
    values = {"CORRELATOR_DATABASE_URL": f"sqlite:///{folder / 'store.db'}", "CORRELATOR_WEB_PORT": "0"}
    return load_settings(None, values | {f"CORRELATOR_WEB_{key.upper()}": value for key, value in web.items()})


def full_store(folder: Path) -> Engine:
    """The cast pulled from two sources, the second of which refuses its key now; judged; with a ledger."""
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    aside = SetAside("span-8842", f"finished_at before started_at {cast.HOSTILE}", {"custom": {"job": cast.HOSTILE}})
    _pulled(engine, "datadog", [*cast.attempts(), *cast.changes(), *cast.dependencies()], (aside,))
    _pulled(engine, "pagerduty", cast.incidents(), ())
    failed = PullReport(
        "pagerduty", 1, error=REFUSED, hint="PAGERDUTY_API_KEY is refused: put a valid key there", permanent=True
    )
    record_pull(engine, failed, cast.END - timedelta(minutes=2), None)
    record_pull(engine, failed, cast.END, None)
    _ledger(engine)
    save_analysis(engine, cast.analysis(), cast.END, Rule())
    from correlator.sums import sum_up  # not above: a test holds that pages start without the numerical libraries

    sum_up(engine, load_settings(None, {}), cast.END)
    return engine


def judge_again(folder: Path, finding: Finding) -> None:
    """A later look finds one more finding."""
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    save_analysis(
        engine, Analysis(cast.END, (*cast.analysis().findings, finding)), cast.END + timedelta(minutes=5), Rule()
    )
    engine.dispose()


def _pulled(engine: Engine, source: str, facts: Sequence[Fact], aside: tuple[SetAside, ...]) -> None:
    at = cast.END - timedelta(minutes=4)
    counts = store_page(engine, source, Page("all", tuple(facts), {"at": 1}, set_aside=aside, done=True), at)
    report = PullReport(source, 3, dict(counts.stored), 0, len(aside), limits=LIMITS[source])
    if aside:
        report.notices, report.clock_offset_seconds = (NOTICE,), -42.0
    record_pull(engine, report, at, cast.END - timedelta(hours=14))


def _ledger(engine: Engine) -> None:
    runs = (
        ("pull:datadog", True, "163 runs, 1 change"),
        ("pull:pagerduty", False, REFUSED),
        ("correlate", True, "3 findings"),
    )
    for minute, (name, ok, detail) in enumerate(runs):
        at = cast.END - timedelta(minutes=5 - minute)
        finish_job(engine, start_job(engine, name, at), at + timedelta(seconds=4), ok=ok, detail=detail)
