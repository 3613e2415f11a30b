"""How fast spans are pulled and stored, as a ratio to clients that read the same pages and store nothing.

    python -m benchmarks.pulling                     a million spans
    python -m benchmarks.pulling --spans 100000 --profile

The pages come from another process, rendered beforehand but for their numbers and times, so that serving them costs
next to nothing. Measured are: the vendor's client as it comes (parsing into its models; on a few pages, as it takes
most of a second a page), the same without parsing into models (`check_return_type=False`), our own client, which
takes the raw answer, and a pull into an empty SQLite file.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from connectors.datadog import source as datadog
from connectors.standin.http import Reply, Request, serve
from connectors.standin.spans import span_of
from correlator.model import Attempt, Status
from correlator.ports import Page, PullWindow, Source
from correlator.pulling.pull import pull_source
from correlator.settings import load_settings
from correlator.store.database import open_store

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
A_PAGE: Final = 1000
PAGE_MINUTES: Final = 10
MODEL_PAGES: Final = 5
NUMBER: Final = "@@@@@@@@"
TIME: Final = "2026-01-01T00:00"
WITHOUT_MODELS: Final = "the vendor's client, without models"


def main() -> None:
    arguments = _arguments()
    pages = arguments.spans // A_PAGE
    if arguments.serve:
        _serve(pages)
        return
    with _server(pages) as url:
        _report(_measured(url, pages, profile=arguments.profile), pages)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--profile", action="store_true", help="say where the pull's time goes")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


# --- the pages -------------------------------------------------------------------------------------------------


def _serve(pages: int) -> None:
    template = json.dumps([_span(number) for number in range(A_PAGE)], separators=(",", ":"))

    def page(index: int) -> bytes:
        at = START + timedelta(minutes=PAGE_MINUTES * index)
        data = template.replace(NUMBER, f"{index:08d}").replace(TIME, at.strftime("%Y-%m-%dT%H:%M"))
        after = json.dumps({"elapsed": 7, "status": "done", "page": {"after": str(index)}})
        return f'{{"data":{data},"meta":{after}}}'.encode()

    rendered = [page(index) for index in range(min(pages, 200))]

    def answer(request: Request) -> Reply:
        search = request.json()["data"]["attributes"]
        since, until = int(search["filter"]["from"]), int(search["filter"]["to"])
        cursor = search["page"].get("cursor")
        index = int(cursor) + 1 if cursor else -(-(since - _millis(0)) // (PAGE_MINUTES * 60_000))
        if index >= pages or _millis(index) >= until:
            return Reply(200, {"data": []})
        return Reply(200, rendered[index] if index < len(rendered) else page(index))

    with serve(answer, 0, "pages") as url:
        print(url, flush=True)
        sys.stdin.read()


def _millis(index: int) -> int:
    return int((START + timedelta(minutes=PAGE_MINUTES * index)).timestamp() * 1000)


def _span(number: int) -> dict[str, Any]:
    """One of a page's runs: one in twenty failed and was tried again, on fifty jobs of forty tenants."""
    failed = number % 20 == 0
    at = START + timedelta(milliseconds=50 * number)
    attempt = Attempt(
        run_id=f"run-{NUMBER}-{number}",
        job=f"job-{number % 50}",
        started_at=at,
        status=Status.FAILED if failed else Status.SUCCESS,
        tenant=f"tenant-{number % 40:02d}",
        logical_run_id=f"logical-{NUMBER}-{number}",
        attempt=1,
        scheduled_at=at,
        finished_at=at + timedelta(seconds=3),
        error="ReadTimeout: the export took too long" if failed else None,
        service="exports",
        host=f"worker-{number % 12}",
    )
    span = span_of(attempt)
    return replace_id(span, f"{NUMBER}{number}")


def replace_id(span: dict[str, Any], key: str) -> dict[str, Any]:
    return {**span, "id": key, "attributes": {**span["attributes"], "span_id": key}}


@contextmanager
def _server(pages: int) -> Iterator[str]:
    call = [sys.executable, "-m", "benchmarks.pulling", "--serve", "--spans", str(pages * A_PAGE)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


# --- what is measured ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spent:
    """Seconds on the wall, and of this process on a processor: other work on the machine lengthens the first alone."""

    wall: float
    processor: float

    def times(self, factor: float) -> Spent:
        return Spent(self.wall * factor, self.processor * factor)


def _measured(url: str, pages: int, *, profile: bool) -> dict[str, Spent]:
    """What each thing measured takes for all pages."""
    models = min(MODEL_PAGES, pages)
    found = {
        "the vendor's client, with its models": _timed(lambda: _vendor(url, models, parsed=True)).times(pages / models),
        WITHOUT_MODELS: _timed(lambda: _vendor(url, pages, parsed=False)),
        "our client": _timed(lambda: _ours(url, pages)),
    }
    with TemporaryDirectory() as folder:
        profiler = cProfile.Profile()
        if profile:
            profiler.enable()
        found["a pull into a store"] = _timed(lambda: _pulled(url, pages, Path(folder) / "store.db"))
        if profile:
            profiler.disable()
            pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    return found


def _timed(task: Callable[[], None]) -> Spent:
    began_at, used = time.perf_counter(), time.process_time()
    task()
    return Spent(time.perf_counter() - began_at, time.process_time() - used)


def _source(url: str) -> Any:
    values = {"DD_API_KEY": "key-of-datadog", "DD_APP_KEY": "key-of-application", "CORRELATOR_DATADOG_HOST": url}
    return datadog.build(load_settings(environment=values))


def _window(pages: int) -> PullWindow:
    return PullWindow(until=START + timedelta(minutes=PAGE_MINUTES * pages), since=START)


def _body(pages: int, cursor: str | None) -> dict[str, Any]:
    page = {"limit": A_PAGE} | ({"cursor": cursor} if cursor else {})
    return {"filter": {"from": str(_millis(0)), "to": str(_millis(pages)), "query": "*"}, "page": page}


def _ours(url: str, pages: int) -> None:
    client = _source(url)._client
    cursor, read = None, 0
    while (document := client.search_spans(_body(pages, cursor)))["data"]:
        cursor, read = document["meta"]["page"]["after"], read + 1
    assert read == pages


def _vendor(url: str, pages: int, *, parsed: bool) -> None:
    from datadog_api_client import ApiClient, Configuration
    from datadog_api_client.v2.api.spans_api import SpansApi

    made: Any = Configuration
    configuration = made(host=url, check_return_type=parsed)
    configuration.api_key = {"apiKeyAuth": "k", "appKeyAuth": "a"}
    spans: Any = SpansApi
    api = spans(ApiClient(configuration))
    cursor, read = None, 0
    while read < pages:
        body = {"data": {"type": "search_request", "attributes": _body(pages, cursor)}}
        answer = api.list_spans(body=body)
        cursor, read = (
            answer.to_dict()["meta"]["page"]["after"] if parsed else answer["meta"]["page"]["after"],
            read + 1,
        )


class _OnlyRuns:
    """The source without the streams that are not measured; says how much memory a pull takes on the way."""

    name = "datadog"
    streams: tuple[str, ...] = ("runs",)

    def __init__(self, source: Source, pages: int) -> None:
        self._source, self._pages = source, pages

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        for number, page in enumerate(self._source.pages(stream, position, window)):
            if number in (self._pages // 10, self._pages // 2, self._pages - 1):
                print(f"after {number + 1} pages: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
            yield replace(page)


def _pulled(url: str, pages: int, file: Path) -> None:
    engine = open_store(f"sqlite:///{file}")
    source: Source = _OnlyRuns(_source(url), pages)
    report = pull_source(engine, source, _window(pages), datetime.now(UTC))
    engine.dispose()
    assert report.error is None, report.error
    assert report.stored == {"runs": pages * A_PAGE}, report.stored
    print(f"{file.stat().st_size / 2**20:.0f} MiB stored, {report.requests} requests")


def _report(found: dict[str, Spent], pages: int) -> None:
    pulled = found["a pull into a store"]
    for name, spent in found.items():
        rate = pages * A_PAGE / spent.processor
        ratio = spent.processor / pulled.processor
        print(f"{name}: {spent.processor:.1f} s of processor, {spent.wall:.1f} s in all, {rate:,.0f} spans a second")
        print(f"    the pull is at {ratio:.2f} of its throughput, by the processor")


if __name__ == "__main__":
    main()
