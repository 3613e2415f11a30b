"""A store as a shift ends with it, and many who act in the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine

from correlator.errors import StepRefusedError
from correlator.model import Analysis, Incident
from correlator.ports import Page, PullReport
from correlator.store.facts import store_page
from correlator.store.findings import finding_id, save_analysis
from correlator.store.sources import record_pull
from tests.web import cast
from tests.web.factory import Rule

NOW: Final = cast.END + timedelta(minutes=20)
FINDING: Final = finding_id(cast.PREMIUM, cast.EXPORT)
MANY: Final = 6


def fill(engine: Engine) -> None:
    """Runs, an open incident of them, the finding that explains it, and a source that is down."""
    attempts = [one for one in cast.attempts() if one.tenant == cast.PREMIUM]
    at = cast.incidents()[0].created_at
    opened = Incident("QOPEN", at, title="blank again", job=cast.EXPORT, tenant=cast.PREMIUM)
    store_page(engine, "files", Page("all", (*attempts, opened), {"at": 1}, done=True), cast.END)
    failed = PullReport("pagerduty", 1, error="401 Unauthorized", hint="put a valid key there", permanent=True)
    record_pull(engine, failed, cast.END, None)
    save_analysis(engine, Analysis(cast.END, (cast.systemic(), cast.transient())), cast.END, Rule())


def at_once(act: Callable[[int], object]) -> list[StepRefusedError]:
    """Let many act in the same moment; gives what they were refused."""
    refused: list[StepRefusedError] = []
    ready = threading.Barrier(MANY)

    def one(number: int) -> None:
        ready.wait()
        try:
            act(number)
        except StepRefusedError as error:
            refused.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused
