"""What can go wrong with an attempt: small parts, any number of which may beset one job.

Each trouble looks at an attempt about to run and says whether it strikes, after how long, and how the attempt then
ends. The strike that comes first wins. `reason` is the word the truth uses for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from correlator.model import Status
from correlator.simulation.clock import DAY, HOUR, hour_of_day
from correlator.simulation.randomness import stream


@dataclass(frozen=True)
class Moment:
    """An attempt about to run: times in ms, `minutes_ordinary` aside all as the job and its tenant have them."""

    seed: int
    tenant: str
    job: str
    due: int
    start: int
    attempt: int
    ordinary: int
    timeout: int
    load: float
    rng: np.random.Generator


@dataclass(frozen=True)
class Strike:
    """The attempt ends `after` ms with this status; a status of success means it only took that long."""

    after: int
    status: Status
    reason: str


class Trouble(Protocol):
    """One thing that can go wrong."""

    def strike(self, moment: Moment) -> Strike | None:
        """How this attempt is struck, or None."""


def failed(moment: Moment, reason: str) -> Strike:
    """A failure somewhere within the ordinary duration."""
    return Strike(int(moment.ordinary * moment.rng.uniform(0.08, 0.92)), Status.FAILED, reason)


def timed_out(moment: Moment, reason: str) -> Strike:
    return Strike(moment.timeout, Status.TIMED_OUT, reason)


@dataclass(frozen=True)
class Noise:
    """Independent failures with the same chance for every attempt; some of them hang until they are cut."""

    chance: float
    hangs: float = 0.15

    def strike(self, moment: Moment) -> Strike | None:
        if moment.rng.random() >= self.chance:
            return None
        return timed_out(moment, "noise") if moment.rng.random() < self.hangs else failed(moment, "noise")


@dataclass(frozen=True)
class Night:
    """First attempts fail more often between two hours UTC."""

    chance: float
    from_hour: float = 0.0
    to_hour: float = 4.0

    def strike(self, moment: Moment) -> Strike | None:
        inside = self.from_hour <= hour_of_day(moment.start) < self.to_hour
        hit = inside and moment.attempt == 1 and moment.rng.random() < self.chance
        return failed(moment, "night") if hit else None


@dataclass(frozen=True)
class Bursts:
    """Bad spells at random times, of this job alone: `per_day` of them, `hours` long on average.

    With `hangs`, attempts in a spell hang until they are cut.
    """

    per_day: float
    hours: float
    chance: float
    hangs: bool = False

    def strike(self, moment: Moment) -> Strike | None:
        day = moment.start // DAY
        bad = any(start <= moment.start < end for d in (day - 1, day) for start, end in self.spells(moment, d))
        hit = bad and moment.attempt == 1 and moment.rng.random() < self.chance
        if not hit:
            return None
        return timed_out(moment, "burst") if self.hangs else failed(moment, "burst")

    def spells(self, moment: Moment, day: int) -> list[tuple[int, int]]:
        """The spells that begin on a day."""
        rng = stream(moment.seed, moment.tenant, moment.job, "spells", day)
        starts = day * DAY + rng.integers(0, DAY, rng.poisson(self.per_day))
        return [(int(start), int(start + min(rng.exponential(self.hours), 20.0) * HOUR)) for start in starts]


@dataclass(frozen=True)
class Pressure:
    """Memory pressure when volume is high: the attempt hangs until it is cut, is killed, or only drags.

    The chance is logistic in the level; `relief` multiplies it for later attempts, which run on a fresh worker.
    `drags` is the share that passes late, `killed` the share of the rest that dies before the time-out.
    """

    threshold: float
    steepness: float = 6.0
    relief: float = 0.15
    drags: float = 0.0
    killed: float = 0.2

    def strike(self, moment: Moment) -> Strike | None:
        chance = 1 / (1 + np.exp(-self.steepness * (moment.load - self.threshold)))
        if moment.rng.random() >= chance * (1.0 if moment.attempt == 1 else self.relief):
            return None
        kind, share = moment.rng.random(2)
        if kind < self.drags:
            return Strike(int(moment.timeout * (0.75 + 0.23 * share)), Status.SUCCESS, "load")
        if moment.rng.random() < self.killed:
            return Strike(int(moment.timeout * (0.5 + 0.45 * share)), Status.FAILED, "load")
        return timed_out(moment, "load")


@dataclass(frozen=True)
class AfterChange:
    """From one moment (ms) on the job fails with this chance."""

    at: int
    chance: float

    def strike(self, moment: Moment) -> Strike | None:
        hit = moment.start >= self.at and moment.rng.random() < self.chance
        return failed(moment, "change") if hit else None


@dataclass(frozen=True)
class Worsening:
    """From one moment (ms) on the chance to fail grows by the day, up to a ceiling."""

    since: int
    per_day: float
    ceiling: float = 0.5

    def strike(self, moment: Moment) -> Strike | None:
        chance = min(self.ceiling, max(0, moment.start - self.since) / DAY * self.per_day)
        return failed(moment, "change") if moment.rng.random() < chance else None


@dataclass(frozen=True)
class Sticky:
    """Some runs are bad from the start, and most of their attempts fail: one cause, many failed attempts."""

    chance: float
    stays: float = 0.8

    def strike(self, moment: Moment) -> Strike | None:
        bad = stream(moment.seed, moment.tenant, moment.job, "sticky", moment.due).random() < self.chance
        hit = bad and (moment.attempt == 1 or moment.rng.random() < self.stays)
        return failed(moment, "noise") if hit else None


@dataclass(frozen=True)
class Outage:
    """Whatever runs between two moments (ms) fails, soon after they meet, with this chance."""

    start: int
    end: int
    chance: float = 0.9

    def strike(self, moment: Moment) -> Strike | None:
        meets = max(self.start - moment.start, 0)
        if moment.start >= self.end or meets >= moment.ordinary or moment.rng.random() >= self.chance:
            return None
        return Strike(meets + int(moment.rng.uniform(2_000, 45_000)), Status.FAILED, "outage")
