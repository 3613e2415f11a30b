"""Nothing of a tenant one may not see shows on any route: not in words, not in numbers, not by an answer's kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from correlator.settings import load_settings
from correlator.store.database import reading
from correlator.store.schema import metadata
from tests.web.access.cases import CASES, Ask
from tests.web.access.worlds import MASK, NOW, OWN_ID, SECRET, SECRET_ID, SECRET_JOB, WORDS, world
from web.app import create_app


class Pages:
    """The app over one of the two stores."""

    def __init__(self, folder: Path, *, secret: bool) -> None:
        self.engine, self.tokens = world(folder, secret=secret)
        url = f"sqlite:///{folder / 'store.db'}"
        self.app: Flask = create_app(
            load_settings(None, {"CORRELATOR_DATABASE_URL": url, "CORRELATOR_ACCESS_TOKENS": "true"})
        )

    def ask(self, ask: Ask, who: str) -> TestResponse:
        more: dict[str, Any] = {"json": ask.json} if ask.json is not None else {"data": ask.form}
        head = {"Authorization": f"Bearer {self.tokens[who]}"}
        return self.app.test_client().open(ask.path, method=ask.method, headers=head, buffered=True, **more)

    def close(self) -> None:
        self.app.extensions["correlator"].engine.dispose()
        self.engine.dispose()


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pages, Pages]]:
    """Without the other tenant, and with it; the clock stands still."""
    with ExitStack() as closing:
        closing.enter_context(time_machine.travel(NOW, tick=False))
        both = [Pages(tmp_path_factory.mktemp(name), secret=name == "with") for name in ("without", "with")]
        for pages in both:
            closing.callback(pages.close)
        yield both[0], both[1]


def test_every_route_has_its_cases(worlds: tuple[Pages, Pages]) -> None:
    """Whoever adds a route says here how it is asked about what may not be seen."""
    routes = {(rule.endpoint, method) for rule in worlds[1].app.url_map.iter_rules() for method in _methods(rule)}
    told = {(endpoint, ask.method) for endpoint, asks in CASES.items() for ask in asks}
    assert routes - told == set()
    assert told - routes == set()


def _methods(rule: Any) -> set[str]:
    return set(rule.methods) - {"HEAD", "OPTIONS"}


@pytest.mark.parametrize("endpoint", CASES)
def test_the_answer_is_the_same_as_if_the_other_tenant_were_not_there(
    worlds: tuple[Pages, Pages], endpoint: str
) -> None:
    without, beside = worlds
    before = hidden_rows(beside)
    for ask in CASES[endpoint]:
        expected, answer = without.ask(ask, "seer"), beside.ask(ask, "seer")
        assert plain(answer) == plain(expected), ask
        said = answer.text.replace("&#39;", "'")
        for echoed in ask.echoed:
            said = said.replace(echoed, "")
        assert not [word for word in WORDS if word in said.lower()], ask
        assert answer.status_code < 500, ask
    assert hidden_rows(beside) == before


def plain(answer: TestResponse) -> tuple[int, str, dict[str, str]]:
    """All of an answer but what is random in every one."""
    text = re.sub(r'"reference":"[0-9a-f]+"', "", answer.get_data().decode("utf-8", "replace"))
    return answer.status_code, text, {key: value for key, value in answer.headers.items() if key != "Date"}


def hidden_rows(pages: Pages) -> list[Any]:
    """Every row that names the other tenant's things: nobody who may not see them writes there."""
    found: list[Any] = []
    with reading(pages.engine) as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(select(table)).all()
            found += [(table.name, *row) for row in rows if any(word in str(row) for word in WORDS)]
    return [row for row in found if row[0] not in ("audit", "api_tokens")]


@pytest.mark.parametrize(
    "path",
    [
        f"/findings/{OWN_ID}",
        f"/api/v1/findings/{OWN_ID}",
        f"/findings/{OWN_ID}/packet.md",
        "/incidents/Q1EXPORT",
        "/job?job=load_feed",
    ],
)
def test_what_is_theirs_is_shown_without_names_of_others(worlds: tuple[Pages, Pages], path: str) -> None:
    answer = worlds[1].ask(Ask(path), "seer")
    assert answer.status_code == 200
    assert MASK in answer.text


@pytest.mark.parametrize("path", ["/jobs", f"/check?q={SECRET_JOB}", f"/api/v1/findings/{SECRET_ID}"])
def test_who_may_see_all_sees_it(worlds: tuple[Pages, Pages], path: str) -> None:
    """Else the test above would hold for pages that show nothing at all."""
    assert SECRET in worlds[1].ask(Ask(path), "whole").text
