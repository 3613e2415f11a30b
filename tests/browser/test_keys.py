"""The header and the keys: in order, by keyboard alone, with scripts and without."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, watched
from tests.web import cast


def test_the_keyboard_reaches_everything_in_order(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    seen.page.goto(site.address)
    reached = []
    for _ in range(10):
        seen.page.keyboard.press("Tab")
        reached.append(seen.page.evaluate("document.activeElement.innerText || document.activeElement.name"))
    assert reached[:2] == ["Skip to the content", "Incident correlator"]
    assert reached[2:8] == ["Overview", "Check", "Incidents", "Jobs", "Handover", "Reports"]
    assert reached[8:] == ["More", "q"]
    seen.page.context.close()


def test_the_header_is_one_row_and_the_menu_closes_on_escape(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.goto(f"{site.address}/rules")
    header = page.locator(".top").bounding_box()
    assert header is not None
    assert header["height"] < 70
    more = page.locator("#more summary")
    expect(more).to_contain_text("you are at: Rules")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#more [aria-current=page]")).to_have_text("Rules")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#more")).not_to_have_attribute("open", "")
    expect(more).to_be_focused()
    page.context.close()


def test_on_a_phone_the_menu_has_every_page_without_scripts(browser: Browser, site: Site) -> None:
    seen = watched(browser, width=390, scripts=False)
    page = seen.page
    page.goto(site.address)
    page.locator("#more summary").click()
    for name in ("Incidents", "Handover", "Rules", "API tokens"):
        expect(page.locator("#more").get_by_role("link", name=name)).to_be_visible()
    page.locator("#more").get_by_role("link", name="Jobs").click()
    assert page.url.endswith("/jobs")
    page.context.close()


def test_keys_are_listed_and_lead_everywhere(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.goto(site.address)
    page.locator(".foot a").first.focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Incidents")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(page.locator(".foot a").first).to_be_focused()
    for key, path in (("i", "/incidents"), ("j", "/jobs"), ("o", "/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(site.address + path)
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=cast.EXPORT).first).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#quick")).to_be_focused()
    page.keyboard.type("g?j/")
    expect(page.locator("#quick")).to_have_value("g?j/")
    assert seen.complaints == []
    page.context.close()


def test_keys_can_be_turned_off(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.goto(site.address)
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys work on this device").uncheck()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Keys")).to_be_focused()
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(page.locator("#quick")).not_to_be_focused()
    page.context.close()
