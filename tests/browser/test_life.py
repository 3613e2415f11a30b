"""Where a finding stands, on its page, by a person without scripts and while the page is polled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from correlator.store.findings import finding_id
from tests.web.cast import EXPORT, PREMIUM
from tests.web.factory import full_store, settings_for
from tests.web.listening import listening

PAGE = f"/findings/{finding_id(PREMIUM, EXPORT)}"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server on a store of its own, to be written to."""
    full_store(tmp_path).dispose()
    with listening(settings_for(tmp_path)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("scripts", [False, True])
def test_a_person_confirms_and_hands_over(browser: Browser, address: str, *, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address + PAGE)
    expect(page.locator("#life-title")).to_have_text("Status: suspect")
    page.click("#step-confirm summary")
    page.fill("#reason-confirm", "seen in the ingest's log too")
    page.fill("#actor-confirm", "on-call")
    page.click("#step-confirm button")
    expect(page.locator("#life-title")).to_have_text("Status: confirmed")
    page.click("#step-escalate summary")
    expect(page.locator("#team")).to_have_value("data-platform")
    page.fill("#actor-escalate", "on-call")
    page.click("#step-escalate button")
    expect(page.locator("#life-title")).to_have_text("Status: escalated")
    page.click("#trail summary")
    expect(page.locator("#trail .trail")).to_contain_text("seen in the ingest's log too")
    context.close()


def test_who_was_slower_is_told(browser: Browser, address: str) -> None:
    context = browser.new_context()
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(address + PAGE)
        page.click("#step-dismiss summary")
        page.fill("#reason-dismiss", "a planned test")
        page.fill("#actor-dismiss", "on-call")
    for page in (first, second):
        page.click("#step-dismiss button")
    expect(first.locator("#life-title")).to_have_text("Status: dismissed")
    expect(second.locator("main")).to_contain_text("moved on meanwhile")
    context.close()
