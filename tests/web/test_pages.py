"""What each page says."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from correlator.store.findings import finding_id
from tests.web import cast

SYSTEMIC = f"/findings/{finding_id(cast.PREMIUM, cast.EXPORT)}"
HOSTILE = f"/findings/{finding_id(cast.HOSTILE, cast.HOSTILE)}"
FAILED = cast.pairs()[0].logical_run_id


def text_of(client: FlaskClient, path: str) -> str:
    """The page's words, without markup."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.mark.parametrize("path", ["/", "/check", "/sources", SYSTEMIC, f"/check?q={FAILED}"])
def test_every_page_says_how_fresh_the_data_is_and_what_it_covers(client: FlaskClient, path: str) -> None:
    page = text_of(client, path)
    assert "Data as of 2026-03-1" in page
    assert "Coverage: 1 of 2 sources reached; not pagerduty" in page


def test_a_finding_shows_the_ten_parts_in_order(client: FlaskClient) -> None:
    page = text_of(client, SYSTEMIC)
    titles = ("Verdict", "Ask and owner", "Scope", "Exact ids and aligned times", "Pictures", "History", "Provenance")
    places = [page.rindex(f" {title} ") for title in titles]
    assert places == sorted(places)


def test_the_picture_and_its_table_show_the_same_attempts(client: FlaskClient) -> None:
    body = client.get(SYSTEMIC).text
    drawn = set(re.findall(r"<g><title>[^<]* · (\S+) · attempt", body))
    table = body[body.index('id="attempts"') :]
    listed = set(re.findall(r'<span class="id">([^<]+)</span></td><td class="n">', table[: table.index("</table>")]))
    assert drawn == listed
    assert f"{cast.pairs()[-1].logical_run_id}-1" in drawn


def test_another_failure_can_be_chosen_in_the_url(client: FlaskClient) -> None:
    assert "around 2026-03-04" in text_of(client, f"{SYSTEMIC}?run={FAILED}")
    assert "around 2026-03-15" in text_of(client, SYSTEMIC)
    assert "around 2026-03-15" in text_of(client, f"{SYSTEMIC}?run=no-such-run")


def test_the_packet_is_there_as_markdown_and_as_a_note(client: FlaskClient) -> None:
    markdown = client.get(f"{SYSTEMIC}/packet.md")
    assert markdown.content_type == "text/markdown; charset=utf-8"
    assert markdown.text.startswith("# export_ads for tenant-07")
    note = client.get(f"{SYSTEMIC}/note.txt").text
    assert len(note.splitlines()) <= 10
    assert f"http://localhost{SYSTEMIC}" in note


def test_no_text_of_a_source_becomes_markup(client: FlaskClient) -> None:
    for path in (
        "/",
        HOSTILE,
        "/sources",
        "/sources/datadog/set-aside",
        f"/check?q={quote(cast.HOSTILE)}",
        f"/check?job={quote(cast.HOSTILE)}",
    ):
        body = client.get(path).text
        assert "<script>alert" not in body
        assert "{{7*7}}" in body
        assert "&lt;script&gt;" in body


def test_sources_shows_errors_with_hints_and_what_was_set_aside(client: FlaskClient) -> None:
    page = text_of(client, "/sources")
    assert "Not reached: pagerduty" in page
    assert "401" in page
    assert "PAGERDUTY_API_KEY" in page
    assert "finished_at before started_at" in page
    assert "pull:pagerduty failed" in page
    assert "✗ needs a person" in page
    assert "2 times in a row" in page
    assert "Someone has to fix this" in page


def test_sources_shows_what_is_missing_how_much_may_be_asked_and_how_the_clock_goes(client: FlaskClient) -> None:
    page = text_of(client, "/sources")
    assert "✓ reached, with notices" in page
    assert "no runs from logs" in page
    assert "timeseries_query 0 1,600" in page
    assert "about 42 s behind ours" in page
    assert "latest runs have an attempt number" in page


def test_what_was_set_aside_can_be_followed_to_the_item(client: FlaskClient) -> None:
    link = next(one for one in re.findall(r'href="([^"]+)"', client.get("/sources").text) if "set-aside?reason" in one)
    for path in (html.unescape(link), "/sources/datadog/set-aside"):
        page = text_of(client, path)
        assert "span-8842" in page
        assert "finished_at before started_at" in page
        assert '"custom"' in page
    assert "Nothing was set aside for this reason" in text_of(client, "/sources/datadog/set-aside?reason=none")
    assert client.get("/sources/nobody/set-aside").status_code == 404


def test_check_answers_the_verdict_before_anything_else(client: FlaskClient) -> None:
    page = text_of(client, f"/check?q={FAILED}-1")
    assert page.index("Yes, systemic") < page.index("Systemic, caused upstream") < page.index("By chance")
    assert "failed first, passed on attempt 3" in page
    assert "ingest_events run ingest_events-tenant-07-20260304T0300, which failed; begun 23 min after it" in page


def test_check_gives_one_answer_a_job_and_says_what_nobody_knows(client: FlaskClient) -> None:
    page = text_of(client, f"/check?q={FAILED}-1,{FAILED}-2%0Aexport_email+run-x")
    assert page.count("Open the evidence packet") == 2
    assert "1 of 2 jobs systemic" in page
    assert "Not known: run-x" in page
    assert "Looked for among the run ids" in page
    assert "may not have arrived yet" in page


@pytest.mark.parametrize("word", ["Q1EXPORT", "https://example.com/incidents/Q1EXPORT?ref=mail"])
def test_check_takes_an_incident_or_a_link_to_it(client: FlaskClient, word: str) -> None:
    assert "Yes, systemic" in text_of(client, f"/check?q={word}")


def test_check_of_a_job_that_never_failed_says_so(client: FlaskClient) -> None:
    assert "✓ No failures : no stored attempt of this job failed or timed out" in text_of(
        client, "/check?job=resolve_identity&tenant=tenant-07"
    )


def test_check_of_a_job_in_a_tenant_that_does_not_run_it(client: FlaskClient) -> None:
    assert "Not known: export_ads of tenant-02" in text_of(client, "/check?job=export_ads&tenant=tenant-02")
