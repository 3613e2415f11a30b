"""A simulated platform: jobs, the tenants that run them, and what is measured, deployed and paged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from correlator.model import Change
from correlator.simulation.clock import Calendar
from correlator.simulation.load import Load
from correlator.simulation.troubles import Trouble

Inputs = Literal["fails", "waits", "ignores"]


@dataclass(frozen=True)
class Job:
    """One scheduled job. `inputs` says what it does when its inputs are not there: fail, wait (and run late), or
    not care. Within `ready_after_minutes` of being due its output is ordinarily there; downstream runs due earlier
    read the output before."""

    name: str
    calendar: Calendar
    minutes: float
    timeout_minutes: float
    upstreams: tuple[str, ...] = ()
    inputs: Inputs = "fails"
    ready_after_minutes: float = 0.0
    attempts: int = 3
    backoff_minutes: float = 10.0
    backoff_factor: float = 1.0
    spread: float = 0.12

    @property
    def service(self) -> str:
        return self.name.replace("_", "-")


@dataclass(frozen=True)
class Measured:
    """A metric of a job, a point every ten minutes: `base + per_load * level + noise`, within the bounds.

    Without `follows_tenant` the metric follows a volume of its own that troubles nobody.
    """

    metric: str
    job: str
    base: float
    per_load: float
    noise: float
    least: float = 0.0
    most: float = float("inf")
    follows_tenant: bool = True


@dataclass(frozen=True)
class Tenant:
    """One tenant's jobs and their troubles. `inputs` overrides what a job does without its inputs; `hangs` is the
    share of attempts without inputs that hang until they are cut; `sensitivity` the chance that they fail at all."""

    name: str
    jobs: tuple[Job, ...]
    load: Load
    troubles: Mapping[str, tuple[Trouble, ...]] = field(default_factory=dict)
    inputs: Mapping[str, Inputs] = field(default_factory=dict)
    measured: tuple[Measured, ...] = ()
    sensitivity: float = 0.95
    hangs: float = 0.0
    deploys_per_day: float = 0.1


@dataclass(frozen=True)
class Case:
    """A job whose failures have a planted mechanism, and which answers about it are right.

    A failed run is of the cause when its reason is one of `reasons` (any, when empty) and began in one of `began_in`.
    """

    tenant: str
    job: str
    mechanism: str
    verdicts: tuple[str, ...]
    causes: tuple[str, ...]
    root_job: str | None = None
    began_in: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    onset: int | None = None
    note: str = ""

    def is_of_cause(self, reason: str, began_in: str) -> bool:
        return (not self.reasons or reason in self.reasons) and (not self.began_in or began_in in self.began_in)


@dataclass(frozen=True)
class Platform:
    """All tenants, the deploys that stand in the story, the jobs whose failures page somebody, and the cases."""

    tenants: tuple[Tenant, ...]
    cases: tuple[Case, ...]
    changes: tuple[Change, ...] = ()
    paged: tuple[str, ...] = ()
