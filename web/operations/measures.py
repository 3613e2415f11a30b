"""`/metrics` for Prometheus: requests by page and status, findings by verdict, and how the sources do."""

from __future__ import annotations

import time
from typing import Final

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from web import reading
from web.access import Role, needs
from web.context import context
from web.operations.source_measures import SourceMeasures

pages: Final = Blueprint("measures", __name__)


class Measures:
    """One registry per app, so that two apps in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "correlator_web_requests", "Requests answered.", ("endpoint", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "correlator_web_request_duration_seconds", "Time to answer.", ("endpoint",), registry=self.registry
        )
        self.webhooks = Counter(
            "correlator_webhooks", "Webhooks that were taken.", ("source", "state"), registry=self.registry
        )
        self.findings = Gauge("correlator_findings", "Findings now.", ("verdict",), registry=self.registry)
        self.registry.register(SourceMeasures())


def count_requests(app: Flask) -> None:
    """Time and count every request."""
    app.extensions["correlator.measures"] = Measures()
    app.before_request(_start)
    app.after_request(_finish)


def measures() -> Measures:
    held: Measures = current_app.extensions["correlator.measures"]
    return held


def _start() -> None:
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    endpoint = request.endpoint or "unmatched"
    measures().requests.labels(endpoint, str(response.status_code)).inc()
    if "started" in g:
        measures().seconds.labels(endpoint).observe(time.perf_counter() - g.started)
    return response


@pages.get("/metrics")
@needs(Role.VIEWER, whole=True)
def show() -> Response:
    """The measures in the text format of Prometheus; findings and sources are read now."""
    held, engine = measures(), context().engine
    for verdict, number in reading.verdict_counts(engine).items():
        held.findings.labels(verdict).set(number)
    return Response(generate_latest(held.registry), content_type=CONTENT_TYPE_LATEST)
