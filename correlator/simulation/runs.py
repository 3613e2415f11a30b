"""The runs of one tenant: jobs in order of their dependencies, every due time with all its attempts."""

from __future__ import annotations

from dataclasses import dataclass, field

from correlator.model import Attempt, Status
from correlator.simulation.clock import DAY, MINUTE, SECOND, to_datetime
from correlator.simulation.platform import Inputs, Job, Tenant
from correlator.simulation.randomness import stream
from correlator.simulation.texts import error_text
from correlator.simulation.troubles import Moment, Strike

WARM_UP = 3 * DAY
"""Runs this long before the history's start are made and left out, so that the first runs have a past."""

Blame = tuple[str, str]
"""(what went wrong, the job it began in)"""


@dataclass(frozen=True)
class Outcome:
    """What a logical run left behind: when its output was there (None: never), and who is to blame if late."""

    ready_at: int | None
    blame: Blame

    def late_for(self, moment: int) -> bool:
        return self.ready_at is None or self.ready_at > moment


@dataclass
class TenantRuns:
    """All attempts of a tenant, and for every job the blame of each logical run whose first attempt failed."""

    attempts: list[Attempt] = field(default_factory=list)
    blames: dict[str, dict[str, Blame]] = field(default_factory=dict)


def simulate_tenant(tenant: Tenant, seed: int, start: int, end: int) -> TenantRuns:
    """Attempts of runs due in `[start, end)` (ms); they may end after `end`."""
    made = TenantRuns()
    outcomes: dict[str, dict[int, Outcome]] = {}
    jobs = {job.name: job for job in tenant.jobs}
    for job in tenant.jobs:
        outcomes[job.name] = {}
        made.blames[job.name] = {}
        upstreams = [jobs[name] for name in job.upstreams]
        for due in job.calendar.due_between(start - WARM_UP, end):
            run = _Run(tenant, job, seed, due, _culprits(job, upstreams, due, outcomes))
            outcomes[job.name][due] = run.play()
            if due >= start:
                made.attempts.extend(run.attempts)
                if run.first_blame:
                    made.blames[job.name][run.logical_run_id] = run.first_blame
    return made


def _culprits(job: Job, upstreams: list[Job], due: int, outcomes: dict[str, dict[int, Outcome]]) -> list[Outcome]:
    """The outcomes of the upstream runs this run stands on."""
    found = []
    for upstream in upstreams:
        slot = upstream.calendar.last_due(due - int(upstream.ready_after_minutes * MINUTE))
        if slot is not None and slot in outcomes[upstream.name]:
            found.append(outcomes[upstream.name][slot])
    return found


class _Run:
    """One logical run being played."""

    def __init__(self, tenant: Tenant, job: Job, seed: int, due: int, inputs: list[Outcome]) -> None:
        self.tenant, self.job, self.seed, self.due, self.inputs = tenant, job, seed, due, inputs
        self.manner: Inputs = tenant.inputs.get(job.name, job.inputs)
        self.rng = stream(seed, tenant.name, job.name, due)
        self.logical_run_id = f"{tenant.name}/{job.name}/{to_datetime(due):%Y-%m-%dT%H:%MZ}"
        self.attempts: list[Attempt] = []
        self.first_blame: Blame | None = None
        self.host = f"worker-{int(self.rng.integers(1, 9)):02d}"

    def play(self) -> Outcome:
        """All attempts until one passes; what is left for the runs downstream."""
        start = self.due + SECOND + int(self.rng.exponential(20 * SECOND))
        late: Blame = ("slow", self.job.name)
        for number in range(1, self.job.attempts + 1):
            strike, blame = self._attempt(start, number)
            self._record(start, number, strike, blame)
            end = start + strike.after
            if strike.status is Status.SUCCESS:
                own = (strike.reason, self.job.name) if strike.reason else None
                return Outcome(end, self.first_blame or own or blame or late)
            if number == 1:
                self.first_blame = blame
            pause = self.job.backoff_minutes * self.job.backoff_factor ** (number - 1)
            start = end + int(pause * MINUTE * self.rng.uniform(0.95, 1.1))
        return Outcome(None, self.first_blame or late)

    def _attempt(self, start: int, number: int) -> tuple[Strike, Blame | None]:
        """How the attempt ends, and who is to blame for its failure or delay."""
        missing = [outcome for outcome in self.inputs if outcome.late_for(start)] if self.manner != "ignores" else []
        ordinary = max(SECOND, int(self.job.minutes * MINUTE * self.rng.lognormal(0, self.job.spread)))
        wait, blame = 0, None
        if missing:
            worst = max(missing, key=lambda outcome: (outcome.ready_at is None, outcome.ready_at or 0))
            blame = worst.blame
            if self.manner == "fails" and self.rng.random() < self.tenant.sensitivity:
                return self._without_inputs(), blame
            if self.manner == "waits":
                if worst.ready_at is None or worst.ready_at - start + ordinary > self._timeout:
                    return Strike(self._timeout, Status.TIMED_OUT, "inputs"), blame
                wait = worst.ready_at - start
        strike = self._struck(start + wait, number, ordinary)
        if strike.status is not Status.SUCCESS:
            blame = (strike.reason, self.job.name)
        return Strike(strike.after + wait, strike.status, strike.reason), blame

    @property
    def _timeout(self) -> int:
        return int(self.job.timeout_minutes * MINUTE)

    def _without_inputs(self) -> Strike:
        if self.rng.random() < self.tenant.hangs:
            return Strike(self._timeout, Status.TIMED_OUT, "inputs")
        return Strike(int(self.rng.uniform(20 * SECOND, 100 * SECOND)), Status.FAILED, "inputs")

    def _struck(self, start: int, number: int, ordinary: int) -> Strike:
        load = self.tenant.load.level(start)
        names = (self.seed, self.tenant.name, self.job.name)
        moment = Moment(*names, self.due, start, number, ordinary, self._timeout, load, self.rng)
        strikes = [s for trouble in self.tenant.troubles.get(self.job.name, ()) if (s := trouble.strike(moment))]
        failures = [strike for strike in strikes if strike.status is not Status.SUCCESS]
        if failures:
            return min(failures, key=lambda strike: strike.after)
        slowest = max(strikes, key=lambda strike: strike.after, default=Strike(ordinary, Status.SUCCESS, ""))
        return slowest if slowest.after > ordinary else Strike(ordinary, Status.SUCCESS, "")

    def _record(self, start: int, number: int, strike: Strike, blame: Blame | None) -> None:
        self.attempts.append(
            Attempt(
                run_id=f"{self.logical_run_id}/{number}",
                logical_run_id=self.logical_run_id,
                attempt=number,
                job=self.job.name,
                tenant=self.tenant.name,
                status=strike.status,
                scheduled_at=to_datetime(self.due),
                started_at=to_datetime(start),
                finished_at=to_datetime(start + strike.after),
                error=error_text(self.job, strike, self.rng),
                service=self.job.service,
                host=self.host,
            )
        )
