"""What each page shows and each form does, by the routes of the API that give the same: the one table of it.

The reference in the docs is made of it, and a page or form that stands nowhere here is an error (`unsaid`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flask import Flask
from werkzeug.routing import Rule

from web.api.routes import pages

SAME: Final[dict[str, tuple[str, ...]]] = {
    "overview.show": ("overview", "list_findings", "outage"),
    "outages.decide": ("decide_outage",),
    "finding.show": (
        "one_finding",
        "packet",
        "life",
        "versions",
        "ask_in_words",
        "attachments",
        "shares",
        "actions",
        "trail",
    ),
    "finding.chart": ("one_finding", "attempts"),
    "finding.markdown": ("packet",),
    "finding.note": ("packet",),
    "finding.ticket": ("packet",),
    "versions.show": ("versions", "version_changes"),
    "life.form": ("take_step",),
    "put_ask.edit": ("put_in_words",),
    "bundle.download": ("create_bundle", "bundle"),
    "evidence.verify": ("verify_bundle",),
    "evidence.attach": ("attach_note",),
    "share.make": ("make_link",),
    "share.revoke": ("revoke_link",),
    "share.show": ("one_finding", "packet", "attempts"),
    "check.show": ("check", "names"),
    "check.post": ("check_pasted",),
    "check.packet": ("check_packet",),
    "check.judge_now": ("judge_now",),
    "incident.index": ("incidents",),
    "incident.show": ("incident",),
    "incident.chart": ("incident",),
    "incident.status": ("incident",),
    "jobs.show": ("jobs",),
    "jobs.edges": ("edges_by_debt",),
    "jobs.job": ("job", "attempts", "edges"),
    "handover.index": ("handovers", "handover_draft"),
    "handover.draft": ("handover_draft",),
    "handover.start": ("begin_handover",),
    "handover.show": ("handover",),
    "handover.markdown": ("handover",),
    "handover.plain": ("handover",),
    "handover.save": ("write_handover",),
    "handover.take_over": ("acknowledge_handover",),
    "customer.index": ("messages",),
    "customer.show": ("customers", "messages"),
    "customer.start": ("begin_message",),
    "customer.message": ("message",),
    "customer.text": ("message",),
    "customer.save": ("write_message",),
    "customer.approve": ("approve_message",),
    "customer.sent": ("mark_message_sent",),
    "customer.drop": ("drop_message",),
    "rules.show": ("rules", "replays"),
    "rules.one": ("rule", "replay", "firings"),
    "rules.replay": ("ask_replay",),
    "calibration.show": ("calibration",),
    "actions.index": ("actions",),
    "actions.one": ("action",),
    "actions.approve": ("approve_action",),
    "actions.refuse": ("refuse_action",),
    "asks.show": ("asks",),
    "asks.as_csv": ("asks",),
    "reports.show": ("report", "questions", "question"),
    "reports.as_csv": ("report",),
    "reports.keep": ("keep",),
    "reports.change": ("change_question",),
    "reports.forget": ("delete_question",),
    "sources.show": ("sources", "set_aside"),
    "sources.set_aside": ("set_aside",),
    "settings.show": ("settings",),
    "audit.show": ("audit",),
    "tokens.show": ("tokens",),
    "tokens.create": ("make_api_token",),
    "tokens.revoke": ("revoke_token",),
}
"""By the endpoint of the page; routes of the API by the names of their views."""

NOT_PAGES: Final[dict[str, str]] = {
    "static": "files of the pages",
    "charts.script": "files of the pages",
    "charts.current": "files of the pages",
    "login.begin": "a person logs in; programs send a token",
    "login.back": "a person logs in; programs send a token",
    "login.out": "a person logs in; programs send a token",
    "login.gone": "a person logs in; programs send a token",
    "probes.alive": "for programs as it is",
    "probes.ready": "for programs as it is",
    "measures.show": "for programs as it is",
    "webhooks.pagerduty": "for programs as it is",
    "lineage.one_event": "for programs as it is",
    "lineage.batch": "for programs as it is",
}
"""What is neither shown to people nor done by a form, and why."""
_PLACE: Final = re.compile(r"<(?:[^<>]*:)?(\w+)>")


def unsaid(app: Flask) -> set[str]:
    """Endpoints of pages and forms of which nobody says how a program has the same."""
    outside = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.startswith(f"{pages.name}.")}
    return outside - SAME.keys() - NOT_PAGES.keys()


def same_rows(app: Flask) -> Iterator[tuple[str, list[str]]]:
    """Of each page and form its method and address, with those of the routes that give the same; by address."""
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    for endpoint in sorted(SAME, key=lambda one: (rules[one].rule, method_of(rules[one]))):
        yield _told(rules[endpoint]), [_told(rules[f"{pages.name}.{name}"]) for name in SAME[endpoint]]


def method_of(rule: Rule) -> str:
    """The one that is not HEAD or OPTIONS; of a question that may be posted too, POST."""
    return max((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _told(rule: Rule) -> str:
    return method_of(rule) + " " + _PLACE.sub(r"{\1}", rule.rule)
