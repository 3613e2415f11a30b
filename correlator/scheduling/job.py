"""What runs inside a job's process: one job, once, and its outcome as the last line of standard output.

`python -m correlator.scheduling.job NAME [--first] [--config FILE]`; NAME is `pull:SOURCE`, `correlate`,
`attach`, `actions`, `sums`, `retention` or `replay`.
The libraries a job needs are imported by the job, so that a pull does not load the numerical ones.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Engine

from correlator.errors import CorrelatorError, UsageError
from correlator.logs import set_up_logs
from correlator.pulling.retention import let_go
from correlator.scheduling.outcome import Outcome, State
from correlator.scheduling.plan import ACTIONS, ATTACH, CORRELATE, PULL, REPLAY, RETENTION, SUMS
from correlator.settings import Settings, load_settings
from correlator.store.database import checkpoint, open_store
from correlator.store.ledger import list_jobs
from correlator.store.novelty import last_known
from correlator.store.rule_replays import replay_waits
from correlator.store.sums import due


@dataclass(frozen=True, slots=True)
class Call:
    """What a job is given. `first` marks its first run since the scheduler started."""

    name: str
    settings: Settings
    engine: Engine
    now: datetime
    first: bool = False


def run_pull(call: Call) -> Outcome:
    """Pull one source."""
    from connectors.registry import build_sources
    from correlator.ports import PullWindow
    from correlator.pulling.pull import pull_source
    from correlator.store.webhooks import awaited_incidents, incidents_pulled

    wanted = call.name.removeprefix(PULL)
    source = next((source for source in build_sources(call.settings) if source.name == wanted), None)
    if source is None:
        raise UsageError(f"no source {wanted} is configured", hint="it was when the scheduler started: restart it")
    awaited = awaited_incidents(call.engine, wanted)
    window = PullWindow(until=call.now, incidents=awaited.incidents)
    report = pull_source(call.engine, source, window, call.now)
    if report.error is None:
        incidents_pulled(call.engine, wanted, awaited, call.now)
    stored = ", ".join(f"{count} {kind}" for kind, count in sorted(report.stored.items()) if count) or "nothing new"
    detail = f"{stored}; {report.repeated} known, {report.set_aside} set aside, {report.requests} requests"
    changed = any(report.stored.values())
    if report.error is not None:
        hopeless = report.permanent and not changed and not report.repeated
        failed = f"{report.error} (before that: {detail})"
        return Outcome(State.FAILED, failed, report.hint or "", changed=changed, permanent=hopeless)
    return Outcome(State.DONE, detail, changed=changed)


def run_correlate(call: Call) -> Outcome:
    """A look at what changed, none when nothing did."""
    if not call.first and nothing_new(call.engine, call.settings):
        return Outcome(State.DONE, "nothing new came in since the last look")
    from correlator.correlating.look import correlate_store, told

    look = correlate_store(call.engine, call.settings, call.now)
    if look is None:
        return Outcome(State.DONE, "nothing is stored yet")
    return Outcome(State.DONE, told(look), changed=True)


def run_attach(call: Call) -> Outcome:
    """The notes of each sink: on open incidents, on tickets, and about findings alone. One that is configured wrongly,
    or fails, is said, and keeps no other from its round."""
    from correlator.attaching import attach_everywhere

    rounds = attach_everywhere(call.engine, call.settings, call.now)
    if not rounds.troubles:
        return Outcome(State.DONE, rounds.said)
    detail = "; ".join(filter(None, (rounds.said, *(trouble.said for trouble in rounds.troubles))))
    return Outcome(State.FAILED, detail, rounds.troubles[0].hint, changed=rounds.some_went_well)


def run_actions_(call: Call) -> Outcome:
    """What rules may do about known errors: proposed, sent where allowed, and looked after."""
    from correlator.actions.round import act

    done = act(call.engine, call.settings, call.now)
    if done.ran.failed:
        first = done.ran.failed[0]
        return Outcome(State.FAILED, f"{done.said}; {first} failed", f"`correlator actions show {first}`", changed=True)
    return Outcome(State.DONE, done.said)


def run_sums(call: Call) -> Outcome:
    """The sums by month, as far as there is time for them: the next one goes on with the rest."""
    if not due(call.engine, call.now):
        return Outcome(State.DONE, "nothing to count, or too soon after the last time")
    from correlator.sums import sum_up

    summed = sum_up(call.engine, call.settings, call.now, _time_for_parts(call))
    more = "" if summed.through else "; the next one goes on with the rest"
    detail = f"{summed.counted} months of jobs counted, {summed.changed} sums changed{more}"
    return Outcome(State.DONE, detail, changed=summed.changed > 0)


def run_retention(call: Call) -> Outcome:
    """What is older than it is to be kept, as far as there is time for it."""
    deleted = let_go(call.engine, call.settings, call.now, _time_for_parts(call))
    more = "" if deleted.through else "; the next one goes on with the rest"
    return Outcome(State.DONE, f"{deleted.said}{more}")


def _time_for_parts(call: Call) -> float:
    """Half of what the job may take (s): the part that is begun last has to end too."""
    return float(call.settings["schedule.job_limit_seconds"]) / 2


def run_replay(call: Call) -> Outcome:
    """The replay of the rules that somebody asked for."""
    if not replay_waits(call.engine):
        return Outcome(State.DONE, "nobody asked for a replay of the rules")
    from correlator.backtesting.rule_replay import play_asked

    played = play_asked(call.engine, call.settings, call.now)
    if played is None:
        return Outcome(State.DONE, "another process plays it")
    return Outcome(State.DONE, f"{played.looks} looks, {len(played.firings)} firings")


JOBS: Final[Mapping[str, Callable[[Call], Outcome]]] = {
    PULL: run_pull,
    CORRELATE: run_correlate,
    ATTACH: run_attach,
    ACTIONS: run_actions_,
    REPLAY: run_replay,
    SUMS: run_sums,
    RETENTION: run_retention,
}
"""By name, or by the part of it up to the colon."""


def nothing_new(engine: Engine, settings: Settings) -> bool:
    """Whether the last look went well and nothing can have come in since it began.

    Facts carry the moment their pull began and are seen when its page is stored, so a pull that was under way during
    the last look counts as new: for as long as a job may take.
    """
    ended = [run for run in list_jobs(engine, CORRELATE, limit=10) if run.finished_at is not None]
    latest = last_known(engine)
    if not ended or not ended[0].ok:
        return False
    return latest is None or latest < ended[0].started_at - timedelta(seconds=settings["schedule.job_limit_seconds"])


def run_job(name: str, config: Path | None, *, first: bool) -> Outcome:
    """The job with its settings and its store; what goes wrong becomes an outcome."""
    try:
        settings = load_settings(config)
        set_up_logs(settings)
        structlog.contextvars.bind_contextvars(job=name)
        job = JOBS.get(name, JOBS.get(name.partition(":")[0] + ":"))
        if job is None:
            raise UsageError(f"there is no job {name}", hint=f"one of: {', '.join(JOBS)}")
        engine = open_store(settings.database_url())
        try:
            outcome = job(Call(name, settings, engine, datetime.now(UTC), first))
            checkpoint(engine)
        finally:
            engine.dispose()
    except CorrelatorError as error:
        return Outcome(State.FAILED, error.message, error.hint, permanent=error.permanent)
    return outcome


def main() -> None:
    """Exit status 0 when the job was done, 1 when not. A defect leaves its traceback in the log."""
    parser = argparse.ArgumentParser(prog="correlator.scheduling.job", description="One scheduled job, once.")
    parser.add_argument("name")
    parser.add_argument("--first", action="store_true", help="look even if nothing new came in")
    parser.add_argument("--config", type=Path)
    given = parser.parse_args()
    try:
        outcome = run_job(given.name, given.config, first=given.first)
    except Exception as error:
        structlog.get_logger("correlator.job").exception("a defect of the program")
        outcome = Outcome(State.FAILED, f"{type(error).__name__}: {error}", "a defect; the log has the details")
    sys.stdout.write(outcome.to_line() + "\n")
    sys.exit(0 if outcome.state is State.DONE else 1)


if __name__ == "__main__":
    main()
