"""From navigation to an interactive picture in Chromium, beside a floor: the same page without the picture.

    python -m benchmarks.interactive [--times 7]

Serves a small store with an incident and a finding from this process and opens their pages in headless Chromium: cold
(a fresh context, nothing kept) and warm (the page opened again in it). Printed for each: the median and the worst of
the milliseconds from navigation until the page is loaded and its scripts have run, with the picture's script and
definition refused (the floor), or until the picture is interactive; the median of the milliseconds that the page's main
thread itself worked, which other work on the machine does not lengthen; and when the parts were asked for and had.
Chromium is CORRELATOR_CHROMIUM, or /usr/bin/chromium.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.peopled import FINDING, people
from tests.web.listening import listening
from web.pictures.chart_script import script_file

PAGES: Final = {"incident": "/incidents/Q1EXPORT", "finding": FINDING}
PICTURE: Final = ("**/charts/**", "**/chart.json*", "**/charts/*.json*")
MARKS: Final = """
const seen = new MutationObserver(() => {
  if (document.querySelector("figure[data-ready]")) { performance.mark("ready"); seen.disconnect(); }
});
seen.observe(document, { subtree: true, attributes: true, attributeFilter: ["data-ready"] });
"""
TIMES: Final = """() => ({
  ready: performance.getEntriesByName("ready")[0]?.startTime,
  loaded: performance.getEntriesByType("navigation")[0].loadEventEnd,
  page: performance.getEntriesByType("navigation")[0].responseEnd,
  fetched: Object.fromEntries(performance.getEntriesByType("resource")
    .filter((one) => one.name.includes("chart")).map((one) => [new URL(one.name).pathname.split("/").pop(),
      [one.startTime, one.responseEnd]])),
})"""


@dataclass
class Seen:
    """Milliseconds of one opening."""

    ready: float
    page: float
    fetched: dict[str, list[float]]
    worked: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    script_file()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings, _ = people(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        with listening(settings) as port:
            for name, path in PAGES.items():
                for without in (True, False):
                    opened = [both(browser, f"http://127.0.0.1:{port}{path}", without) for _ in range(options.times)]
                    for state, found in zip(("cold", "warm"), zip(*opened, strict=True), strict=True):
                        tell(name, state, "floor" if without else "picture", found)
        browser.close()
    return 0


def both(browser: Browser, address: str, without: bool) -> tuple[Seen, Seen]:
    """The page opened twice in one context."""
    with fresh(browser) as context:
        if without:
            for pattern in PICTURE:
                context.route(pattern, lambda route: route.abort())
        return opened(context, address, without), opened(context, address, without)


@contextmanager
def fresh(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(MARKS)
    yield context
    context.close()


def opened(context: BrowserContext, address: str, without: bool) -> Seen:
    page = context.new_page()
    thread = context.new_cdp_session(page)
    thread.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address, wait_until="load")
    if not without:
        page.locator("figure[data-ready]").first.wait_for(state="attached", timeout=60_000)
    found, spent = page.evaluate(TIMES), thread.send("Performance.getMetrics")["metrics"]
    worked = next(one["value"] for one in spent if one["name"] == "TaskDuration") * 1000
    page.close()
    ready = found["loaded"] if without else found["ready"]
    return Seen(ready, found["page"], found["fetched"], worked)


def tell(name: str, state: str, what: str, found: tuple[Seen, ...]) -> None:
    times, worked = [one.ready for one in found], median(one.worked for one in found)
    print(f"{name:9} {state:5} {what:8} {median(times):5.0f} ms, worst {max(times):5.0f}", end="")
    print(f"; its thread {worked:4.0f}; page {median(one.page for one in found):.0f}", end="")
    for file in sorted({file for one in found for file in one.fetched}):
        begun, ended = (median(one.fetched[file][n] for one in found if file in one.fetched) for n in (0, 1))
        print(f"; {file} {begun:.0f} to {ended:.0f}", end="")
    print()


if __name__ == "__main__":
    raise SystemExit(main())
