"""What comes out on paper: the words and the pictures, as wide as the sheet, and nothing to press."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, watched
from tests.browser.peopled import FINDING, HANDOVER

A4 = 718
"""Its width between margins of a centimetre, in CSS pixels."""


@pytest.mark.parametrize("path", [FINDING, HANDOVER, "/incidents/Q1EXPORT"])
def test_a_sheet_has_the_words_alone(browser: Browser, peopled_site: Site, path: str) -> None:
    page = watched(browser, width=A4, scheme="dark").page
    page.goto(peopled_site.address + path)
    page.emulate_media(media="print")
    for what in ("button", ".button", "nav", "input", "textarea", "#shares", "#more"):
        for one in page.locator(what).all():
            expect(one).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.context.close()


def test_what_was_written_and_where_links_lead_is_printed(browser: Browser, peopled_site: Site) -> None:
    page = watched(browser).page
    page.goto(peopled_site.address + HANDOVER)
    page.emulate_media(media="print")
    expect(page.locator(".written").first).to_be_visible()
    expect(page.locator(".written").first).to_contain_text("export_ads of tenant-07")
    page.goto(peopled_site.address + FINDING)
    shown = (
        "getComputedStyle(document.querySelector(\"a[href='https://example.com/runbooks/ingest-memory']\"), '::after')"
    )
    assert "https://example.com/runbooks" in page.evaluate(f"{shown}.content")
    page.context.close()
