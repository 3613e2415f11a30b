"""The Flask app: pages, API and probes over one store. Starts without the numerical libraries."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from flask import Flask

from correlator import __version__
from correlator.settings import Settings
from correlator.store.database import open_store
from web import api, errors, menu, words
from web.access import current_actor, gate, restricted_stores
from web.access.checking import check_access
from web.access.methods import by_oidc
from web.app_state import whole_context
from web.context import Context, give_back
from web.freshness import Freshness
from web.http import plain_requests, security
from web.http.conditional import answer_conditionally
from web.incoming import lineage, webhooks
from web.operations import measures, probes
from web.views import (
    actions,
    asks,
    audit,
    bundle,
    calibration,
    charts,
    check,
    customer,
    evidence,
    finding,
    handover,
    incident,
    jobs,
    life,
    login,
    outages,
    overview,
    put_ask,
    reports,
    rules,
    share,
    sources,
    tokens,
    versions,
)
from web.views import settings as settings_page

_VIEWS: Final = (
    *(overview, outages, finding, life, customer, bundle, check, incident, jobs, handover, rules, actions),
    *(asks, reports, sources, settings_page, calibration, charts, put_ask, evidence, share, versions, audit, tokens),
)

CACHE_KIB: Final = 256
"""Of each connection: with more, pages of ten million attempts take as long, and eight threads 25 MB more."""
PATIENCE_SECONDS: Final = 10
"""Who writes while something else does waits no longer on SQLite: a thread that waits answers nobody."""


def create_app(settings: Settings) -> Flask:
    """The app over `database.url`. Raises StoreError when the store can't be opened or brought up to date."""
    app = Flask("web", root_path=str(Path(__file__).parent))
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    check_access(settings)
    held = Context(
        settings, open_store(settings.database_url(), cache_kib=CACHE_KIB, patience_seconds=PATIENCE_SECONDS)
    )
    app.extensions["correlator"] = held
    restricted_stores.prepare(app, held.engine)
    give_back(app)
    words.register(app)
    app.jinja_env.globals |= {"current_page": menu.current, "is_stale": is_stale}
    security.guard(app)
    errors.handle_errors(app)
    answer_conditionally(app)
    measures.count_requests(app)
    plain_requests.guard(app)
    gate.guard(app)
    for module in (*_VIEWS, api, probes, measures, webhooks, lineage):
        app.register_blueprint(module.pages)
    if by_oidc(settings):
        login.prepare(app, settings)
    app.context_processor(_everywhere)
    return app


def _everywhere() -> dict[str, Any]:
    actor = current_actor()
    first, more = menu.seen_by(actor, menu.FIRST), menu.seen_by(actor, menu.MORE)
    return {"version": __version__, "actor": actor, "menu_first": first, "menu_more": more}


def is_stale(freshness: Freshness) -> bool:
    """Whether the top line of a page has to say that the data is old."""
    return freshness.stale_for(int(whole_context().settings["schedule.pull_seconds"]), datetime.now(UTC)) is not None
