"""The interactive pictures and the slider in a browser: under the strict policy, by keyboard, and when they fail."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Site, watched

MINE = "/incidents/Q1EXPORT"


def height_of(page: Page) -> float:
    box = page.locator(".chart-frame").bounding_box()
    assert box is not None
    return box["height"]


def test_a_picture_becomes_interactive_in_its_place_and_is_moved_by_keys(browser: Browser, peopled_site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    held: list[Route] = []
    page.route("**/charts/script.js", lambda route: held.append(route))
    with page.expect_request("**/charts/script.js"):
        page.goto(peopled_site.address + MINE)
    before = height_of(page)
    held[0].continue_()
    expect(page.locator("figure[data-ready]")).to_have_count(1)
    assert abs(height_of(page) - before) < 1
    expect(page.locator(".vega [aria-label*='attempt 1 · timed out']")).to_have_count(1)
    frame = page.locator(".chart-frame")
    frame.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".chart-said")).to_contain_text("Shown: 2026-03-15 02:1")
    assert seen.complaints == []
    page.context.close()


def test_without_the_script_the_drawn_picture_stays_and_the_page_says_so(browser: Browser, peopled_site: Site) -> None:
    seen = watched(browser)
    seen.page.route("**/charts/*.js", lambda route: route.abort())
    seen.page.goto(peopled_site.address + MINE)
    expect(seen.page.locator(".chart-said")).to_contain_text("did not load")
    expect(seen.page.locator(".chart-frame > svg")).to_be_visible()
    seen.page.context.close()


def test_the_slider_goes_step_by_step_and_stays_where_it_is(browser: Browser, peopled_site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.goto(peopled_site.address + MINE)
    expect(page.locator("figure[data-ready]")).to_have_count(1)
    slider = page.get_by_role("slider")
    slider.focus()
    before = slider.bounding_box()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("#then-words")).to_contain_text("What had happened by")
    assert slider.bounding_box() == before
    assert "at=2026-03-15T04" in page.url
    assert "attempt" in (slider.get_attribute("aria-valuetext") or "")
    expect(page.locator("figure[data-ready] .vega")).to_have_count(1)
    assert seen.complaints == []
    page.context.close()


def test_one_looks_back_without_scripts_too(browser: Browser, peopled_site: Site) -> None:
    seen = watched(browser, scripts=False)
    page = seen.page
    page.goto(peopled_site.address + MINE)
    expect(page.locator(".chart-frame > svg")).to_be_visible()
    page.get_by_label("what could be known by then").check()
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="previous step").click()
    expect(page.locator("#then-words")).to_contain_text("What could be known by")
    expect(page.get_by_label("what could be known by then")).to_be_checked()
    page.context.close()
