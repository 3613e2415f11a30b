"""Part 5: why this is not chance (or why nothing more can be claimed)."""

from __future__ import annotations

from correlator.evidence.blocks import Bullets, Cell, Facts, Part, Table, missing, some
from correlator.evidence.words import sure
from correlator.model import Cause, Finding, Sign, Verdict
from correlator.text.quantities import duration, e_words, expected, p_words, percent, plural

_TITLES = {
    Verdict.SYSTEMIC: "Why this is not chance",
    Verdict.TRANSIENT: "Why this may well be chance",
    Verdict.INCONCLUSIVE: "What can and cannot be said about chance",
}
_HOW = {
    Cause.UPSTREAM: (
        "Each run is compared with runs of the same stretch of time, and with runs of the same hour of day, and the"
        " larger of the two p-values counts; so shared schedules, bad days and daily rhythms do not count as"
        " evidence. Retries are not counted as runs."
    ),
    Cause.SHARED: (
        "Failures of jobs that do not depend on one another are counted together in short windows, against their"
        " usual rate."
    ),
    Cause.SELF: "What failures are left when upstream and shared causes are taken out is attributed to the job itself.",
    Cause.NONE: "Every upstream job and every shared outage was tried; none explains more failures than chance would.",
}


_IN_PART = (
    "Every upstream job and every shared outage was tried. What the verdict names stands on its own numbers, and"
    " answers for a part of the failures only; none explains most of them."
)

_APART = {
    Sign.ONSET: (
        "The job's own rate of failed first attempts is compared before and after; upstream and shared causes were"
        " taken out first."
    ),
    Sign.HOURS: (
        "The failures in each stretch of hours of the day are compared with the stretch's share of the runs; the"
        " p-value is multiplied by the number of stretches tried. Upstream and shared causes were taken out first."
    ),
    Sign.PRESSURE: (
        "What a metric of the job was when a run began is compared between failed and other runs by ranks (Mann and"
        " Whitney); the p-value is multiplied by the number of metrics tried. Upstream and shared causes were taken out"
        " first."
    ),
}


def chance(finding: Finding) -> Part:
    edges = _edges(finding) if finding.edges else missing(_untested(finding))
    return Part(_TITLES[finding.verdict], some([Facts(_facts(finding)), Bullets((_how(finding),)), edges]))


def _untested(finding: Finding) -> str:
    """Why no dependency was tested; the layers say of each upstream what was seen."""
    if any(layer.layer.startswith("upstream ") for layer in finding.layers):
        return "No dependency was tested: too few runs stood on a late or failed upstream; the layers name each."
    return "No dependency was tested: none of this job is known."


def _how(finding: Finding) -> str:
    if finding.cause is Cause.NONE and any(part.cause is not Cause.NONE for part in finding.contributions):
        return _IN_PART
    return _HOW[finding.cause] if finding.sign is None else _APART[finding.sign]


def _facts(finding: Finding) -> tuple[tuple[str, Cell], ...]:
    observed = "none" if finding.observed is None else f"{finding.observed:,} failed runs"
    by_chance = (
        "not computed" if finding.expected_by_chance is None else f"{expected(finding.expected_by_chance)} failed runs"
    )
    rows = [
        ("Observed", observed),
        ("Expected by chance", by_chance),
        ("p-value", p_words(finding.p_value) if finding.p_value is not None else _none(finding, Sign.ONSET, "e")),
        ("e-value", _e_words(finding.e_value) if finding.e_value is not None else _none(finding, None, "p")),
        ("Lag", _lag(finding)),
        ("Confidence", "none claimed" if finding.confidence is None else sure(finding.confidence)),
    ]
    if finding.pressure:
        metric, share = finding.pressure.metric, percent(finding.pressure.superiority)
        rows.append((f"{metric} higher", f"in {share} of all pairs of a failed and another run (50 %: no difference)"))
    if finding.needs:
        rows.append(("What would settle it", finding.needs))
    return tuple((label, Cell(text)) for label, text in rows)


def _none(finding: Finding, sign: Sign | None, other: str) -> str:
    """Why there is no such value: what was found is judged by the other one, or by neither."""
    if finding.cause is Cause.SHARED:
        return "none of its own: an outage is judged by the runs of all jobs that failed in it, against those expected"
    if finding.cause is Cause.NONE:
        return "none: no cause is named that it could speak for"
    return f"none: this is judged by its {other}-value" if sign is finding.sign or sign is None else "none"


def _e_words(value: float) -> str:
    return f"{e_words(value)} (evidence that stays valid however often it is looked at; above 20 is strong)"


def _lag(finding: Finding) -> str:
    lag = finding.lag_profile
    if lag is None:
        return "no pairs to measure it on"
    half, every = _between(lag.lower_quartile, lag.upper_quartile), _between(lag.least, lag.most)
    low, high = lag.median_band or (lag.median, lag.median)
    # one value as it is written: no interval to tell
    band = f" (95 % interval: {_between(low, high)})" if duration(low) != duration(high) else ""
    spread = f"half of them {half}, " if half != every else ""
    return f"median {duration(lag.median)}{band}; {spread}all {every} ({plural(lag.count, 'pair')})"


def _between(low: float, high: float) -> str:
    first, last = duration(low), duration(high)
    return f"at {first}" if first == last else f"between {first} and {last}"


def _edges(finding: Finding) -> Table:
    headers = (
        "upstream",
        "downstream",
        "runs",
        "exposed",
        "failed first",
        "both",
        "expected",
        "p",
        "e",
        "strata",
        "remark",
    )
    rows = tuple(
        (
            *(Cell(name) for name in (edge.upstream, edge.downstream)),
            *(Cell(f"{count:,}") for count in (edge.runs, edge.exposed, edge.failed_first, edge.observed)),
            *(Cell(text) for text in (expected(edge.expected), p_words(edge.p_value), e_words(edge.e_value))),
            Cell(edge.stratification),
            Cell(edge.note or ("" if edge.powered else "too few runs to see an effect worth acting on")),
        )
        for edge in finding.edges
    )
    return Table(headers, rows, "Every dependency that was tested, on runs", frozenset(range(2, 9)))
