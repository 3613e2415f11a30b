"""Every page in both themes, wide and at phone width: nothing scrolls sideways, axe is content, no complaints."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog

from correlator.store.findings import finding_id
from tests.browser.conftest import Scheme, Site, watched
from tests.web import cast

SYSTEMIC = f"/findings/{finding_id(cast.PREMIUM, cast.EXPORT)}"
HOSTILE = f"/findings/{finding_id(cast.HOSTILE, cast.HOSTILE)}"
CHECKED = f"/check?q={cast.pairs()[-1].logical_run_id}-1+run-nobody-knows"
INCIDENT = "/incidents/Q1EXPORT?lanes=all"
JOB = f"/job?job={cast.EXPORT}&tenant={cast.PREMIUM}"
PATHS = (
    *("/", "/check", CHECKED, "/incidents", INCIDENT, "/jobs", JOB, "/sources", "/sources/datadog/set-aside"),
    *(SYSTEMIC, HOSTILE, "/rules/upstream-late", "/actions", "/nowhere"),
    *("/reports?by=job&from=2026-03&to=2026-03", "/asks", "/settings", "/?show=systemic"),
)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_sound(browser: Browser, site: Site, path: str, width: int, scheme: Scheme) -> None:
    seen = watched(browser, width, scheme)
    answer = seen.page.goto(site.address + path)
    assert answer is not None
    assert seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert seen.page.locator("h1").count() == 1
    found = Axe().run(seen.page)
    assert found.violations_count == 0, found.generate_report()
    expected = ["Failed to load resource"] if path == "/nowhere" else []
    assert [line for line in seen.complaints if not any(line.startswith(known) for known in expected)] == []
    seen.page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/", "/check", "/incidents", "/jobs", "/reports", "/asks", "/sources"])
def test_an_empty_store_is_sound_too(browser: Browser, empty_site: Site, path: str, width: int) -> None:
    seen = watched(browser, width)
    seen.page.goto(empty_site.address + path)
    assert seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    found = Axe().run(seen.page)
    assert found.violations_count == 0, found.generate_report()
    assert seen.complaints == []
    seen.page.context.close()


def test_hostile_texts_run_nothing(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    dialogs: list[str] = []

    def take(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    seen.page.on("dialog", take)
    for path in (HOSTILE, "/", f"/check?q={quote(cast.HOSTILE)}"):
        seen.page.goto(site.address + path)
        assert seen.page.locator("main script").count() == 0
    assert dialogs == []
    seen.page.context.close()


def test_times_tell_the_viewer_s_own_clock_on_hover(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    seen.page.goto(site.address + SYSTEMIC)
    time = seen.page.locator("time[title]").first
    time.wait_for()
    assert "(your time)" in (time.get_attribute("title") or "")
    seen.page.context.close()


def test_the_keyboard_reaches_everything_in_order(browser: Browser, site: Site) -> None:
    seen = watched(browser)
    seen.page.goto(site.address)
    reached = []
    for _ in range(9):
        seen.page.keyboard.press("Tab")
        reached.append(seen.page.evaluate("document.activeElement.innerText || document.activeElement.name"))
    assert reached[:2] == ["Skip to the content", "Incident correlator"]
    assert reached[2:7] == ["Overview", "Check", "Incidents", "Jobs", "Sources"]
    assert reached[7] == "q"
    seen.page.context.close()
