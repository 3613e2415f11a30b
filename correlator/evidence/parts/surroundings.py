"""Parts 6 and 7: the pictures, the metrics, what changed nearby, and which layers were looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from correlator.evidence.blocks import Block, Cell, Part, Picture, Table, missing
from correlator.evidence.provenance import Provenance, metric_key
from correlator.model import Finding, MetricEvidence, MonitorSeen
from correlator.text.quantities import moment, number, quantity


def pictures(finding: Finding, shown: Sequence[Picture], provenance: Provenance) -> Part:
    drawn: list[Block] = list(shown) or [missing("No picture was drawn: pictures are part of a bundle.")]
    links = provenance.links
    monitors = _monitors(provenance.monitors)
    return Part("Pictures", (*drawn, _metrics(finding, links), _changes(finding, links), *monitors))


def _metrics(finding: Finding, links: Mapping[str, str]) -> Block:
    if not finding.metrics:
        return missing("No metric was compared: none is stored for the jobs concerned in the time before the trouble.")
    headers = ("metric", "job", "moved", "before the trouble", "quiet days", "score", "windows", "remark")
    ordered = sorted(finding.metrics, key=lambda metric: (not metric.moved, -abs(metric.score), metric.metric))
    rows = tuple(_metric(metric, links) for metric in ordered)
    return Table(
        headers, rows, "Metrics in the time before the trouble, against the same hours on quiet days", frozenset({5, 6})
    )


def _metric(metric: MetricEvidence, links: Mapping[str, str]) -> tuple[Cell, ...]:
    moved = "no" if not metric.moved else "up" if metric.score > 0 else "down"
    since = (
        f"since about {metric.since_minutes:.0f} min before"
        if metric.since_minutes is not None and metric.moved
        else ""
    )
    values = (quantity(metric.metric, metric.before_median), quantity(metric.metric, metric.quiet_median))
    remark = "; ".join(text for text in (since, metric.note or "") if text)
    texts = (metric.job, moved, *values, number(round(metric.score, 1)), str(metric.windows), remark)
    name = Cell(metric.metric, links.get(metric_key(metric.metric, metric.job), ""))
    return (name, *(Cell(text) for text in texts))


def _changes(finding: Finding, links: Mapping[str, str]) -> Block:
    if not finding.changes:
        return missing("No recorded change lies near the onset; changes that nobody recorded can't be seen.")
    rows = tuple(
        (
            Cell(moment(change.at)),
            Cell(change.title),
            Cell(change.change_id, links.get(change.change_id, ""), mono=True),
            Cell(change.job or "—"),
            Cell(when),
        )
        for change in finding.changes
        for when in (_beside(change.minutes_before_onset),)
    )
    return Table(("at", "change", "id", "job", "against the onset"), rows, "Changes nearby")


def _monitors(seen: Sequence[MonitorSeen]) -> tuple[Block, ...]:
    """Nothing where no monitor saw anything: many platforms have none, and that none alerted says little."""
    if not seen:
        return ()
    rows = tuple(
        (
            Cell(one.title or one.monitor_id, one.url),
            Cell(one.state),
            Cell(one.job or "—"),
            Cell(f"{one.failures} of {one.of}"),
            Cell(_beside(one.minutes_before)),
            Cell(moment(one.last_at)),
        )
        for one in seen
    )
    headers = ("monitor", "went to", "job", "near failed runs", "against them", "last")
    return (Table(headers, rows, "Monitors that saw trouble near the failures: seen, and no cause in themselves"),)


def _beside(minutes: float) -> str:
    return f"{abs(minutes):.0f} min {'before' if minutes >= 0 else 'after'}"


def layers(finding: Finding) -> Part:
    title = "Layers looked at"
    if not finding.layers:
        return Part(title, (missing("No layers were compared for this verdict."),))
    signs = {
        "eliminated": "✓ eliminated",
        "implicated": "✗ implicated",
        "not checked": "– not checked",
        "no data": "? no data",
    }
    rows = tuple(
        (Cell(layer.layer), Cell(layer.check), Cell(layer.data), Cell(signs.get(layer.result, layer.result)))
        for layer in finding.layers
    )
    return Part(title, (Table(("layer", "check", "data", "result"), rows),))
