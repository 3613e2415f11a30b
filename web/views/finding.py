"""The packet of one finding: as a page, as Markdown, and as a note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from correlator.evidence.blocks import Paragraph, Part
from correlator.evidence.known import aligned_of, provenance_of, rule_match, shown_ids
from correlator.evidence.markdown import to_markdown
from correlator.evidence.note import to_note
from correlator.evidence.packet import Packet, build_packet
from correlator.evidence.ticket import to_ticket
from correlator.evidence.words import verdict_line
from correlator.lifecycle.life import life_of
from correlator.lifecycle.recurrence import Earlier, history_of
from correlator.lifecycle.words import closing_line
from correlator.model import Finding, Pair
from correlator.store.findings import StoredFinding, get_finding
from web import reading
from web.access import note_audit
from web.context import context
from web.errors import not_found
from web.http.addresses import handed_on
from web.pictures.picture import Picture
from web.pictures.scenes import pictures_of, scene_of
from web.pictures.timeline import Timeline
from web.reading.beside import beside_of

pages: Final = Blueprint("finding", __name__)
OTHERS: Final = 12


SHOWN: Final = {
    "lags": ("Lag profile", "how long after the upstream run began the runs began that failed"),
    "metrics": ("Metric before the failure", "each failure against the same hours on quiet days"),
    "retries": ("Retry debt", "runs that passed only on a retry, runs that never passed, and minutes lost"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture below the timeline, and what it shows."""

    title: str
    words: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Page:
    stored: StoredFinding
    line: str
    parts: tuple[Part, ...]
    timeline: Timeline
    pictures: tuple[Shown, ...]
    around: str
    chosen: str
    past: tuple[Earlier, ...]
    others: tuple[Pair, ...]
    gone_at: datetime | None
    ask: str = ""

    @property
    def id(self) -> str:
        return self.stored.id

    @property
    def finding(self) -> Finding:
        return self.stored.finding


@pages.get("/findings/<finding_id>")
def show(finding_id: str) -> str:
    stored = stored_finding(finding_id)
    return render_template(
        "finding.html",
        page=page_of(stored, request.args.get("run", "")),
        beside=beside_of(context(), stored.id),
        freshness=reading.freshness_in_short(context().engine),
    )


@pages.get("/findings/<finding_id>/packet.md")
def markdown(finding_id: str) -> Response:
    return _handed_out(finding_id, "packet", to_markdown(packet_of(stored_finding(finding_id))), "text/markdown")


@pages.get("/findings/<finding_id>/note.txt")
def note(finding_id: str) -> Response:
    stored = stored_finding(finding_id)
    return _handed_out(stored.id, "note", to_note(packet_of(stored), closing_line(life_of(context().engine, stored))))


@pages.get("/findings/<finding_id>/ticket.txt")
def ticket(finding_id: str) -> Response:
    return _handed_out(finding_id, "ticket", to_ticket(packet_of(stored_finding(finding_id))))


def _handed_out(finding_id: str, what: str, text: str, kind: str = "text/plain") -> Response:
    note_audit(what, finding_id)
    return Response(text, content_type=f"{kind}; charset=utf-8")


def stored_finding(finding_id: str) -> StoredFinding:
    """The finding of this id; RefusedError (404) where there is none."""
    found = get_finding(context().engine, finding_id)
    if found is None:
        raise not_found(f"there is no finding {finding_id}", "findings that hold now are on the overview")
    return found


def packet_of(stored: StoredFinding, past: tuple[Earlier, ...] | None = None) -> Packet:
    """The ten parts, with where their facts came from."""
    here, names, address = context(), shown_ids(stored.finding), page_url(stored.id)
    provenance = provenance_of(here.engine, here.settings, stored, names, address, past)
    aligned = aligned_of(here.engine, stored.finding, provenance)
    return build_packet(stored.finding, rule_match(stored), provenance, finding_id=stored.id, aligned=aligned)


def page_url(finding_id: str) -> str:
    """The address others can use."""
    return handed_on(url_for("finding.show", finding_id=finding_id))


@pages.get("/findings/<finding_id>/chart.json")
def chart(finding_id: str) -> Response:
    """The timeline's definition, close up around `?run=`."""
    scene = scene_of(context().engine, stored_finding(finding_id).finding, request.args.get("run", ""))
    return jsonify(scene.timeline.picture.definition())


def page_of(stored: StoredFinding, run: str = "") -> Page:
    """The packet with its pictures, the timeline around this run (or the latest failure)."""
    scene = scene_of(context().engine, stored.finding, run)
    others = pictures_of(context().engine, stored.finding, scene.rows)
    past = history_of(context().engine, stored)
    return Page(
        stored=stored,
        line=verdict_line(stored.finding),
        parts=_parts(packet_of(stored, past)),
        timeline=scene.timeline,
        pictures=tuple(Shown(*SHOWN[name], picture) for name, picture in others.items()),
        around=scene.around,
        chosen=scene.chosen,
        past=past,
        others=latest(stored.finding.pairs, OTHERS),
        gone_at=stored.gone_at,
        ask=(stored.document.get("rule") or {}).get("ask", ""),
    )


def _parts(packet: Packet) -> tuple[Part, ...]:
    """The packet's parts without what the page itself says: the verdict line above, and the pictures it draws."""
    verdict, *between = packet.parts[:5]
    pictures = packet.parts[5]
    rest = tuple(block for block in verdict.blocks if not (isinstance(block, Paragraph) and block.strong))
    kept = tuple(block for block in pictures.blocks if not (isinstance(block, Paragraph) and "picture" in block.text))
    return (Part(verdict.title, rest), *between, Part(pictures.title, kept), *packet.parts[6:])


def latest(pairs: tuple[Pair, ...], number: int) -> tuple[Pair, ...]:
    """The newest pairs first; those without a time last."""
    return tuple(sorted(pairs, key=_failed_at, reverse=True)[:number])


def _failed_at(pair: Pair) -> tuple[bool, float, str]:
    at: datetime | None = pair.failed_at
    return at is not None, at.timestamp() if at else 0.0, pair.logical_run_id
