"""One round of notes over all sinks: one that is configured wrongly, or fails, is said and stops no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Engine

from connectors.registry import build_sinks, writing_kinds
from correlator.attaching.outcome import AttachReport, Done
from correlator.attaching.rounds import attach_open
from correlator.errors import SettingsError
from correlator.settings import Settings
from correlator.store.sinks import SinkStatus, record_sinks


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a sink could not be used, or did not take a note."""

    sink: str
    said: str
    hint: str


@dataclass(frozen=True, slots=True)
class Rounds:
    """What became of the notes of each sink that could be used, and what went wrong, a sink at most once."""

    reports: tuple[AttachReport, ...]
    troubles: tuple[Trouble, ...]

    @property
    def said(self) -> str:
        return "; ".join(f"{report.sink} {report.said}" for report in self.reports)

    @property
    def some_went_well(self) -> bool:
        troubled = {trouble.sink for trouble in self.troubles}
        return any(report.sink not in troubled for report in self.reports)


def attach_everywhere(engine: Engine, settings: Settings, now: datetime) -> Rounds:
    """The round of each sink, and how each of them stands, entered in the store. Raises StoreError."""
    sinks = build_sinks(settings, writing_kinds(settings))
    reports = tuple(attach_open(engine, settings, sink, now) for sink in sinks.usable)
    refused = tuple(_refused(sink, error) for sink, error in sinks.unusable.items())
    troubles = (*refused, *filter(None, map(_failed, reports)))
    by_sink = {trouble.sink: trouble for trouble in troubles}
    names = [*sinks.unusable, *(report.sink for report in reports)]
    record_sinks(engine, [_status(name, by_sink.get(name), now) for name in names])
    return Rounds(reports, troubles)


def _refused(sink: str, error: SettingsError) -> Trouble:
    structlog.get_logger("correlator.attaching").error("sink not usable", sink=sink, error=error.message)
    return Trouble(sink, f"{sink} cannot be used: {error.message}", error.hint)


def _failed(report: AttachReport) -> Trouble | None:
    """The first note that was not taken."""
    first = next((outcome for outcome in report.outcomes if outcome.done is Done.FAILED), None)
    if first is None:
        return None
    return Trouble(report.sink, f"{first.sink} {first.target}: {first.said}", first.error.hint if first.error else "")


def _status(sink: str, trouble: Trouble | None, now: datetime) -> SinkStatus:
    return SinkStatus(sink, now, trouble.said, trouble.hint) if trouble else SinkStatus(sink, now)
