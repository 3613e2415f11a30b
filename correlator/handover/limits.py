"""What is ruled out and why, by layer; and what nobody can see at the moment, by source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from correlator.handover.facts import Item, counted
from correlator.handover.gathering import by_urgency
from correlator.handover.known import Case, Known
from correlator.model import Layer, Verdict
from correlator.store.sources import SourceStatus
from correlator.text.quantities import duration, moment, one_line

SHOWN: Final = 15
_LENGTH: Final = 700
ELIMINATED: Final = "eliminated"
UNKNOWN: Final = ("no data", "not checked")
OLD_LOOK_SECONDS: Final = 3600
"""A last look longer ago than this is said: what came after it is judged by nobody."""


def ruled_out(known: Known) -> Iterator[Item]:
    cases = by_urgency(one for one in known.cases if one.holds and one.finding.verdict is Verdict.SYSTEMIC)
    items = [_ruled_out(case) for case in cases if any(one.result == ELIMINATED for one in case.finding.layers)]
    yield from counted(items, SHOWN, "findings with layers ruled out")


def _ruled_out(case: Case) -> Item:
    out = [layer for layer in case.finding.layers if layer.result == ELIMINATED]
    open_ = [layer.layer for layer in case.finding.layers if layer.result in UNKNOWN]
    why = "; ".join(_layer(layer) for layer in out)
    rest = f". Not ruled out, for want of data or of a look: {', '.join(open_)}" if open_ else ""
    gist = ", ".join(layer.layer for layer in out)
    text = one_line(f"{case.name}: not {why}{rest}", _LENGTH)
    return Item(f"layers:{case.id}", text, gist, case.finding.tenant, case.link)


def _layer(layer: Layer) -> str:
    return f"{layer.layer} ({layer.check}: {layer.data})"


def unseen(known: Known) -> Iterator[Item]:
    yield from (_source(known, status) for status in known.sources if status.error)
    yield from _notices(known)
    if known.looked_at is None:
        yield Item("look", "No verdicts were made yet", "never")
    elif (known.now - known.looked_at).total_seconds() > OLD_LOOK_SECONDS:
        ago = duration((known.now - known.looked_at).total_seconds())
        yield Item("look", f"Verdicts were made last {moment(known.looked_at)}, {ago} ago", "old")


def _source(known: Known, status: SourceStatus) -> Item:
    last = f"last good pull {moment(status.last_good_at)}" if status.last_good_at else "no good pull yet"
    since = f" since {moment(status.failing_since)}" if status.failing_since else ""
    text = one_line(f"{status.source} is not reached{since} ({last}): {status.error}", _LENGTH)
    return Item(f"source:{status.source}", text, "not reached", "", "/sources")


def _notices(known: Known) -> Iterator[Item]:
    for status in known.sources:
        for number, notice in enumerate(status.notices):
            text = one_line(f"{status.source}: {notice.text}", _LENGTH)
            yield Item(f"notice:{status.source}:{number}", text, notice.text, "", "/sources")
