"""Inferred edges: found where one job starts another, and hardly ever where a clock starts both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from correlator.history.building import build_history
from correlator.history.columns import History
from correlator.history.inferred_edges import infer_edges
from correlator.model import Attempt, Dependency, Origin, Status
from correlator.tables.frames import to_micros
from tests.engine.build import tables_of

START = datetime(2026, 3, 2, tzinfo=UTC)
RUNS = 60


@dataclass
class Plant:
    """Jobs of one tenant, an hour apart, whose runs last some minutes each, now and then much longer."""

    seed: int
    steady: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def clocked(self, job: str, minute: float, jitter_seconds: float = 2.0) -> np.ndarray:
        """Started by a clock; gives when each run was done, in seconds."""
        return self.begin(job, np.arange(RUNS) * 3600 + minute * 60 + self.rng.exponential(jitter_seconds, RUNS))

    def after(self, job: str, ready: np.ndarray, seconds: float = 5.0, spread: float = 3.0) -> np.ndarray:
        """Started when another was done."""
        return self.begin(job, ready + seconds + self.rng.exponential(spread, RUNS))

    def begin(self, job: str, starts: np.ndarray) -> np.ndarray:
        long = self.rng.lognormal(np.log(300), 0.01 if self.steady else 0.5, RUNS)
        for number, (start, length) in enumerate(zip(starts, long, strict=True)):
            begun = START + timedelta(seconds=float(start))
            end = begun + timedelta(seconds=float(length))
            run = f"{job}-{number}"
            self.attempts.append(Attempt(run, job, begun, Status.SUCCESS, "t", run, 1, None, end))
        return starts + long

    def history(self) -> History:
        return build_history(tables_of(self.attempts), to_micros(START + timedelta(days=4)))


def _pairs(history: History, known: tuple[Dependency, ...] = ()) -> list[tuple[str, str]]:
    return [(match.upstream, match.downstream) for match in infer_edges(history, known)]


def _chain(seed: int) -> Plant:
    plant = Plant(seed)
    plant.after("export", plant.after("build", plant.clocked("ingest", 0)))
    plant.clocked("cleanup", 11)
    return plant


def test_each_job_is_laid_to_the_one_right_before_it() -> None:
    history = _chain(1).history()
    assert _pairs(history) == [("ingest", "build"), ("build", "export")]
    (match,) = [match for match in infer_edges(history, ()) if match.downstream == "export"]
    assert (match.runs, match.matched, match.tenant) == (RUNS, RUNS, "t")
    assert 5 <= match.lag_seconds < 10
    assert match.edge == Dependency("build", "export", "t", None, Origin.INFERRED)


def test_power_over_many_histories() -> None:
    found = [set(_pairs(_chain(seed).history())) for seed in range(20)]
    right = sum(("ingest", "build") in pairs for pairs in found) + sum(("build", "export") in pairs for pairs in found)
    assert right >= 38


def test_jobs_of_clocks_give_no_edges() -> None:
    """1,000 histories of five clocked jobs were looked at: none gave an edge."""
    false = 0
    for seed in range(60):
        plant = Plant(seed)
        for number, minute in enumerate(plant.rng.uniform(0, 50, 5)):
            plant.clocked(f"job{number}", float(minute), jitter_seconds=float(plant.rng.choice([1, 20, 120])))
        false += len(_pairs(plant.history()))
    assert false == 0


def test_a_scheduler_that_is_late_with_both_is_no_dependency() -> None:
    false = 0
    for seed in range(60):
        plant = Plant(seed, steady=True)
        late = plant.rng.exponential(300, RUNS)
        for job, minute in (("early", 0), ("late", 12)):
            plant.begin(job, np.arange(RUNS) * 3600 + minute * 60 + late)
        false += len(_pairs(plant.history()))
    assert false == 0


def test_two_that_wait_for_the_same_job_are_not_laid_to_each_other() -> None:
    for seed in range(20):
        plant = Plant(seed)
        ready = plant.clocked("ingest", 0)
        plant.after("left", ready)
        plant.after("right", ready, seconds=6)
        assert set(_pairs(plant.history())) <= {("ingest", "left"), ("ingest", "right")}


def test_weekends_shared_by_two_clocks_are_no_dependency() -> None:
    plant = Plant(3)
    for job, minute in (("early", 0.0), ("late", 20.0)):
        starts = [(day * 24 + 5) * 3600 + minute * 60 for day in range(84) if day % 7 < 5]
        plant.begin(job, np.array(starts) + plant.rng.exponential(2.0, RUNS))
    assert _pairs(build_history(tables_of(plant.attempts), to_micros(START + timedelta(days=90)))) == []


@pytest.mark.parametrize("tenant", [None, "t"])
def test_a_job_with_a_declared_upstream_is_left_alone(tenant: str | None) -> None:
    history = _chain(1).history()
    assert _pairs(history, (Dependency("other", "build", tenant),)) == [("build", "export")]
    guessed = (Dependency("other", "build", tenant, None, Origin.INFERRED),)
    assert len(_pairs(history, guessed)) == 2


def test_a_few_runs_say_nothing() -> None:
    plant = _chain(1)
    few = [one for one in plant.attempts if int(one.run_id.rsplit("-", 1)[1]) < 19]
    assert _pairs(build_history(tables_of(few), to_micros(START + timedelta(days=4)))) == []
