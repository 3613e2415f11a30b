"""What one look leaves to the next: of every tenant where its rows are and what was seen of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from correlator.engine.episodes import SharedEpisode
from correlator.engine.platform import Span, Totals
from correlator.incremental.rows import NEVER
from correlator.tables.frames import NO_TIME

FORMAT: Final = 1
INDEX: Final = "index.json"


@dataclass(frozen=True)
class Known:
    """What is known of one tenant.

    `file`: where its rows are kept, and `starts` what it adds to the platform's ("" for nothing). `start`, `until`: the
    stretch judged. `wake`: the first time in its rows after `until`. `leave`: until where the window may begin without
    hiding anything seen. `loud`: the end of the last failure or retry by then; `next_loud`: that of the first one dated
    later. `changes`: which recorded changes were seen. `tests`: edges tested. `streams`: failed runs and runs of each
    job.
    """

    file: str = ""
    start: int = NO_TIME
    until: int = NO_TIME
    wake: int = NEVER
    leave: int = NEVER
    loud: int = NO_TIME
    next_loud: int = NEVER
    changes: str = ""
    tests: int = 0
    streams: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    starts: str = ""


@dataclass(frozen=True)
class Wide:
    """What concerns all tenants: outages that hit several of them, for how many tests p-values are corrected, the
    labels of runs that come back; when that was found (µs), and when by the platform's bins it failed."""

    episodes: tuple[SharedEpisode, ...]
    tests: int
    labels: tuple[str, ...]
    spans: tuple[Span, ...]
    found_at: int

    def same(self, other: Wide) -> bool:
        return (self.episodes, self.tests, self.labels) == (other.episodes, other.tests, other.labels)


@dataclass(frozen=True)
class State:
    """A whole look. `settings`: what it depended on beside the facts; `token`: that of the findings it stored;
    `now`: its moment; `made_at`: when the rows were last read from the store as a whole; `positions`: the last write
    seen of each source; `waiting`: where rows lie that no tenant's judged stretch holds."""

    settings: str
    token: str
    now: int
    made_at: int
    step: int
    positions: Mapping[str, int]
    tenants: Mapping[str, Known]
    totals: Totals
    wide: Wide
    waiting: str

    @property
    def files(self) -> set[str]:
        files = {name for known in self.tenants.values() for name in (known.file, known.starts)}
        return {self.waiting, *files} - {""}


def save_state(folder: Path, state: State) -> None:
    """Replace the index."""
    document = {"format": FORMAT} | {name: getattr(state, name) for name in _PLAIN}
    document |= {"tenants": {name: vars(known) for name, known in state.tenants.items()}, "wide": asdict(state.wide)}
    totals = state.totals
    arrays = {name: getattr(totals, name).tolist() for name in ("runs", "failed", "hit")}
    document["totals"] = {"tenants": totals.tenants, "first": totals.first} | arrays
    half = folder / (INDEX + ".half")
    half.write_text(json.dumps(document), encoding="utf-8")
    half.replace(folder / INDEX)


def load_state(folder: Path) -> State | None:
    """The last look's state; None where there is none that this program can read."""
    try:
        document = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return None
    totals = document["totals"]
    arrays = [np.array(totals[name], np.int64) for name in ("runs", "failed", "hit")]
    return State(
        **{name: document[name] for name in _PLAIN},
        tenants={name: _known(row) for name, row in document["tenants"].items()},
        totals=Totals(totals["tenants"], totals["first"], *arrays),
        wide=_wide(document["wide"]),
    )


_PLAIN: Final = ("settings", "token", "now", "made_at", "step", "positions", "waiting")


def _known(row: dict[str, Any]) -> Known:
    streams = {job: (int(failed), int(runs)) for job, (failed, runs) in row["streams"].items()}
    return Known(**row | {"streams": streams})


def _wide(row: dict[str, Any]) -> Wide:
    episodes = tuple(SharedEpisode(**{name: _frozen(value) for name, value in one.items()}) for one in row["episodes"])
    return Wide(episodes, row["tests"], _frozen(row["labels"]), _frozen(row["spans"]), row["found_at"])


def _frozen(value: Any) -> Any:
    """JSON's lists as tuples."""
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
