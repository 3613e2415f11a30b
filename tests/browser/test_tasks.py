"""What each of the three people comes for, from a cold page, with what is on the screen and nothing else."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, watched
from tests.web import cast


def test_a_support_engineer_pastes_a_run_id_and_reads_the_verdict_first(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.goto(site.address)
    page.get_by_placeholder("Paste run ids").fill(f"{cast.pairs()[0].logical_run_id}-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Yes, systemic")
    first = page.locator(".answer").first
    expect(first).to_contain_text("caused upstream by ingest_events")
    box = first.bounding_box()
    assert box is not None
    assert box["y"] < 400
    expect(page.get_by_role("link", name="Open the evidence packet")).to_be_visible()
    page.context.close()


def test_an_incident_commander_sees_what_broke_first_and_who_to_ask(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.goto(site.address)
    expect(page.get_by_role("heading", level=1)).to_have_text("1 job has systemic trouble")
    case = page.locator(".case").first
    expect(case).to_contain_text("ingest_events→resolve_identity→export_ads")
    expect(case).to_contain_text("Ask data-platform")
    box = case.bounding_box()
    assert box is not None
    assert box["y"] < 500
    page.context.close()


def test_an_engineer_reads_the_ask_and_sees_the_aligned_attempts(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    page = seen.page
    page.goto(site.address)
    page.get_by_role("link", name=cast.EXPORT).first.click()
    expect(page.locator(".ask")).to_contain_text("Raise the worker memory")
    picture = page.locator("#part-6 ~ figure").first
    expect(picture).to_have_attribute("data-ready", "")
    close_up = page.locator("#attempts tbody tr")
    drawn = picture.locator("[aria-label*=' · attempt ']")
    for row in range(close_up.count()):
        run = close_up.nth(row).locator(".id").first.inner_text()
        expect(drawn.locator(f"xpath=self::*[contains(@aria-label, '{run} ')]")).to_have_count(1)
    expect(page.get_by_role("link", name="Download the bundle")).to_be_visible()
    page.context.close()


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
    page.get_by_role("link", name="Incidents").click()
    page.get_by_role("link", name="Q1EXPORT").click()
    course = page.locator(".course li")
    expect(course.first).to_contain_text("ingest_events broke first")
    box = course.first.bounding_box()
    assert box is not None
    assert box["y"] < 500
    page.get_by_role("link", name="Show all jobs").click()
    expect(page.get_by_role("link", name="Show the path that matters")).to_be_visible()
    page.get_by_role("link", name="Jobs").click()
    page.get_by_role("link", name="Minutes burnt").click()
    assert page.url.endswith("/jobs?sort=minutes")
    page.get_by_role("link", name=cast.EXPORT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(cast.EXPORT)
    page.context.close()
