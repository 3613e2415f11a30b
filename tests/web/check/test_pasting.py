"""What is read out of pasted text: words, lines, links, what a chat made of them, and columns of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.check.pasted_links import Wanted, in_link
from web.check.pasting import Pasted, choose, read_pasted, without_heading

TAGS = {"job": "job_name", "tenant": "customer", "run_id": "run.id", "logical_run_id": "logical_run_id"}
TRACE = "00000000000000000389f12621b98000"


def words(text: str) -> list[str]:
    return [one.said for line in read_pasted(text, TAGS).lines for one in line.wanted]


def names(link: str) -> list[tuple[str, str | None]]:
    return [(one.names[0], one.tenant) for one in in_link(link, TAGS)]


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://app.datadoghq.eu/logs?query=%40run.id%3A%22export-1%22%20-%40run.id%3Ax", [("export-1", None)]),
        ("https://us5.datadoghq.com/logs?query=%40x.run_id%3A(a1%20OR%20%22b2%22)", [("a1", None), ("b2", None)]),
        ("https://ap1.datadoghq.com/apm/traces?query=job_name%3Aexport%20customer%3At-7", [("export", "t-7")]),
        ("https://app.datadoghq.com/apm/traces?query=job%3Aexport%20job%3Aother*", [("export", None)]),
        ("https://app.ddog-gov.com/ci/pipeline-executions?query=%40ci.pipeline.id%3Ap-1", [("p-1", None)]),
        ("https://app.datadoghq.com/ci/redirect/pipeline/p-2", [("p-2", None)]),
        ("https://app.datadoghq.com/notebook/12/night?tpl_var_job_name%5B0%5D=export", [("export", None)]),
        ("https://app.datadoghq.com/notebook/12/night", []),
        ("https://app.datadoghq.com/event/event?uid=e-1", [("e-1", None)]),
        ("https://acme.pagerduty.com/incidents/Q1EXPORT/timeline", [("Q1EXPORT", None)]),
        ("https://acme.eu.pagerduty.com/service-directory/PS1", []),
        ("https://datadoghq.com.example.com/incidents/Q1EXPORT?ref=mail", [("Q1EXPORT", None)]),
        ("https://jobs.example.com/runs/run-4711/", [("run-4711", None)]),
        ("http://127.0.0.1:8420/findings/F-ABCDEFGHIJ/packet.md", [("F-ABCDEFGHIJ", None)]),
        ("https://correlator.example.com/job?job=export&tenant=t-7", [("export", "t-7")]),
        ("http://[::1", []),
        ("https://example.com/", []),
    ],
)
def test_a_link_gives_what_it_names(link: str, found: list[tuple[str, str | None]]) -> None:
    assert names(link) == found


def test_a_trace_is_looked_for_in_every_form_and_about_its_time() -> None:
    (found,) = in_link(f"https://app.datadoghq.com/apm/trace/{TRACE}?spanID=77&timeHint=1773547200000", TAGS)
    assert found.names == (TRACE, "0389f12621b98000", "255000000000000000")
    assert found.near == datetime(2026, 3, 15, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run-1, run-2;run-3\nrun-4", ["run-1", "run-2", "run-3", "run-4"]),
        ('"run-1" `run-2` (run-3) <run-4>', ["run-1", "run-2", "run-3", "run-4"]),
        ("see <https://acme.pagerduty.com/incidents/Q1|#12 export is blank>", ["see", "Q1"]),
        ("<@U123> <mailto:a@example.com|a> run-1", ["run-1"]),
        ("<https://app.datadoghq.com/logs?query=x&amp;run=1&amp;uid=e-1>", ["e-1"]),
        ("https://acme.pagerduty.com/incidents/Q1.", ["Q1"]),
    ],
)
def test_words_are_read_as_they_are_pasted(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_mark_behind_a_word_may_belong_to_it_or_not() -> None:
    (line,) = read_pasted("it was run-4711.", TAGS).lines
    assert line.wanted[-1] == Wanted("run-4711.", ("run-4711.", "run-4711"))
    assert line.whole == "it was run-4711."


def test_links_that_name_nothing_are_told() -> None:
    link = "https://app.datadoghq.com/notebook/12/night"
    assert read_pasted(f"run-1 {link} {link}", TAGS).silent == (link,)


def _known(store: Mapping[str, set[str]]):  # type: ignore[no-untyped-def]
    def known_among(names: Sequence[str]) -> dict[str, set[str]]:
        return {kind: known & set(names) for kind, known in store.items()}

    return known_among


STORE = {"runs": {"run-1", "run-2", "l-1"}, "jobs": {"export"}, "incidents": {"Q1"}}


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_of_a_table_the_column_with_known_runs_is_read(delimiter: str) -> None:
    rows = [
        ("when", "job", "the run", "note"),
        ("9:00", "export", "run-1", '"x, y; z"'),
        ("9:10", "export", "run-2", ""),
    ]
    pasted = read_pasted("\n".join(delimiter.join(row) for row in rows), TAGS)
    chosen = choose(pasted.columns, _known(STORE))
    assert chosen.headings == ("the run",)
    assert [one.said for one in chosen.wanted] == ["run-1", "run-2"]


def test_a_table_of_a_chat_or_ticket_is_one_too() -> None:
    pasted = read_pasted("| job | run |\n|---|:--|\n| export | run-1 |", TAGS)
    chosen = choose(pasted.columns, _known(STORE))
    assert (chosen.headings, [one.said for one in chosen.wanted]) == (("run",), ["run-1"])


def test_ids_in_even_rows_without_a_heading_are_all_read() -> None:
    chosen = choose(read_pasted("run-1, run-2\nl-1, run-9", TAGS).columns, _known(STORE))
    assert [one.said for one in chosen.wanted] == ["run-1", "l-1", "run-2", "run-9"]


def test_of_a_table_without_runs_the_jobs_are_read_and_of_an_unknown_one_the_column_of_ids() -> None:
    jobs = read_pasted("name,owner\nexport,a-team\nimport,b-team", TAGS)
    assert choose(jobs.columns, _known(STORE)).headings == ("name",)
    unknown = read_pasted("note,run_id\nx,run-8\ny,run-9", TAGS)
    chosen = choose(unknown.columns, _known(STORE))
    assert (chosen.headings, [one.said for one in chosen.wanted]) == (("run_id",), ["run-8", "run-9"])


def test_the_usual_heading_of_a_single_column_is_left_out() -> None:
    wanted = [one for line in read_pasted("run_id\nrun-1\nrun-2", TAGS).lines for one in line.wanted]
    assert [one.said for one in without_heading(wanted)] == ["run-1", "run-2"]


@given(st.text(max_size=300))
def test_any_text_can_be_pasted(text: str) -> None:
    pasted = read_pasted(text, TAGS)
    assert isinstance(pasted, Pasted)
    assert all(name and not name.isspace() for line in pasted.lines for one in line.wanted for name in one.names)


@given(st.lists(st.from_regex(r"[a-z0-9_-]{3,12}", fullmatch=True), min_size=1, max_size=30, unique=True))
def test_every_id_in_a_list_is_found_once_and_in_order(ids: list[str]) -> None:
    assert words("\n".join(ids)) == ids
