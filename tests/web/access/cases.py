"""How every route is asked by somebody who may not see a tenant: about what is theirs, and about what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from tests.web import cast
from tests.web.access.worlds import OWN, OWN_ID, SECRET, SECRET_ID, SECRET_INCIDENT, SECRET_JOB, SECRET_RUN


@dataclass(frozen=True)
class Ask:
    """One request. `echoed`: words of the question that an answer may repeat."""

    path: str
    method: str = "GET"
    form: Mapping[str, str] | None = None
    json: Any = None
    echoed: tuple[str, ...] = ()


_ECHOES: Final = (
    *(SECRET_ID, SECRET_INCIDENT, SECRET_JOB, SECRET_RUN, SECRET),
    *("vault actions.id", "vault saved_questions.id", "vault finding_shares.id", "vault-files", "vault"),
)


def get(*paths: str) -> tuple[Ask, ...]:
    return tuple(Ask(path, echoed=_said_in(path)) for path in paths)


def _said_in(path: str) -> tuple[str, ...]:
    """The secret words that the question itself holds, the longest first."""
    known = [word for word in _ECHOES if word in path or quote(word) in path]
    return tuple(sorted({*known, *(quote(word) for word in known)}, key=len, reverse=True))


def post(path: str, *forms: Mapping[str, str]) -> tuple[Ask, ...]:
    return tuple(Ask(path, "POST", form, echoed=_said_in(f"{path} {form}")) for form in forms or ({},))


def sent(path: str, *bodies: Any, method: str = "POST") -> tuple[Ask, ...]:
    return tuple(Ask(path, method, json=body, echoed=_said_in(f"{path} {body}")) for body in bodies)


BOTH: Final = (OWN_ID, SECRET_ID)
INCIDENTS: Final = ("Q1EXPORT", "Q5FEED", SECRET_INCIDENT)
ASKED: Final = (
    f"q={SECRET_RUN}",
    f"q={SECRET_JOB}",
    f"q={SECRET_INCIDENT}+Q1EXPORT",
    f"q={SECRET_RUN[:-1]}",
    f"q={cast.EXPORT}",
    f"job={SECRET_JOB}&tenant={SECRET}",
    f"job={cast.EXPORT}&tenant={OWN}",
    f"job={cast.EXPORT}&tenant={SECRET}",
    f"job={cast.EXPORT}",
)
CONFIRM: Final = {"step": "dismiss", "reason": "noise", "seen": "1"}

_QUESTION: Final = quote("vault saved_questions.id")
CASES: Final[dict[str, tuple[Ask, ...]]] = {
    "overview.show": get("/"),
    "finding.show": get(*(f"/findings/{one}" for one in BOTH), f"/findings/{OWN_ID}?run={SECRET_RUN}"),
    "finding.markdown": get(*(f"/findings/{one}/packet.md" for one in BOTH)),
    "finding.note": get(*(f"/findings/{one}/note.txt" for one in BOTH)),
    "finding.ticket": get(*(f"/findings/{one}/ticket.txt" for one in BOTH)),
    "bundle.download": get(f"/findings/{SECRET_ID}/bundle.zip"),
    "outages.decide": post("/outages/2026-03-04T04:00:00Z/life", CONFIRM),
    "api.outage": get("/api/v1/outages/2026-03-04T04:00:00Z"),
    "api.decide_outage": sent("/api/v1/outages/2026-03-04T04:00:00Z/life", {"step": "confirm", "reason": "x"}),
    "life.form": post(f"/findings/{SECRET_ID}/life", CONFIRM) + post(f"/findings/{OWN_ID}/life", {"step": "x"}),
    "check.show": get("/check", *(f"/check?{asked}" for asked in ASKED)),
    "check.judge_now": post("/check/now", {"job": SECRET_JOB, "tenant": SECRET}),
    "check.post": post("/check", {"q": SECRET_RUN}, {"q": f"{SECRET_JOB} " * 600}),
    "check.packet": get(*(f"/check/packet.md?{asked}" for asked in ASKED))
    + post("/check/packet.md", {"q": SECRET_RUN}, {"q": cast.EXPORT}),
    "incident.index": get("/incidents", "/incidents?before=2026-03-20T00:00:00Z"),
    "incident.show": get(*(f"/incidents/{one}" for one in INCIDENTS), "/incidents/Q1EXPORT?lanes=all"),
    "incident.status": get(*(f"/incidents/{one}/status.txt" for one in INCIDENTS)),
    "jobs.show": get("/jobs", f"/jobs?tenant={SECRET}", f"/jobs?tenant={OWN}&sort=minutes", "/jobs?page=2"),
    "jobs.job": get(
        f"/job?job={SECRET_JOB}&tenant={SECRET}",
        f"/job?job={SECRET_JOB}&tenant={OWN}",
        f"/job?job={cast.EXPORT}&tenant={OWN}",
        f"/job?job={cast.EXPORT}&tenant={SECRET}",
        f"/job?job={cast.INGEST}",
        "/job?job=load_feed",
    ),
    "handover.index": get("/handover"),
    "handover.draft": get("/handover/draft.md"),
    "handover.show": get("/handover/666"),
    "handover.markdown": get("/handover/666/handover.md"),
    "handover.plain": get("/handover/666/handover.txt"),
    "handover.start": post("/handover"),
    "handover.save": post("/handover/666", {"seen": "666", "conditions": "x"}),
    "handover.take_over": post("/handover/666/acknowledge", {"seen": "666", "read_back": "x"}),
    "actions.index": get("/actions"),
    "actions.one": get(f"/actions/{quote('vault actions.id')}"),
    "actions.approve": post(f"/actions/{quote('vault actions.id')}/approve"),
    "actions.refuse": post(f"/actions/{quote('vault actions.id')}/refuse"),
    "rules.show": get("/rules"),
    "rules.one": get("/rules/ingest-memory", "/rules/vault"),
    "rules.replay": post("/rules/replay", {"days": "x"}),
    "sources.show": get("/sources"),
    "sources.set_aside": get("/sources/datadog/set-aside", "/sources/vault-files/set-aside"),
    "calibration.show": get("/calibration"),
    "measures.show": get("/metrics"),
    "probes.alive": get("/healthz"),
    "probes.ready": get("/readyz"),
    "static": get("/static/mark.svg"),
    "webhooks.pagerduty": sent("/webhooks/pagerduty", {}),
    "lineage.one_event": sent("/api/v1/lineage", {}),
    "lineage.batch": sent("/api/v1/lineage/batch", []),
    "api.calibration": get("/api/v1/calibration"),
    "api.question": get(f"/api/v1/reports/questions/{_QUESTION}"),
    "api.keep": sent("/api/v1/reports/questions", {"name": "x", "query": "by=nothing"}),
    "api.change_question": sent(f"/api/v1/reports/questions/{_QUESTION}", {"name": "x"}, method="PUT"),
    "api.delete_question": sent(f"/api/v1/reports/questions/{_QUESTION}", None, method="DELETE"),
    "api.replays": get("/api/v1/replays"),
    "api.ask_replay": sent("/api/v1/replays", {"days": 3}),
    "api.replay": get("/api/v1/replays/1", "/api/v1/replays/666"),
    "api.firings": get("/api/v1/replays/1/firings", "/api/v1/replays/1/firings?rule_id=ingest-memory"),
    "api.tokens": get("/api/v1/tokens"),
    "api.make_api_token": sent("/api/v1/tokens", {"name": "x", "role": "viewer"}),
    "api.revoke_token": sent(f"/api/v1/tokens/{quote('vault api_tokens.id')}/revoke", {}),
    "api.check_pasted": sent("/api/v1/check", {"text": SECRET_RUN}, {"text": f"{SECRET_JOB} {cast.EXPORT}"}),
    "api.check_packet": sent("/api/v1/check/packet", {"text": SECRET_RUN}, {"text": cast.EXPORT}, {"job": SECRET_JOB}),
    "api.judge_now": sent("/api/v1/check/now", {"job": SECRET_JOB, "tenant": SECRET}),
    "api.names": get("/api/v1/names"),
    "api.packet": get(*(f"/api/v1/findings/{one}/packet" for one in BOTH)),
    "api.trail": get(*(f"/api/v1/findings/{one}/trail" for one in BOTH)),
    "api.version_changes": get(*(f"/api/v1/findings/{one}/versions/changes" for one in BOTH)),
    "api.openapi": get("/api/v1/openapi.json"),
    "api.list_findings": get("/api/v1/findings", f"/api/v1/findings?tenant={SECRET}", "/api/v1/findings?limit=1"),
    "api.one_finding": get(*(f"/api/v1/findings/{one}" for one in BOTH)),
    "api.versions": get(*(f"/api/v1/findings/{one}/versions" for one in BOTH)),
    "api.life": get(*(f"/api/v1/findings/{one}/life" for one in BOTH)),
    "api.take_step": sent(f"/api/v1/findings/{SECRET_ID}/life", {"step": "confirm", "reason": "x"}),
    "api.create_bundle": sent(f"/api/v1/findings/{SECRET_ID}/bundles", {}),
    "api.bundle": get(*(f"/api/v1/findings/{one}/bundles/0123456789abcdef" for one in BOTH)),
    "api.shares": get(*(f"/api/v1/findings/{one}/shares" for one in BOTH)),
    "api.make_link": sent(f"/api/v1/findings/{SECRET_ID}/shares", {"days": 7}),
    "api.revoke_link": sent(f"/api/v1/findings/{OWN_ID}/shares/{quote('vault finding_shares.id')}/revoke", {}),
    "api.ask_in_words": get(*(f"/api/v1/findings/{one}/ask" for one in BOTH)),
    "api.put_in_words": sent(f"/api/v1/findings/{SECRET_ID}/ask", {"ask": "x", "seen": 0}),
    "api.attachments": get(*(f"/api/v1/findings/{one}/attachments" for one in BOTH)),
    "api.attach_note": sent(f"/api/v1/findings/{SECRET_ID}/attachments", {"sink": "pagerduty"}),
    "api.verify_bundle": post(f"/api/v1/findings/{SECRET_ID}/verification"),
    "api.asks": get("/api/v1/asks"),
    "api.attempts": get(
        "/api/v1/attempts",
        f"/api/v1/attempts?job={SECRET_JOB}&tenant={SECRET}",
        f"/api/v1/attempts?job={cast.EXPORT}&tenant={OWN}",
    ),
    "api.check": get(*(f"/api/v1/check?{asked.replace('q=', 'run_id=')}" for asked in ASKED)),
    "api.edges": get("/api/v1/edges", f"/api/v1/edges?tenant={SECRET}", f"/api/v1/edges?tenant={OWN}"),
    "api.edges_by_debt": get("/api/v1/edges/debts", f"/api/v1/edges/debts?tenant={SECRET}"),
    "api.incidents": get("/api/v1/incidents", "/api/v1/incidents?state=open"),
    "api.incident": get(
        *(f"/api/v1/incidents/{one}" for one in INCIDENTS),
        "/api/v1/incidents/Q1EXPORT?lanes=all&clock=known&at=2026-03-15T05:00:00Z",
    ),
    "api.job": get(
        f"/api/v1/job?job={SECRET_JOB}&tenant={SECRET}",
        f"/api/v1/job?job={cast.EXPORT}&tenant={OWN}",
        f"/api/v1/job?job={cast.EXPORT}&tenant={OWN}&as_of=2026-03-15T04:00:00Z",
    ),
    "api.jobs": get("/api/v1/jobs", f"/api/v1/jobs?tenant={SECRET}"),
    "api.rules": get("/api/v1/rules"),
    "api.sources": get("/api/v1/sources"),
    "api.customers": get(*(f"/api/v1/findings/{one}/customers" for one in BOTH)),
    "api.begin_message": sent(f"/api/v1/findings/{SECRET_ID}/customers", {"actor": "seer"}, {}),
    "api.handover_draft": get("/api/v1/handover"),
    "api.handovers": get("/api/v1/handovers"),
    "api.begin_handover": sent("/api/v1/handovers", {"actor": "x"}),
    "api.handover": get("/api/v1/handovers/1", "/api/v1/handovers/666"),
    "api.write_handover": sent("/api/v1/handovers/666/words", {"seen": 666, "words": {"next": "x"}}),
    "api.acknowledge_handover": sent("/api/v1/handovers/666/acknowledgement", {"seen": 666, "read_back": "x"}),
    "api.messages": get("/api/v1/messages"),
    "api.message": get("/api/v1/messages/666"),
    "api.write_message": sent("/api/v1/messages/666/text", {"seen": 666, "text": "x"}),
    "api.approve_message": sent("/api/v1/messages/666/approval", {"seen": 666}),
    "api.mark_message_sent": sent("/api/v1/messages/666/sending", {"seen": 666, "channel": "mail"}),
    "api.drop_message": sent("/api/v1/messages/666/dropping", {"seen": 666, "reason": "x"}),
    "asks.show": get("/asks"),
    "asks.as_csv": get("/asks.csv"),
    "put_ask.edit": post(f"/findings/{SECRET_ID}/ask", {"ask": "x", "seen": "0"}),
    "evidence.attach": post(f"/findings/{SECRET_ID}/attach", {"sink": "pagerduty"}),
    "evidence.verify": post(f"/findings/{SECRET_ID}/verify"),
    "customer.index": get("/messages"),
    "customer.show": get(*(f"/findings/{one}/customers" for one in BOTH)),
    "customer.start": post(f"/findings/{SECRET_ID}/customers", {"tenant": SECRET}),
    "customer.message": get(*(f"/findings/{one}/customers/666" for one in BOTH)),
    "customer.text": get(*(f"/findings/{one}/customers/666/message.txt" for one in BOTH)),
    "customer.save": post(f"/findings/{SECRET_ID}/customers/666", {"seen": "666", "text": "x"}),
    "customer.approve": post(f"/findings/{SECRET_ID}/customers/666/approve", {"seen": "666"}),
    "customer.drop": post(f"/findings/{SECRET_ID}/customers/666/drop", {"seen": "666"}),
    "customer.sent": post(f"/findings/{SECRET_ID}/customers/666/sent", {"seen": "666"}),
    "share.make": post(f"/findings/{SECRET_ID}/shares", {"days": "7"}),
    "share.revoke": post(*(f"/findings/{OWN_ID}/shares/{quote('vault finding_shares.id')}/revoke",)),
    "share.show": get("/shared/vault"),
    "versions.show": get(*(f"/findings/{one}/versions" for one in BOTH)),
    "jobs.edges": get("/jobs/edges", f"/jobs/edges?tenant={SECRET}"),
    "reports.show": get("/reports", f"/reports?tenant={SECRET}", "/reports?by=tenant", "/reports?by=job"),
    "reports.as_csv": get("/reports.csv", f"/reports.csv?tenant={SECRET}"),
    "reports.keep": post("/reports/questions", {"name": "x", "query": "by=nothing"}),
    "reports.change": post(f"/reports/questions/{quote('vault saved_questions.id')}", {"name": "x"}),
    "reports.forget": post(f"/reports/questions/{quote('vault saved_questions.id')}/delete"),
    "settings.show": get("/settings"),
    "audit.show": get("/audit"),
    "api.actions": get("/api/v1/actions"),
    "api.action": get(f"/api/v1/actions/{quote('vault actions.id')}"),
    "api.approve_action": sent(f"/api/v1/actions/{quote('vault actions.id')}/approve", {}, {"reason": "x"}),
    "api.refuse_action": sent(f"/api/v1/actions/{quote('vault actions.id')}/refuse", {}, {"reason": "x"}),
    "api.audit": get("/api/v1/audit"),
    "api.overview": get("/api/v1/overview"),
    "api.report": get("/api/v1/reports", f"/api/v1/reports?tenant={SECRET}"),
    "api.questions": get("/api/v1/reports/questions"),
    "api.rule": get("/api/v1/rules/ingest-memory", "/api/v1/rules/vault"),
    "api.settings": get("/api/v1/settings"),
    "api.set_aside": get("/api/v1/sources/datadog/set-aside", "/api/v1/sources/vault-files/set-aside"),
    "charts.script": get("/charts/x.js"),
    "charts.current": get("/charts/script.js"),
    "finding.chart": get(*(f"/findings/{one}/chart.json" for one in BOTH)),
    "incident.chart": get(*(f"/incidents/{one}/chart.json" for one in INCIDENTS)),
    "tokens.show": get("/tokens"),
    "tokens.create": post("/tokens", {"name": "x", "role": "viewer", "days": "30"}),
    "tokens.revoke": post(f"/tokens/{quote('vault api_tokens.id')}/revoke"),
}
"""By endpoint. A route that has none fails the test."""
