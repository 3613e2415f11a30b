"""Where the facts of a packet came from, and when: what the store knows and a finding does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from correlator.model import MonitorSeen, iso


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source: whether its last pull reached it, the last good one, and what it covers in words."""

    name: str
    reached: bool
    last_good_pull: datetime | None = None
    coverage: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Redactions:
    """What was replaced or left out, for whom, and what was not replaced."""

    audience: str
    made: tuple[str, ...]
    not_redacted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutAsk:
    """What is asked, as a person put it instead of the rule."""

    ask: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Provenance:
    """`as_of` is the newest fact looked at. `links` and `arrivals` go by logical run id, run id, change id or the name
    of a metric; `requests` are examples of what was asked of the sources. `redactions` is None for a bundle as made.
    `earlier`: what was like it and is over, a sentence each, with what fixed it then. `put_ask`: the ask in a person's
    words, or None. `monitors`: those that saw trouble near the failures. `known_here`: since when findings
    with the known error's texts are raised here, in words."""

    as_of: datetime
    sources: tuple[SourceState, ...] = ()
    program_version: str = ""
    clock_offsets: tuple[str, ...] = ()
    first_raised_at: datetime | None = None
    changed_at: datetime | None = None
    previous_verdict: str = ""
    page_url: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    arrivals: Mapping[str, datetime] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    redactions: Redactions | None = None
    earlier: tuple[str, ...] = ()
    put_ask: PutAsk | None = None
    monitors: tuple[MonitorSeen, ...] = ()
    known_here: str = ""

    def coverage(self) -> str:
        """One line: which sources answered."""
        if not self.sources:
            return "a folder of tables, no live source"
        reached = [source.name for source in self.sources if source.reached]
        silent = [source.name for source in self.sources if not source.reached]
        words = f"{len(reached)} of {len(self.sources)} sources reached"
        return f"{words} (not reached: {', '.join(silent)})" if silent else words

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without the redactions, which the manifest lists apart; `from_dict` reads it back."""
        return {
            "as_of": iso(self.as_of),
            "sources": [_source(source) for source in self.sources],
            "program_version": self.program_version,
            "clock_offsets": list(self.clock_offsets),
            "first_raised_at": _iso(self.first_raised_at),
            "changed_at": _iso(self.changed_at),
            "previous_verdict": self.previous_verdict,
            "page_url": self.page_url,
            "links": dict(sorted(self.links.items())),
            "arrivals": {key: iso(at) for key, at in sorted(self.arrivals.items())},
            "requests": list(self.requests),
            "earlier": list(self.earlier),
            **({"put_ask": _put_ask(self.put_ask)} if self.put_ask else {}),
            **({"monitors": [_monitor(one) for one in self.monitors]} if self.monitors else {}),
            **({"known_here": self.known_here} if self.known_here else {}),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], redactions: Redactions | None = None) -> Provenance:
        """The inverse of `to_dict`. Raises KeyError, TypeError or ValueError for a document that is not one."""
        return cls(
            as_of=datetime.fromisoformat(document["as_of"]),
            sources=tuple(_source_of(entry) for entry in document["sources"]),
            clock_offsets=tuple(str(line) for line in document["clock_offsets"]),
            first_raised_at=_time(document["first_raised_at"]),
            changed_at=_time(document["changed_at"]),
            links={str(key): str(url) for key, url in document["links"].items()},
            arrivals={str(key): datetime.fromisoformat(at) for key, at in document["arrivals"].items()},
            requests=tuple(str(line) for line in document.get("requests", ())),
            redactions=redactions,
            earlier=tuple(str(line) for line in document.get("earlier", ())),
            put_ask=_put_ask_of(document["put_ask"]) if "put_ask" in document else None,
            monitors=tuple(_monitor_of(entry) for entry in document.get("monitors", ())),
            known_here=str(document.get("known_here", "")),
            **{key: str(document[key]) for key in ("program_version", "previous_verdict", "page_url")},
        )


def metric_key(metric: str, job: str) -> str:
    """The key of a metric's link."""
    return f"{metric} of {job}"


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _put_ask(put: PutAsk) -> dict[str, str]:
    return {"ask": put.ask, "by": put.by, "at": iso(put.at)}


def _put_ask_of(entry: Mapping[str, Any]) -> PutAsk:
    return PutAsk(str(entry["ask"]), str(entry["by"]), datetime.fromisoformat(entry["at"]))


def _monitor(seen: MonitorSeen) -> dict[str, Any]:
    return asdict(seen) | {"last_at": iso(seen.last_at)}


def _monitor_of(entry: Mapping[str, Any]) -> MonitorSeen:
    read: dict[str, Any] = {name: str(entry[name]) for name in ("monitor_id", "title", "state", "job", "url")}
    read |= {name: int(entry[name]) for name in ("failures", "of")}
    read |= {"minutes_before": float(entry["minutes_before"]), "last_at": datetime.fromisoformat(entry["last_at"])}
    return MonitorSeen(**read)


def _source(source: SourceState) -> dict[str, Any]:
    return {
        "name": source.name,
        "reached": source.reached,
        "last_good_pull": _iso(source.last_good_pull),
        "coverage": source.coverage,
        "error": source.error,
    }


def _source_of(entry: Mapping[str, Any]) -> SourceState:
    texts = {key: str(entry[key]) for key in ("name", "coverage", "error")}
    return SourceState(reached=bool(entry["reached"]), last_good_pull=_time(entry["last_good_pull"]), **texts)
