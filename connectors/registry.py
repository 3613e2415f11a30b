"""Which kinds of sources and sinks there are; each is imported when it is configured.

A kind is the folder `connectors/KIND` and the settings `KIND.*`. The parts are in the same files everywhere:
`source.py` and `sink.py` have `build(settings)`, `check.py` has `check(settings)`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.retries import Patience
from correlator.errors import SettingsError, UsageError
from correlator.ports import Asker, Found, Probe, Sink, Source
from correlator.settings import Settings


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind does: `reads` has a source.py, `writes` a sink.py; `remote` is asked over the network, so that its
    source can be built with a `Patience` of the caller's; `quoted` has a refetch.py, which asks for single items."""

    reads: bool = True
    writes: bool = False
    remote: bool = True
    quoted: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "datadog": Kind(writes=True, quoted=True),
    "pagerduty": Kind(writes=True, quoted=True),
    "prometheus": Kind(),
    "airflow": Kind(quoted=True),
    "openlineage": Kind(reads=False),
    "files": Kind(remote=False),
    "webhook": Kind(reads=False, writes=True),
    "slack": Kind(reads=False, writes=True),
    "zendesk": Kind(reads=False, writes=True),
}


def build_sources(settings: Settings) -> list[Source]:
    """The sources that are enabled. Raises SettingsError when one is configured wrongly."""
    return [_part(kind, "source")(settings) for kind in enabled_kinds(settings) if KINDS[kind].reads]


def build_source(kind: str, settings: Settings, patience: Patience) -> Source:
    """One source that somebody asked for by name, waiting as `patience` says. Raises UsageError when it is not enabled,
    SettingsError when it is configured wrongly."""
    reading = [kind for kind in enabled_kinds(settings) if KINDS[kind].reads]
    if kind not in reading:
        raise UsageError(f"there is no configured source {kind!r}", hint=f"configured: {', '.join(reading) or 'none'}")
    build = _part(kind, "source")
    source: Source = build(settings, patience) if KINDS[kind].remote else build(settings)
    return source


@dataclass(frozen=True, slots=True)
class Sinks:
    """The sinks that can be used, and why others cannot, by kind: one that is configured wrongly stops no other."""

    usable: tuple[Sink, ...] = ()
    unusable: Mapping[str, SettingsError] = field(default_factory=dict)


def writing_kinds(settings: Settings) -> list[str]:
    """The kinds that are enabled and may write by themselves."""
    return [kind for kind in enabled_kinds(settings) if KINDS[kind].writes and settings[f"{kind}.attach"]]


def build_sinks(settings: Settings, kinds: Iterable[str]) -> Sinks:
    """The sinks of these kinds, each built by itself."""
    usable, unusable = list[Sink](), dict[str, SettingsError]()
    for kind in kinds:
        try:
            usable.append(build_sink(kind, settings))
        except SettingsError as error:
            unusable[kind] = error
    return Sinks(tuple(usable), unusable)


def build_sink(kind: str, settings: Settings) -> Sink:
    """One sink that somebody asked for by hand, whether or not notes are written by themselves.

    Raises SettingsError when it is not enabled or configured wrongly.
    """
    if not settings[f"{kind}.enabled"]:
        raise SettingsError(f"{kind} is not enabled", hint=f"set {kind}.enabled to true in correlator.yaml")
    sink: Sink = _part(kind, "sink")(settings)
    return sink


def build_asker(kind: str, settings: Settings) -> Asker:
    """The connection over which items that a bundle quotes are asked for again. Raises UsageError when the kind quotes
    nothing, SettingsError when it is not enabled or configured wrongly."""
    if kind not in KINDS or not KINDS[kind].quoted:
        raise UsageError(f"there is no way to ask `{kind}` for a single item again")
    if not settings[f"{kind}.enabled"]:
        raise SettingsError(f"{kind} is not enabled", hint=f"set {kind}.enabled to true in correlator.yaml")
    asker: Asker = _part(kind, "refetch")(settings)
    return asker


def enabled_kinds(settings: Settings) -> list[str]:
    """The kinds that are switched on, in the order of the dict."""
    return [kind for kind in KINDS if settings[f"{kind}.enabled"]]


def check_kind(kind: str, settings: Settings) -> list[Probe]:
    """Ask the system of this kind for everything its parts need, one small request each.

    A setting or secret that is missing is a failed probe as well. Raises UsageError for a kind there is not.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no kind of source `{kind}`", hint=f"there are {', '.join(KINDS)}")
    try:
        probes: list[Probe] = list(_part(kind, "check")(settings))
    except SettingsError as error:
        return [Probe("settings", Found.MISSING, said=error.message, without="nothing is read", hint=error.hint)]
    return probes


def _part(kind: str, part: str) -> Any:
    """The function of a kind's file: `check` of check.py, `build` of the others."""
    module = importlib.import_module(f"connectors.{kind}.{part}")
    return getattr(module, "check" if part == "check" else "build")
