"""How the whole run is shared among its processes: a file at a time, the longest first, so that none works alone at the
end, and a folder at a time where its tests share what is dear to make: a browser, a history that was judged."""

from __future__ import annotations

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

WHOLE_FOLDERS: Final = (
    "tests/browser/",
    "tests/evidence/",
    "tests/connectors/standin/",
    "tests/connectors/prometheus/",
)
SECONDS: Final = {
    "tests/browser/": 150,
    "tests/frame/test_gates.py": 90,
    "tests/evidence/": 85,
    "tests/test_demo.py": 80,
    "tests/scheduling/test_serve.py": 60,
    "tests/scheduling/test_job.py": 45,
    "tests/walk/test_command.py": 45,
    "tests/engine/test_stories.py": 40,
    "tests/simulation/test_stories.py": 40,
    "tests/connectors/test_pull_standin.py": 35,
    "tests/cli/test_backfill.py": 30,
    "tests/web/api/test_schemathesis.py": 30,
    "tests/faults/test_weather.py": 30,
    "tests/web/test_bundles.py": 25,
    "tests/connectors/standin/": 25,
    "tests/faults/test_secrets.py": 25,
    "tests/engine/test_laws.py": 20,
    "tests/store/test_work.py": 20,
    "tests/lifecycle/test_recurrence.py": 20,
    "tests/sums/test_summing.py": 20,
    "tests/test_attach_faults.py": 20,
    "tests/incremental/test_trust.py": 15,
    "tests/incremental/test_same_answer.py": 15,
    "tests/engine/test_unkind.py": 15,
    "tests/store/test_facts.py": 15,
    "tests/connectors/test_resuming.py": 15,
    "tests/faults/test_ticks.py": 12,
    "tests/lifecycle/test_machine.py": 12,
    "tests/rules/test_mutations.py": 10,
    "tests/cli/test_backtest.py": 10,
    "tests/lifecycle/test_stories.py": 10,
    "tests/store/test_webhooks.py": 10,
    "tests/scheduling/test_webhook_wakes.py": 10,
    "tests/frame/test_wheel.py": 10,
}
"""About how long, on two processors in use. What is not here takes less than ten. A wrong figure costs time alone."""


def share_of(test: str) -> str:
    """The share that the test of this id belongs to: its file, or the folder around it."""
    file = test.partition("::")[0]
    return next((folder for folder in WHOLE_FOLDERS if file.startswith(folder)), file)


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests in the order in which their shares are to be begun, each share's own in a row."""
    ranks: dict[str, int] = {}
    for item in items:
        ranks.setdefault(share_of(item.nodeid), len(ranks))
    items.sort(key=lambda item: (-SECONDS.get(share := share_of(item.nodeid), 0), ranks[share]))


def by_share(config: pytest.Config, log: Any) -> Any:
    """Gives whoever has next to nothing left to do the next share, in the order the tests are in."""
    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = share_of  # the one thing in which its kinds differ
    return scheduler
