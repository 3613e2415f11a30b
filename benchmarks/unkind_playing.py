"""Plays the jobs of one tenant of an unkind world: every attempt, and whose fault each failure is."""

from __future__ import annotations

import numpy as np

from benchmarks.unkind_parts import NEVER, Blame, Job, Outputs, Plan, Row, Spell


def play(
    tenant: str, plan: Plan, days: float, rng: np.random.Generator, feed: dict[str, Outputs]
) -> tuple[list[Row], dict[str, dict[str, Blame]], dict[str, Outputs]]:
    """All attempts of a tenant, what failed of what, and when each output was there."""
    rows: list[Row] = []
    blames: dict[str, dict[str, Blame]] = {}
    outputs: dict[str, Outputs] = {}
    by_name = {job.name: job for job in plan.jobs}
    for job in plan.jobs:
        blames[job.name] = {}
        if job.shared and job.name in feed:
            outputs[job.name] = feed[job.name]
            continue
        outputs[job.name] = Outputs()
        for slot, due in enumerate(job.dues(days)):
            read = (outputs[up].read_at(due - job.reads_behind(by_name[up])) for up in job.ups)
            inputs = max(read, default=(-NEVER, ("", "")))
            name = "" if job.shared else tenant
            _run(name, job, slot, due, inputs, rng, rows, blames[job.name], outputs[job.name])
    return rows, blames, outputs


def _run(
    tenant: str,
    job: Job,
    slot: int,
    due: float,
    inputs: tuple[float, Blame],
    rng: np.random.Generator,
    rows: list[Row],
    blames: dict[str, Blame],
    outputs: Outputs,
) -> None:
    logical, start = f"{tenant}/{job.name}/{slot:05d}", due + float(rng.exponential(job.jitter))
    host = int(rng.integers(0, 6))
    if rng.random() < job.skips:
        status = "skipped" if rng.random() < 0.6 else "cancelled"
        rows.append(Row(tenant, job.name, logical, 1, due, start, start + 0.1, status, "", f"worker-{host}"))
        return
    ready, blame = inputs
    late: Blame = blame if ready > start and job.reads != "ignores" else ("slow", job.name)
    end = NEVER
    for attempt in range(1, job.attempts + 1):
        status, why, took = _attempt(job, start, ready, attempt, host, rng)
        began = blame if why == "inputs" else (why, job.name)
        error = (
            "" if status == "success" else f"Error in {why if rng.random() < 0.6 else 'step'}: code {rng.integers(99)}"
        )
        rows.append(Row(tenant, job.name, logical, attempt, due, start, start + took, status, error, f"worker-{host}"))
        if status == "success":
            end = start + took
            late = (why, job.name) if why and attempt == 1 else late
            break
        if attempt == 1:
            late = blames[logical] = began
        start += took + 0.2 * min(job.period, 240) * float(rng.uniform(0.9, 1.2))
        host = int(rng.integers(0, 6))
    outputs.add(due, end, late)


def _attempt(
    job: Job, start: float, ready: float, attempt: int, host: int, rng: np.random.Generator
) -> tuple[str, str, float]:
    """(status, what went wrong, minutes)"""
    ordinary, wait = job.takes * float(rng.lognormal(0, 0.18)), 0.0
    quick = ordinary * float(rng.uniform(0.05, 0.9))
    if ready > start and job.reads == "waits":
        wait = ready - start
        if wait + ordinary > job.cut:
            return "timed_out", "inputs", job.cut
    elif ready > start and job.reads == "fails" and rng.random() < 0.93:
        return "failed", "inputs", min(quick, float(rng.uniform(0.4, 1.6)))
    for spell in job.spells:
        inside = spell.start <= start + wait < spell.end and (attempt == 1 or not spell.first_only)
        if inside and spell.host in (None, host) and rng.random() < spell.chance:
            return _struck(job, spell, wait, ordinary, quick, rng)
    if job.worsens and rng.random() < max(0.0, start - job.worsens[0]) * job.worsens[1]:
        return "failed", "own", wait + quick
    if rng.random() < job.noise:
        return "failed", "noise", wait + quick
    return "success", "", wait + ordinary


def _struck(
    job: Job, spell: Spell, wait: float, ordinary: float, quick: float, rng: np.random.Generator
) -> tuple[str, str, float]:
    if spell.how == "drag":
        return "success", spell.reason, max(wait + ordinary, job.cut * float(rng.uniform(0.9, 1.5)))
    if spell.how == "hang":
        return "timed_out", spell.reason, job.cut
    return "failed", spell.reason, wait + quick
