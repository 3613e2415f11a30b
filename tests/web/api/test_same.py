"""All that pages show and do can be had from the API: by a table that nobody can forget to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from correlator.settings import load_settings
from tests.frame.tree import ROOT
from web.access.gate import OPEN, OWN_PROOF
from web.access.requirements import Requirement, requirement_of
from web.api.routes import OPERATIONS
from web.api.same import NOT_PAGES, SAME, method_of, same_rows, unsaid
from web.app import create_app

FORM = re.compile(r"<form[^>]*?action=\"{{ url_for\('([\w.]*\w)'[^>]*?method=\"post\"")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With every route there can be: those of the login too."""
    given = {
        "CORRELATOR_DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('same') / 'store.db'}",
        "CORRELATOR_ACCESS_OIDC_ISSUER": "https://login.example.com",
        "CORRELATOR_ACCESS_OIDC_CLIENT_ID": "correlator",
        "OIDC_CLIENT_SECRET": "not-a-secret",
        "CORRELATOR_WEB_BASE_URL": "https://correlator.example.com",
        "CORRELATOR_ACCESS_ROLES": "owners=admin",
    }
    made = create_app(load_settings(None, given))
    yield made
    made.extensions["correlator"].engine.dispose()


def methods(app: Flask) -> dict[str, str]:
    return {rule.endpoint: method_of(rule) for rule in app.url_map.iter_rules()}


def test_every_page_and_form_has_its_routes(app: Flask) -> None:
    assert unsaid(app) == set()
    assert set(SAME) | set(NOT_PAGES) <= set(app.view_functions), "a page that is not there any more"
    assert set(SAME) & set(NOT_PAGES) == set()


def test_a_page_without_any_is_found(app: Flask) -> None:
    other = Flask("other")
    other.add_url_rule("/wishes", "wishes.show", lambda: "")
    assert unsaid(other) == {"wishes.show"}


def test_the_routes_are_there_and_described(app: Flask) -> None:
    named = {f"api.{name}" for routes in SAME.values() for name in routes}
    assert named <= OPERATIONS.keys()
    assert all(SAME.values())


def test_what_a_form_does_a_program_does_by_a_route_of_the_same_role(app: Flask) -> None:
    """A program needs no more than a person, and gets in with no less."""
    made = methods(app)
    for endpoint, names in SAME.items():
        page, routes = requirement(app, endpoint, made), [requirement(app, f"api.{name}", made) for name in names]
        if made[endpoint] == "GET":
            assert any((one.role, one.whole) <= (page.role, page.whole) for one in routes), endpoint
        else:
            assert [made[f"api.{name}"] != "GET" for name in names] == [True], endpoint
            assert [(one.role, one.whole) for one in routes] == [(page.role, page.whole)], endpoint


def requirement(app: Flask, endpoint: str, made: dict[str, str]) -> Requirement:
    return requirement_of(app.view_functions[endpoint], writes=made[endpoint] != "GET")


def test_every_form_in_the_templates_is_one_of_them() -> None:
    sources = [file.read_text(encoding="utf-8") for file in Path(ROOT, "web", "templates").glob("*.html")]
    forms = {endpoint for source in sources for endpoint in FORM.findall(source)}
    assert len(forms) > 20
    assert forms <= SAME.keys() | NOT_PAGES.keys()


def test_what_is_no_page_lets_nobody_see_a_tenant(app: Flask) -> None:
    """`NOT_PAGES` must not become a way around: what stands there is open to all, has a proof of its own, or is the
    measures, which have no names of tenants, or a person's way in and out, or a file."""
    known = OPEN | OWN_PROOF | {"measures.show", "login.out", "charts.script", "charts.current"}
    assert set(NOT_PAGES) <= known


def test_the_docs_have_the_table(app: Flask) -> None:
    page = (ROOT / "docs" / "api-reference.md").read_text(encoding="utf-8")
    for address, routes in same_rows(app):
        assert f"| `{address}` | {', '.join(f'`{one}`' for one in routes)} |" in page
