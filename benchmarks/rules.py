"""The rules, measured: how often each is said where there is nothing to say, and how fast many findings are matched.

    python -m benchmarks.rules            # both; docs/rules.md and rules/measured.json anew (three minutes)
    python -m benchmarks.rules speed      # 10,000 findings by 100 rules

Null histories: six hourly jobs, one of them declared to read from another, fail at random and pass on retry. What a
job's failures say is drawn from the error texts of the rules' own examples, so that each rule of a text has its chance
to speak. Looked at once a day, as it was known then. Whatever is said to be systemic there is wrong.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.stats import chi2

from benchmarks.null_tables import MONDAY, tables_of
from benchmarks.nulls import Pair
from correlator.backtesting import schedule
from correlator.backtesting.firings import firings_in_tables
from correlator.model import Finding, Verdict
from correlator.tables.frames import Tables, from_micros
from rules import RuleSet, load_rules
from rules.examples import examples_of, finding_of

PAGE: Final = Path(__file__).parents[1] / "docs" / "rules.md"
MEASURED: Final = Path(__file__).parents[1] / "rules" / "measured.json"
BEGIN, END = "<!-- false firings: begin -->", "<!-- false firings: end -->"
RATES: Final = (0.02, 0.05, 0.1)
HISTORIES: Final = 60
NEIGHBOURS: Final = 4
DAYS: Final = 28
FINDINGS, RULES = 10_000, 100


@dataclass
class Measured:
    """Over all null histories: firings that were said, by rule, and how many job-years were looked at."""

    said: Counter[str]
    systemic: Counter[str]
    job_years: float = 0.0


def false_firings(rules: RuleSet, histories: int = HISTORIES) -> Measured:
    """Plays so many null histories, and counts what was said."""
    done = Measured(Counter(), Counter())
    texts = [text for rule in rules.rules for text in rule.texts.get("match", ())]
    for seed in range(histories):
        _play(rules, null_history(seed, texts), done)
    return done


def null_history(seed: int, texts: Sequence[str]) -> Tables:
    """Every job fails by the same chance in every run, and each job's failures have one text."""
    rng = np.random.default_rng((seed, DAYS))
    slots, rate = DAYS * 24, RATES[seed % len(RATES)]
    every = np.ones(slots, bool)
    bad = [rng.random(slots) < rate for _ in range(2 + NEIGHBOURS)]
    tables = tables_of(Pair(every, bad[0], every, bad[1]), bad[2:])
    runs = tables.runs.copy()
    jobs = sorted(runs["job"].unique())
    says = dict(zip(jobs, rng.choice(texts, len(jobs)), strict=True))
    runs["error"] = np.where(runs["error"] == "", "", runs["job"].astype(str).map(says))
    return replace(tables, runs=runs)


def _play(rules: RuleSet, tables: Tables, done: Measured) -> None:
    start = from_micros(MONDAY)
    end = start + timedelta(days=DAYS)
    played = firings_in_tables(tables, rules, schedule.every(timedelta(days=1), start, end), start, end)
    done.job_years += len(tables.runs["job"].unique()) * DAYS / 365.25
    for firing in played.firings:
        if firing.said_at is not None:
            done.said[firing.rule_id] += 1
            done.systemic[firing.rule_id] += firing.verdict is Verdict.SYSTEMIC


def document(rules: RuleSet, done: Measured) -> dict[str, Any]:
    """The same for the pages, each rule with the version that was measured."""
    counts = {
        rule.id: {
            "version": rule.version,
            "false_firings": done.systemic[rule.id],
            "at_most": round(at_most(done.systemic[rule.id], done.job_years), 3),
        }
        for rule in rules.rules
    }
    return {"job_years": round(done.job_years, 1), "rates": list(RATES), "rules": counts}


def at_most(count: int, job_years: float) -> float:
    """The upper end of the 95 % interval of a Poisson rate, a job-year."""
    return float(chi2.ppf(0.95, 2 * (count + 1))) / 2 / job_years


def table(rules: RuleSet, done: Measured) -> str:
    """Markdown: one row a rule."""
    lines = [
        f"Measured on {done.job_years:.0f} job-years of jobs that fail by chance alone,",
        f"in {_rates()} of their runs, and looked at daily:",
        f"{sum(done.systemic.values())} false firings in all. `python -m benchmarks.rules` measures again.",
        "",
        "| rule | severity | false firings | per job-year | at most (95 %) |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rule in rules.rules:
        count = done.systemic[rule.id]
        row = f"{count} | {count / done.job_years:.3f} | {at_most(count, done.job_years):.3f}"
        lines.append(f"| [`{rule.id}`](runbooks.md#{rule.id}): {rule.title} | {rule.severity} | {row} |")
    return "\n".join(lines)


def _rates() -> str:
    return ", ".join(f"{rate:.0%}" for rate in RATES)


def write_page(text: str) -> None:
    """The table into its place in docs/rules.md."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.index(BEGIN) + len(BEGIN), page.index(END)
    PAGE.write_text(f"{page[:before]}\n{text}\n{page[after:]}", encoding="utf-8")


def many_rules(count: int = RULES) -> RuleSet:
    """The built-in rules, and others like them for other jobs before them, so that most are tried."""
    builtin = load_rules()
    special = [rule for rule in builtin.rules if not rule.id.startswith("fallback-")]
    own = [
        replace(rule, id=f"own-{n}", when={**rule.when, "job": [f"team_{n}_*", f"*_{n}_team"]})
        for n, rule in enumerate(special * (count // len(special) + 1))
    ]
    return RuleSet((*own[: count - len(builtin.rules)], *builtin.rules))


def many_findings(count: int = FINDINGS) -> list[Finding]:
    """The findings of all examples, each with jobs, tenants and texts of its own."""
    shapes = [finding_of(rule, e.fragment) for rule in load_rules().rules for e in examples_of(rule)]
    return [_own(shapes[n % len(shapes)], n) for n in range(count)]


def _own(finding: Finding, number: int) -> Finding:
    texts = tuple(replace(one, example=f"{one.example} [request {number}]") for one in finding.signatures)
    roots = tuple(replace(one, example=f"{one.example} [request {number}]") for one in finding.root_signatures)
    tenant, job = f"tenant-{number % 500:03}", f"export_{number % 97}"
    return replace(finding, tenant=tenant, job=job, signatures=texts, root_signatures=roots)


def speed() -> tuple[float, float]:
    """Seconds to find the rule for each finding, and to say all of it (ask, owner, every clause)."""
    rules, findings = many_rules(), many_findings()
    begin = time.perf_counter()
    for finding in findings:
        rules.winner(finding)
    between = time.perf_counter()
    for finding in findings:
        rules.match(finding)
    return between - begin, time.perf_counter() - between


def main() -> None:
    matched, told = speed()
    print(f"{FINDINGS:,} findings by {RULES} rules: matched in {matched:.2f} s, said in full in {told:.2f} s")
    if sys.argv[1:] == ["speed"]:
        return
    rules = load_rules()
    done = false_firings(rules)
    write_page(table(rules, done))
    MEASURED.write_text(json.dumps(document(rules, done), indent=1) + "\n", encoding="utf-8")
    print(f"{done.job_years:.0f} job-years: {dict(done.systemic)} systemic, {dict(done.said)} said")


if __name__ == "__main__":
    main()
