"""Which kinds of sources and sinks there are; each is imported when it is configured."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

from correlator.errors import SettingsError
from correlator.ports import Sink, Source
from correlator.settings import Settings

SOURCES: Final[Mapping[str, str]] = {
    "datadog": "connectors.datadog.source:build",
    "pagerduty": "connectors.pagerduty.source:build",
}
SINKS: Final[Mapping[str, str]] = {
    "pagerduty": "connectors.pagerduty.sink:build",
}


def build_sources(settings: Settings) -> list[Source]:
    """The sources that are enabled. Raises SettingsError when one is configured wrongly."""
    return [_build(path, settings) for kind, path in SOURCES.items() if settings[f"{kind}.enabled"]]


def build_sinks(settings: Settings) -> list[Sink]:
    """The sinks that are enabled and may write. Raises SettingsError when one is configured wrongly."""
    return [
        _build(path, settings)
        for kind, path in SINKS.items()
        if settings[f"{kind}.enabled"] and settings[f"{kind}.attach"]
    ]


def build_sink(kind: str, settings: Settings) -> Sink:
    """One sink that somebody asked for by hand, whether or not notes are written by themselves.

    Raises SettingsError when it is not enabled or configured wrongly.
    """
    if not settings[f"{kind}.enabled"]:
        raise SettingsError(f"{kind} is not enabled", hint=f"set {kind}.enabled to true in correlator.yaml")
    sink: Sink = _build(SINKS[kind], settings)
    return sink


def _build(path: str, settings: Settings) -> Any:
    module, attribute = path.split(":")
    return getattr(importlib.import_module(module), attribute)(settings)
