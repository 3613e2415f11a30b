"""What each of the people comes for, from a cold page, with what is on the screen and nothing else: in both themes,
wide and on a phone. What they see then is kept in artefacts/screens/; `make pictures` takes docs/images/ from there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Scheme, Site, Watched, watched
from tests.browser.peopled import FINDING
from tests.web import cast

SCREENS = Path(__file__).parents[2] / "artefacts" / "screens"
WIDTHS = {"wide": 1280, "phone": 390}
EYES = [(width, scheme) for scheme in get_args(Scheme) for width in WIDTHS]


@pytest.fixture(params=EYES, ids="-".join)
def cold(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A page that shows nothing yet. When the task is done, what it shows is kept."""
    width, scheme = request.param
    seen = watched(browser, WIDTHS[width], scheme)
    yield seen
    assert seen.complaints == []
    assert seen.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is (scheme == "dark")
    assert seen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    task = request.function.__name__.removeprefix("test_")
    seen.page.screenshot(path=kept(f"{task}-{width}-{scheme}"))
    seen.page.context.close()


def kept(name: str) -> Path:
    SCREENS.mkdir(parents=True, exist_ok=True)
    return SCREENS / f"{name}.png"


def go(page: Page, name: str) -> None:
    """By the header's link; on a phone it is in the menu."""
    menu = page.locator("#more summary")
    if menu.inner_text() == "Menu":
        menu.click()
    page.locator(".top").get_by_role("link", name=name, exact=True).click()


def is_seen_at_once(what: Locator) -> None:
    """Without scrolling."""
    expect(what).to_be_visible()
    box, height = what.bounding_box(), what.page.viewport_size
    assert box is not None
    assert height is not None
    assert box["y"] < height["height"] - 40


def test_check(cold: Watched, peopled_site: Site) -> None:
    """A support engineer pastes run ids and reads the verdict first."""
    page = cold.page
    page.goto(peopled_site.address)
    page.get_by_placeholder("Run ids").fill(" ".join(f"{pair.logical_run_id}-1" for pair in cast.pairs()[:3]))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Yes, systemic")
    expect(page.locator(".answer").first).to_contain_text("caused upstream by ingest_events")
    is_seen_at_once(page.locator(".answer").first)
    expect(page.get_by_role("link", name="Open the evidence packet")).to_be_visible()


def test_incident(cold: Watched, peopled_site: Site) -> None:
    """An incident commander opens the incident: what broke first, what follows from it, what changed."""
    page = cold.page
    page.goto(peopled_site.address)
    go(page, "Incidents")
    page.get_by_role("link", name="Q1EXPORT").first.click()
    course = page.locator(".course li")
    expect(course.first).to_contain_text("ingest_events broke first")
    is_seen_at_once(course.first)
    expect(course.filter(has_text="export_ads").first).to_be_visible()
    expect(page.get_by_text("rollback of the segment table").first).to_be_attached()


def test_overview(cold: Watched, peopled_site: Site) -> None:
    """Whoever looks in sees what is systemic, the path, and whom to ask."""
    page = cold.page
    page.goto(peopled_site.address)
    case = page.locator(".case").first
    expect(case).to_contain_text("ingest_events→resolve_identity→export_ads")
    expect(case).to_contain_text("Ask data-platform")
    is_seen_at_once(case)


def test_finding(cold: Watched, peopled_site: Site) -> None:
    """An engineer of the owning team: the ask, the ids, and that the evidence can be had and verified."""
    page = cold.page
    page.goto(peopled_site.address)
    page.get_by_role("link", name=cast.EXPORT).first.click()
    expect(page.get_by_role("link", name="Download bundle")).to_have_attribute("href", f"{FINDING}/bundle.zip")
    is_seen_at_once(page.get_by_role("link", name="Download bundle"))
    is_seen_at_once(page.get_by_text("Ask data-platform: Raise the worker memory"))
    expect(page.get_by_role("button", name="Verify")).to_be_visible()
    expect(page.locator(".ask").first).to_contain_text("Raise the worker memory")
    expect(page.locator("#attempts tbody tr").first).to_contain_text(f"{cast.INGEST}-{cast.PREMIUM}")


def test_attempts_drawn(browser: Browser, peopled_site: Site) -> None:
    """The picture has every attempt of the table beside it."""
    page = watched(browser).page
    page.goto(peopled_site.address + FINDING)
    picture = page.locator("#part-6 ~ figure").first
    expect(picture).to_have_attribute("data-ready", "")
    close_up = page.locator("#attempts tbody tr")
    drawn = picture.locator("[aria-label*=' · attempt ']")
    for row in range(close_up.count()):
        run = close_up.nth(row).locator(".id").first.inner_text()
        expect(drawn.locator(f"xpath=self::*[contains(@aria-label, '{run} ')]")).to_have_count(1)
    picture.locator(".chart-frame").screenshot(path=kept("timeline-wide-light"))
    page.context.close()


def test_handover(cold: Watched, own_site: Site) -> None:
    """On call: begin a handover, and the next one acknowledges it."""
    page = cold.page
    page.goto(own_site.address)
    go(page, "Handover")
    page.get_by_label("Your name").first.fill("first on call")
    page.get_by_role("button", name="Start handover").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Handover of \d{4}-\d\d-\d\d"))
    expect(page.locator("#conditions")).to_have_value(re.compile(cast.EXPORT))
    page.get_by_label("Read it back").fill("export_ads is broken upstream; data-platform first")
    page.locator("#take-over ~ form").get_by_label("Your name").fill("second on call")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".answer")).to_contain_text("Acknowledged by second on call")


def test_message(cold: Watched, own_site: Site) -> None:
    """Support: a message to a customer, which a second person approves."""
    page = cold.page
    page.goto(own_site.address + FINDING)
    page.get_by_role("link", name="Messages to customers").click()
    page.get_by_label("Your name").first.fill("support")
    page.get_by_role("button", name="Start message").click()
    page.locator("#step-approve summary").click()
    page.locator("#step-approve input[name=actor]").fill("second person")
    page.get_by_role("button", name="Approve this text").click()
    expect(page.locator(".answer")).to_contain_text("Approved by second person")


def test_everything_works_without_scripts(browser: Browser, site: Site) -> None:
    seen = watched(browser, scripts=False)
    page = seen.page
    page.goto(site.address + "/check")
    page.locator("#job").fill(cast.EXPORT)
    page.get_by_role("button", name="Check").last.click()
    expect(page.locator(".answer")).to_contain_text("Systemic")
    page.get_by_role("link", name="Open the evidence packet").click()
    page.get_by_role("link", name="Copy as Markdown").click()
    assert page.url.endswith("/packet.md")
    page.context.close()


def test_markdown_is_copied_whole(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    seen.page.goto(site.address)
    seen.page.get_by_role("link", name=cast.EXPORT).first.click()
    seen.page.get_by_role("link", name="Copy as Markdown").click()
    expect(seen.page.get_by_role("link", name="Copied")).to_be_visible()
    copied = seen.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"# {cast.EXPORT.replace('_', '_')} for {cast.PREMIUM}")
    assert "## 10. Provenance" in copied
    seen.page.context.close()


def test_an_incident_is_read_from_root_to_effect_and_widened_without_scripts(browser: Browser, site: Site) -> None:
    seen = watched(browser, scripts=False)
    page = seen.page
    page.goto(site.address)
    go(page, "Incidents")
    page.get_by_role("link", name="Q1EXPORT").click()
    course = page.locator(".course li")
    expect(course.first).to_contain_text("ingest_events broke first")
    box = course.first.bounding_box()
    assert box is not None
    assert box["y"] < 500
    page.get_by_role("link", name="Show all jobs").click()
    expect(page.get_by_role("link", name="Show only the path")).to_be_visible()
    go(page, "Jobs")
    page.get_by_role("link", name="Minutes lost").click()
    assert page.url.endswith("/jobs?sort=minutes")
    page.get_by_role("link", name=cast.EXPORT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(cast.EXPORT)
    page.context.close()
