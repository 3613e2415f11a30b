"""Prometheus as a source: `metrics`, by range queries, of the jobs and times that matter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.addressing import base_url
from connectors.clock import clocked
from connectors.prometheus.client import Answer, PrometheusClient, TooMuchError
from connectors.prometheus.mapping import Mapped, points_from_matrix
from connectors.prometheus.queries import check_template, filled
from connectors.prometheus.requests import Stretch, stretches, ticks
from connectors.retries import Patience
from connectors.stretches import Covered, around, spans_by_pair
from correlator.errors import SourceError
from correlator.model import MetricPoint, iso
from correlator.ports import Page, PullWindow, SetAside
from correlator.settings import Settings

SETTLED: Final = timedelta(minutes=10)
"""Points younger than this may still be missing (scrapes, remote write, recording rules), and are asked for again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings `prometheus.*` that the stream goes by. `metrics`: name to PromQL template."""

    metrics: Mapping[str, str]
    labels: Mapping[str, str]
    step_seconds: int

    @property
    def fingerprint(self) -> str:
        """Changes with whatever makes the same stretch of time give other points."""
        said = json.dumps([dict(self.metrics), dict(self.labels), self.step_seconds], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


class PrometheusSource:
    """Implements `ports.Source`.

    What matters comes as `PullWindow.interests`; the position is `{"watermark", "of", "covered"}`: what was read of
    each job with the plan whose fingerprint is `of`.
    """

    name = "prometheus"
    streams: tuple[str, ...] = ("metrics",)

    def __init__(self, client: PrometheusClient, plan: Plan) -> None:
        self._client = client
        self._plan = plan

    def pages(self, stream: str, position: dict[str, Any] | None, window: PullWindow) -> Iterator[Page]:
        """The stream's pages from `position` on. Raises SourceError; what was yielded before stays true."""
        if stream != "metrics":
            raise SourceError(f"Prometheus has no stream `{stream}`", permanent=True)
        return clocked(self._client.clock, self._metrics(dict(position or {}), window))

    def _metrics(self, position: dict[str, Any], window: PullWindow) -> Iterator[Page]:
        """A page a stretch, oldest first."""
        same = position.get("of") == self._plan.fingerprint
        covered = Covered(position.get("covered", {}) if same else {})
        wanted = spans_by_pair(window, _begin(position))
        if wanted and not window.since:
            covered.forget_before(around(span for spans in wanted.values() for span in spans)[0])
        known = Covered({}) if window.since else covered
        missing = {pair: known.missing(pair, spans) for pair, spans in wanted.items()}
        partial: list[str] = []
        for stretch in stretches(missing, self._plan.step_seconds) if self._plan.metrics else ():
            read = _Read(self._client, self._plan, stretch)
            read.all()
            if read.partial:
                partial.append(f"{iso(stretch.start)} to {iso(stretch.end)}: {read.partial}")
            else:
                _cover(covered, stretch, window)
                position = position | {"of": self._plan.fingerprint, "covered": covered.to_json()}
            yield read.page(position)
        reached = {"of": self._plan.fingerprint, "covered": covered.to_json()}
        yield Page("metrics", (), position | reached | {"watermark": iso(window.until)}, requests=0, done=not partial)
        if partial:
            raise SourceError(
                f"Prometheus: only part of the answer came for {'; '.join(partial[:3])}",
                hint="what came is stored, and the next pull asks for this time again",
            )


def _cover(covered: Covered, stretch: Stretch, window: PullWindow) -> None:
    for pair, spans in stretch.parts.items():
        covered.add(pair, [(start, min(end, window.until - SETTLED)) for start, end in spans])


def _begin(position: Mapping[str, Any]) -> datetime | None:
    """Where the last pull ended, less what had not settled."""
    reached = position.get("watermark")
    return datetime.fromisoformat(reached) - SETTLED if reached else None


class _Read:
    """One stretch, metric by metric, growing."""

    def __init__(self, client: PrometheusClient, plan: Plan, stretch: Stretch) -> None:
        self._client, self._plan, self._stretch = client, plan, stretch
        self._before = client.sent
        self._points: list[MetricPoint] = []
        self._aside: dict[str, SetAside] = {}
        self._notices: list[str] = []
        self.partial = ""

    def all(self) -> None:
        for metric, template in self._plan.metrics.items():
            pairs = self._stretch.pairs
            jobs = None if pairs is None else [job for _, job in pairs]
            tenants = None if pairs is None else [tenant for tenant, _ in pairs]
            query = filled(template, jobs, tenants, self._plan.step_seconds)
            self._metric(metric, query, self._stretch.start, self._stretch.end)

    def page(self, position: dict[str, Any]) -> Page:
        return Page(
            "metrics",
            tuple(self._points),
            position,
            set_aside=tuple(self._aside.values()),
            requests=self._client.sent - self._before,
            notices=tuple(dict.fromkeys(self._notices)),
        )

    def _metric(self, metric: str, query: str, start: datetime, end: datetime) -> None:
        """The metric's points; what is too much for the server at once in halves."""
        step = self._plan.step_seconds
        between = ticks(start, end, step)
        if between is None:
            return
        try:
            answer = self._client.query_range(query, *between, step, metric)
        except TooMuchError:
            if between[0] == between[1]:
                raise
            middle = start + (end - start) / 2
            self._metric(metric, query, start, middle)
            self._metric(metric, query, middle, end)
            return
        mapped = points_from_matrix(answer.data, metric, self._plan.labels, self._stretch.pairs)
        self._take(metric, answer, mapped)

    def _take(self, metric: str, answer: Answer, mapped: Mapped) -> None:
        self._points += [one for one in mapped.points if self._stretch.wants((one.tenant, one.job or ""), one.at)]
        self._aside |= {item.item_id: item for item in mapped.set_aside}
        if mapped.infinite:
            self._notices.append(f"{metric}: infinite values are left out, as if they were missing")
        for text in (*answer.warnings, *answer.infos):
            self._notices.append(f"{metric}: the server remarks: {text}")
        missing = [text for text in answer.warnings if not text.startswith("PromQL ")]
        self.partial = self.partial or "; ".join(missing[:3])


def build(settings: Settings, patience: Patience | None = None) -> PrometheusSource:
    """The source as configured. Raises SettingsError for an address or a query that is none."""
    return PrometheusSource(build_client(settings, patience), plan_from(settings))


def build_client(settings: Settings, patience: Patience | None = None) -> PrometheusClient:
    """The client as configured. Raises SettingsError for an address that is none, or that holds a password."""
    return PrometheusClient(
        url=_address(settings),
        user=settings["prometheus.user"],
        password=_optional(settings, "PROMETHEUS_PASSWORD"),
        token=_optional(settings, "PROMETHEUS_TOKEN"),
        headers={str(key): str(value) for key, value in settings["prometheus.headers"].items()},
        patience=patience,
    )


def _address(settings: Settings) -> str:
    return base_url(
        settings,
        "prometheus.url",
        instead="`prometheus.user` and PROMETHEUS_PASSWORD",
        example="http://prometheus.example.com:9090",
    )


def _optional(settings: Settings, variable: str) -> str:
    return settings.secret(variable) if settings.has_secret(variable) else ""


def plan_from(settings: Settings) -> Plan:
    """The plan the settings make. Raises SettingsError with the place of the setting that is wrong."""
    where = settings.origin["prometheus.metrics"]
    metrics = {
        str(name): check_template(str(name), query, where) for name, query in settings["prometheus.metrics"].items()
    }
    return Plan(
        metrics,
        settings["prometheus.labels"],
        step_seconds=settings["prometheus.step_seconds"],
    )
