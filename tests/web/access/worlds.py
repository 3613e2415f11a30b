"""Two stores that are the same to somebody who may see one tenant: in the second another tenant is there too.

Whatever such a person asks, both must give the same answer, to the byte: then nothing of the other tenant shows,
neither its name nor its jobs, nor by a number or an order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Boolean, Engine, Float, Integer, Table, insert, update

from correlator.handover.facts import Draft
from correlator.lifecycle.steps import Step
from correlator.lifecycle.transitions import Transition, enter_step
from correlator.model import Analysis, Attempt, Change, Dependency, Episode, Finding, Incident, ScopeRow, Status
from correlator.ports import Fact, IncidentEntry, Page, PullReport
from correlator.store import schema, tokens
from correlator.store.database import open_store, writing
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, get_finding, save_analysis
from correlator.store.handovers import Version, begin_handover
from correlator.store.ledger import finish_job, start_job
from correlator.store.sources import record_pull
from correlator.store.visibility import VISIBLE, everyone
from correlator.text.times import micros
from tests.web import cast
from tests.web.factory import Rule

OWN, SECRET, MASK = cast.PREMIUM, "umbra-corp", "another tenant"
SECRET_JOB, SECRET_INCIDENT, SECRET_RUN = "reconcile_vault", "QVAULT", "vault-run-1"
WORDS: Final = (SECRET, SECRET_JOB, SECRET_INCIDENT, SECRET_RUN, "vault")
"""What must not be read by anybody who may not see that tenant."""
OWN_ID, SECRET_ID = finding_id(OWN, cast.EXPORT), finding_id(SECRET, SECRET_JOB)
NOW: Final = cast.END + timedelta(minutes=10)


def world(folder: Path, *, secret: bool, filled: bool = True) -> tuple[Engine, dict[str, str]]:
    """The store in `folder` and tokens by who shows them: `seer` of one tenant, and `whole` of all. Both are admins.

    `filled`: every table holds rows of the other tenant, with words in them that nobody could read as what they are.
    """
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    name = SECRET if secret else MASK
    hidden = _secret_attempts() if secret else ()
    _pulled(engine, [*_own_attempts(name), *hidden, *cast.dependencies(), *_told(name)], secret=secret)
    findings = [_own_finding(name, secret=secret)] + ([_secret_finding()] if secret else [])
    save_analysis(engine, Analysis(cast.END, tuple(findings)), cast.END, Rule())
    stored = get_finding(engine, OWN_ID)
    assert stored is not None
    enter_step(engine, stored, Transition(Step.CONFIRM, "responder-1", f"seen at {name} as well", cast.END))
    _replayed(engine)
    first = Version(1, NOW, "seer", {"next": "at noon"}, Draft(NOW, None, NOW, None, ()).to_dict(), None)
    begin_handover(engine, {OWN}, "seer", first)
    if secret and filled:
        _fill(engine)
    return engine, _tokens(engine)


def _tokens(engine: Engine) -> dict[str, str]:
    seen = {"seer": frozenset({OWN}), "whole": None}
    return {
        name: tokens.create_token(engine, tokens.NewToken(name, "admin", tenants), NOW)[0]
        for name, tenants in seen.items()
    }


def _own_attempts(name: str) -> Iterator[Attempt]:
    """Those of the tenant and of a feed of the unnamed one, with errors that name somebody else."""
    for attempt in cast.attempts():
        if attempt.tenant == OWN:
            yield replace(attempt, error=f"{attempt.error} (quota of {name})") if attempt.error else attempt
    for day in range(cast.DAYS):
        at = cast.START + timedelta(days=day, hours=1)
        ends = (3.0, Status.FAILED, f"feed of {name} is empty"), (4.0, Status.SUCCESS, "")
        yield from cast.run("load_feed", "", at, 1, *ends)


def _secret_attempts() -> Iterator[Attempt]:
    for day in range(cast.DAYS):
        at = cast.START + timedelta(days=day, hours=4)
        yield from cast.run(
            SECRET_JOB, SECRET, at, 5, (3.0, Status.FAILED, "vault is locked"), (4.0, Status.SUCCESS, "")
        )


def _told(name: str) -> list[Fact]:
    at = cast.START + timedelta(days=13, hours=4)
    [incident] = cast.incidents()
    return [
        replace(incident, title=f"export_ads is blank, as at {name}"),
        Incident("Q5FEED", at, None, f"feed of {name}", job="load_feed"),
        IncidentEntry("L1", incident.incident_id, "alert", at + timedelta(minutes=10), f"{name} complains too"),
        Change("deploy-1", at, f"settings of {name}", tenant=""),
        Change("deploy-2", at, "settings of ours", job=cast.EXPORT, tenant=OWN),
    ]


def _own_finding(name: str, *, secret: bool) -> Finding:
    """In the second store it says what also happened elsewhere."""
    found = cast.systemic()
    start = found.pairs[0].failed_at
    assert start is not None
    others = (ScopeRow("tenant", SECRET, 40, 41, 300),) if secret else ()
    outage = Episode(start - timedelta(minutes=5), start + timedelta(minutes=5), (cast.EXPORT,), 1, scope="platform")
    if secret:
        hit = (cast.EXPORT, SECRET_JOB)
        outage = replace(outage, jobs=hit, failures=41, expected_failures=3.5, p_value=1e-9)
    notes = (f"The same holds for {name}.",)
    return replace(found, scope=(found.scope[0], *others), episodes=(outage,), notes=notes)


def _secret_finding() -> Finding:
    found = replace(cast.systemic(), tenant=SECRET, job=SECRET_JOB, path=(cast.INGEST, SECRET_JOB))
    return replace(found, pairs=tuple(replace(pair, logical_run_id=SECRET_RUN) for pair in found.pairs))


def _pulled(engine: Engine, facts: list[Any], *, secret: bool) -> None:
    """What the pull says of itself differs in what it says of all tenants together."""
    at = cast.END - timedelta(minutes=4)
    store_page(engine, "datadog", Page("all", tuple(facts), {"at": 1}, done=True), at)
    report = PullReport("datadog", 3, {"runs": 99}, 0, 0)
    record_pull(engine, report, at, cast.END - timedelta(hours=14))
    if secret:
        edge = Dependency(cast.EXPORT, SECRET_JOB)
        store_page(engine, "vault-files", Page("edges", (edge,), {"at": 1}, done=True), at)
    job = start_job(engine, "correlate", cast.END)
    finish_job(engine, job, cast.END + timedelta(seconds=4), ok=True, detail="2 findings" if secret else "1 finding")


def _replayed(engine: Engine) -> None:
    """A replay of the rules, with what one would have said about the tenant."""
    row = _row(schema.rule_replays) | {"id": 1, "state": "done", "basis": "known", "rules": "{}", "detail": ""}
    firing = _row(schema.rule_firings) | {"tenant": OWN, "job": cast.EXPORT, "finding_id": OWN_ID, "number": 1}
    firing |= dict.fromkeys(("verdict", "outcome", "next_rule", "ask"), cast.EXPORT)
    with writing(engine) as connection:
        connection.execute(insert(schema.rule_replays).values(row | {"asked_by": "responder-1"}))
        connection.execute(insert(schema.rule_firings).values(firing | {"rule_id": "ingest-memory"}))


_TOLD_BY_THE_LOOK: Final = ("findings", "finding_versions")


def _fill(engine: Engine) -> None:
    """A row of the other tenant in every table but those of the platform, whatever tables there are."""
    with writing(engine) as connection:
        for table in schema.metadata.sorted_tables:
            if VISIBLE[table.name] is not everyone and table.name not in _TOLD_BY_THE_LOOK:
                connection.execute(insert(table).prefix_with("OR IGNORE").values(_row(table)))
        failing = {"hint": "open the vault", "stored": '{"runs":41}'}
        connection.execute(update(schema.source_status).values(failing))


_KEYS: Final[dict[str, Any]] = {
    "tenant": SECRET,
    "finding_id": SECRET_ID,
    "job": SECRET_JOB,
    "run_id": SECRET_RUN,
    "logical_run_id": SECRET_RUN,
    "incident_id": SECRET_INCIDENT,
    "upstream": cast.INGEST,
    "downstream": SECRET_JOB,
    "status": "failed",
    "month": "2026-03",
    "document": "[]",
    "action_id": "vault actions.id",
    "handover_id": 666,
    "message_id": 666,
    "replay_id": 1,
}


def _row(table: Table) -> dict[str, Any]:
    return {column.name: _value(table, column) for column in table.c}


def _value(table: Table, column: Any) -> Any:
    if column.name in _KEYS:
        return _KEYS[column.name]
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Float):
        return 0.5
    if isinstance(column.type, Integer):
        return micros(cast.END) if column.name.endswith("at") or column.name in ("at", "until") else 666
    return f"vault {table.name}.{column.name}"
