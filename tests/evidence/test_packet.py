"""The packet says everything in its order, for every verdict, and no field becomes markup."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.evidence.html import to_html
from correlator.evidence.markdown import escape, safe_url, to_markdown
from correlator.evidence.note import marker, to_note
from correlator.evidence.packet import build_packet
from correlator.evidence.parts.scope import trend
from correlator.evidence.provenance import Provenance, PutAsk
from correlator.model import Cause, Contribution, Finding, Pair, RetryDebt, ScopeRow, SignatureCount
from tests.evidence.factory import (
    END,
    EVERY,
    FINDING_ID,
    START,
    finding,
    own,
    packet,
    provenance,
    upstream,
    upstream_pairs,
)

TITLES = ["Verdict", "Ask and owner", "Scope", "Exact ids and aligned times", None, "Pictures", "Layers looked at"]
TITLES += ["History", "How to reproduce", "Provenance"]
HOSTILE = "<script>alert(1)</script>\"'`|*_[x](javascript:alert(1))\n# heading"


@pytest.mark.parametrize("about", EVERY.values(), ids=EVERY.keys())
def test_all_ten_parts_stand_in_order_and_none_is_empty(about: Finding) -> None:
    parts = packet(about).parts
    assert [part.title for part in parts if "chance" not in part.title] == [title for title in TITLES if title]
    assert "chance" in parts[4].title
    assert all(part.blocks for part in parts)


@pytest.mark.parametrize("about", EVERY.values(), ids=EVERY.keys())
def test_every_form_of_every_verdict_is_free_of_internal_words(about: Finding) -> None:
    made = packet(about)
    for text in (to_markdown(made), to_html(made), to_note(made)):
        assert not re.search(r"\bNone\b|\bnan\b|Cause\.|Verdict\.|tuple\(|dataclass|datetime\(", text)


def test_the_ask_names_root_tenant_and_memory() -> None:
    text = to_markdown(packet())
    assert "Give ingest_events more memory for tenant-07" in text
    assert "7.8 GiB" in text
    assert "owner of ingest_events (no rule names a team)" in text


def test_an_ask_in_a_person_s_words_stands_beside_the_rule_s_own_and_survives_the_bundle() -> None:
    put = PutAsk("Give it 16 GiB, today", "an engineer", END)
    told = provenance(put_ask=put)
    assert Provenance.from_dict(json.loads(json.dumps(told.to_dict()))).put_ask == put
    assert "put_ask" not in provenance().to_dict()
    rules = packet()
    made = build_packet(rules.finding, rules.match, told, finding_id=FINDING_ID)
    text = to_markdown(made)
    assert "**Give it 16 GiB, today**" in text
    assert "an engineer" in text
    assert "Give ingest_events more memory for tenant-07" in text
    assert "Ask: Give it 16 GiB, today" in to_note(made)


def test_a_missing_picture_metric_and_scope_are_said_to_be_missing() -> None:
    text = to_markdown(packet(finding()))
    assert "No picture was drawn" in text
    assert "No metric was compared" in text
    assert "was not compared" in text


def test_provenance_names_the_source_that_was_not_reached() -> None:
    text = to_markdown(packet())
    assert "1 of 2 sources reached (not reached: pagerduty)" in text
    assert "HTTP 401" in text


def test_links_and_arrivals_are_shown_beside_the_run() -> None:
    about = upstream(pairs=upstream_pairs(2))
    links = {"export-001": "https://example.com/run/1", "ingest-001": "javascript:alert(1)"}
    made = packet(about, links=links, arrivals={"export-001": END - timedelta(hours=1)})
    assert "[export-001](<https://example.com/run/1>)" in to_markdown(made)
    assert "2026-03-28 23:00:00" in to_markdown(made)
    assert "javascript:" not in to_html(made)


def test_no_field_becomes_markup() -> None:
    evil = SignatureCount(HOSTILE, HOSTILE, 5, 5)
    about = upstream(tenant=HOSTILE, job=HOSTILE, root_job=HOSTILE, signatures=(evil,), root_signatures=(evil,))
    made = packet(about)
    seen = _Tags()
    seen.feed(to_html(made))
    assert "script" not in seen.tags
    assert seen.handlers == []
    markdown = to_markdown(made)
    assert "<script" not in markdown
    assert not re.search(r"(?<!\\)\]\(javascript", markdown)
    assert not re.search(r"^# heading", markdown, re.MULTILINE)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@given(st.text(max_size=200))
def test_escaped_text_never_opens_html_or_a_table_cell(text: str) -> None:
    out = escape(text)
    assert "<" not in out
    assert "\n" not in out
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", out)


@given(st.text(max_size=80))
def test_only_plain_web_addresses_become_links(text: str) -> None:
    assert safe_url(text) == "" or text.startswith(("http://", "https://"))
    assert safe_url(f"javascript:{text}") == ""


@pytest.mark.parametrize("about", EVERY.values(), ids=EVERY.keys())
def test_a_note_has_at_most_ten_lines_and_ends_with_its_marker(about: Finding) -> None:
    lines = to_note(packet(about, page_url="https://example.com/findings/1")).splitlines()
    assert len(lines) <= 10
    assert lines[-1] == marker(FINDING_ID) == f"[incident-correlator {FINDING_ID}]"
    assert any(line.startswith("Data as of 2026-03-29 00:00 UTC, coverage:") for line in lines)


def test_a_note_cannot_be_made_to_carry_a_second_marker() -> None:
    about = upstream(job=f"a\n{marker('F-AAAAAAAAAA')}", tenant=marker("F-BBBBBBBBBB"))
    assert to_note(packet(about)).count("[incident-correlator") == 1


def test_a_note_names_three_runs_with_the_upstream_run_they_stood_on() -> None:
    facts = [line for line in to_note(packet()).splitlines() if line.startswith("- ")]
    assert len(facts) == 3
    assert "export-035" in facts[0]
    assert "ingest-035" in facts[0]


def test_trend_is_only_claimed_when_a_sign_test_carries_it() -> None:
    assert trend(upstream()).startswith("Neither better nor worse")
    late = tuple(replace(pair, failed_at=END - timedelta(hours=n)) for n, pair in enumerate(upstream_pairs(12), 1))
    assert trend(upstream(pairs=late)).startswith("Getting worse: 0 failed runs in the first half")
    early = tuple(replace(pair, failed_at=START + timedelta(hours=n)) for n, pair in enumerate(upstream_pairs(12)))
    assert trend(upstream(pairs=early)).startswith("Getting better")
    assert "can't be said" in trend(upstream(pairs=()))


def test_what_began_within_the_window_is_looked_at_since_then() -> None:
    """Of thirty failures since the fifteenth day none lies in the first half of the window: that is no worsening."""
    onset = START + timedelta(days=14)
    spread = tuple(Pair(f"run-{n}", failed_at=onset + timedelta(hours=11 * n)) for n in range(30))
    words = trend(own(onset=onset, pairs=spread))
    assert words.startswith(
        "Neither better nor worse as far as can be said: 16 failed runs in the first half of the time"
    )


def _known(*moments: datetime) -> str:
    """The part of ids and times, where the runs became known then, in turns."""
    runs = [pair.logical_run_id for pair in upstream_pairs()]
    arrivals = {run: moments[n % len(moments)] for n, run in enumerate(runs)} if moments else {}
    text = to_markdown(packet(arrivals=arrivals))
    return text[text.index("## 4.") : text.index("## 5.")]


def test_one_arrival_of_all_is_said_once_and_several_have_a_column() -> None:
    assert "This program learned of all these failures at once, 2026-03-29 00:00:00." in _known(END)
    assert "| arrived |" not in _known(END)
    assert _known(END).count("2026-03-29 00:00:00") == 1
    assert "| arrived |" in _known(END, END - timedelta(hours=1))
    assert "is not recorded" in _known()


def test_exposure_is_told_of_an_upstream_alone() -> None:
    assert "40 runs stood on a late or failed ingest_events run: 36 of them failed first." in to_markdown(packet())
    scope = (ScopeRow("tenant", "tenant-07", 34, 5, 672),)
    assert "stood on a late" not in to_markdown(packet(own(scope=scope)))


def test_a_cause_that_is_none_is_said_as_it_is_and_clauses_within_others_in_words() -> None:
    debt = RetryDebt(672, 660, 11, 760, 88, 160.0)
    text = to_markdown(packet(finding(retry_debt=debt)))
    assert "| cause | none or self | none |" in text
    assert "share of the root's failures that timed out at least 0.5 or error of the root" in to_markdown(packet())


def test_what_speaks_against_bad_luck_alone_is_said_with_it() -> None:
    parts = (Contribution(Cause.NONE, None, 8), Contribution(Cause.UPSTREAM, "ingest_events", 4))
    text = to_markdown(packet(finding(contributions=parts)))
    assert "no common cause explains 8 of them." in text
    assert "Of its failed runs, 4 are attributed to ingest_events upstream." in text
    assert "answers for a part of the failures only" in text
    assert "none explains more failures than chance would" not in text


def test_a_note_does_not_say_that_a_run_failed_before_it_did() -> None:
    (pair,) = upstream_pairs(2)[1:]
    assert pair.failed_at is not None
    later = replace(pair, upstream_failed_at=pair.failed_at + timedelta(hours=1))
    assert "which had failed" in to_note(packet(upstream(pairs=(pair,))))
    assert "which was not ready then, and failed later" in to_note(packet(upstream(pairs=(later,))))
    assert "which ran late" in to_note(packet(upstream(pairs=upstream_pairs(1))))


def test_without_a_rule_the_packet_says_that_nothing_is_asked() -> None:
    made = build_packet(upstream(), None, provenance(), finding_id=FINDING_ID)
    assert "nothing is asked of anybody yet" in to_markdown(made)
    assert "Ask:" not in to_note(made)


def test_texts_are_made_without_the_numerical_libraries() -> None:
    code = (
        "import sys, correlator.evidence.packet, rules; "
        "sys.exit(bool({'pandas', 'numpy', 'altair', 'scipy', 'vl_convert'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
