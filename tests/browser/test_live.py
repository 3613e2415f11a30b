"""A finding that appears while somebody watches: it is announced, and what is being read stays where it is."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, watched
from tests.web import cast, factory

SOON = "document.body.dataset.pollSeconds = '0.3'"


def test_a_new_finding_appears_and_nothing_jumps(browser: Browser, own_site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.set_viewport_size({"width": 1280, "height": 360})
    page.add_init_script(f"document.addEventListener('readystatechange', () => {{ {SOON} }})")
    page.goto(own_site.address)
    expect(page.locator(".case")).to_have_count(1)
    page.evaluate("document.getElementById('debt').scrollIntoView({ behavior: 'instant' })")
    before = page.locator("#debt").bounding_box()
    factory.judge_again(own_site.folder, replace(cast.systemic(), job="export_crm"))
    expect(page.locator(".case [data-badge]")).to_have_count(2)  # attributed to the same job, they stand together
    expect(page.locator("#announce")).to_contain_text("export_crm")
    expect(page.locator(".case .new")).to_have_count(1)
    after = page.locator("#debt").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 2
    assert seen.complaints == []
    page.context.close()


def test_a_lost_connection_is_said(browser: Browser, own_site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.add_init_script(f"document.addEventListener('readystatechange', () => {{ {SOON} }})")
    page.goto(own_site.address)
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_contain_text("No connection since")
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_be_hidden()
    page.context.close()
