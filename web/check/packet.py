"""A packet about just the runs somebody asked about: the verdict, which runs they are and what each is attributed to,
then the rest of the finding's packet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from correlator.evidence.blocks import Block, Bullets, Cell, Paragraph, Part, Table
from correlator.evidence.markdown import to_markdown
from correlator.evidence.packet import Packet
from correlator.store.findings import StoredFinding
from correlator.text.quantities import plural
from web.check.answers import Answer
from web.check.runs import RunAnswer
from web.views.finding import packet_of


def asked_packets(answers: Sequence[Answer]) -> str:
    """Those of the answers that have a finding, one after the other, as Markdown."""
    return "\n".join(to_markdown(asked_packet(one, one.stored)) for one in answers if one.stored is not None)


def asked_packet(answer: Answer, stored: StoredFinding) -> Packet:
    """The finding's packet with a part about the runs that were asked about, behind the verdict."""
    packet = packet_of(stored)
    if not answer.runs:
        return packet
    first, *others = packet.parts
    return replace(packet, parts=(first, Part("The runs asked about", tuple(_about(answer))), *others))


def _about(answer: Answer) -> Iterator[Block]:
    laid = sum(run.is_laid for run in answer.runs)
    yield Paragraph(f"{plural(len(answer.runs), 'run')} of {answer.job}; {laid} attributed to the cause named here.")
    headers = ("run", "started (UTC)", "outcome", "attributed to", "error")
    yield Table(headers, tuple(_row(run) for run in answer.runs))
    if answer.asked_ids:
        yield Bullets((f"Attempts that were asked about: {', '.join(answer.asked_ids)}",))


def _row(run: RunAnswer) -> tuple[Cell, ...]:
    return (
        Cell(run.run_id, mono=True),
        *(Cell(text) for text in (run.started_at, run.course, run.laid_to)),
        Cell(run.error or ""),
    )
