"""A packet as a note of at most ten lines, for an incident. Its last line is the marker it is found again by."""

from __future__ import annotations

from typing import Final

from correlator.evidence.packet import Packet
from correlator.evidence.shortening import EXAMPLE, LINK, fitted
from correlator.evidence.words import verdict_line
from correlator.model import Pair, Verdict
from correlator.text.quantities import duration, expected, moment, one_line, whole_words

LINES: Final = 10
CHARACTERS: Final = 2000
"""No vendor says how long a note may be; this is what people read on a telephone."""
_LINE_CHARACTERS: Final = 700
_PREFIX: Final = "[incident-correlator"


def marker(finding_id: str) -> str:
    """The line by which a note is recognised: `[incident-correlator F-XXXXXXXXXX]`."""
    return f"{_PREFIX} {finding_id}]"


def to_note(packet: Packet, closing: str = "") -> str:
    """Verdict, three facts with ids, chance, ask, owner, link, age of the data, marker: at most ten lines.

    `closing` says first that it is over: dismissed, or fixed. Then nothing is asked any more.

    What is too long gives way, never in the middle of a word; ask, link and marker stay.
    """
    lines = [
        *([closing] if closing else []),
        f"{packet.title}: {verdict_line(packet.finding)}",
        *_examples(packet),
        *_chance(packet),
        *(() if closing else _ask(packet)),
        *_link(packet),
        f"Data as of {moment(packet.provenance.as_of)}, coverage: {packet.provenance.coverage()}",
    ]
    # No field may pass for a marker of another finding.
    clean = [_clean(line).replace(_PREFIX, "(incident-correlator") for line in lines]
    return "\n".join(fitted([*clean[: LINES - 1], marker(packet.finding_id)], CHARACTERS))


def _clean(line: str) -> str:
    """One line without what does not belong into one; a link stays whole."""
    plain = one_line(line, len(line) + 1)
    return plain if plain.startswith(LINK) else whole_words(plain, _LINE_CHARACTERS)


def _examples(packet: Packet) -> list[str]:
    """The three latest failed runs attributed to the cause."""
    dated = [pair for pair in packet.finding.pairs if pair.failed_at is not None]
    latest = sorted(dated, key=lambda pair: (pair.failed_at, pair.logical_run_id), reverse=True)[:3]
    return [f"{EXAMPLE}{_example(pair)}" for pair in latest]


def _example(pair: Pair) -> str:
    when = f" failed {moment(pair.failed_at)}" if pair.failed_at else " failed"
    if pair.upstream_logical_run_id is None:
        return f"{pair.logical_run_id}{when}: {pair.error or 'no error text'}"
    how = _trouble(pair)
    lag = "" if pair.lag_seconds is None else f"; lag {duration(pair.lag_seconds)}"
    return f"{pair.logical_run_id}{when}; stood on {pair.upstream_job} {pair.upstream_logical_run_id}, which {how}{lag}"


def _trouble(pair: Pair) -> str:
    """The failure may come first: the upstream run was not ready yet, and its own trouble showed later."""
    if pair.upstream_failed_at is None:
        return "ran late"
    later = pair.failed_at is not None and pair.failed_at < pair.upstream_failed_at
    return "was not ready then, and failed later" if later else "had failed"


def _chance(packet: Packet) -> list[str]:
    finding = packet.finding
    if finding.verdict is not Verdict.SYSTEMIC or finding.expected_by_chance is None:
        return []
    path = f"; path {' → '.join(finding.path)}" if len(finding.path) > 1 else ""
    return [f"Observed {finding.observed}, expected by chance {expected(finding.expected_by_chance)}{path}"]


def _ask(packet: Packet) -> list[str]:
    match = packet.match
    if match is None:
        return []
    due = f", {match.due}" if match.due else ""
    return [f"Ask: {match.ask}", f"To: {match.owner}{due}"]


def _link(packet: Packet) -> list[str]:
    return [f"{LINK}{packet.provenance.page_url}"] if packet.provenance.page_url else []
