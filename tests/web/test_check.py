"""Check: a question in the address or sent by a form, whole tables, many ids, near names, and a packet by one click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from correlator.errors import CorrelatorError
from correlator.ports import Page
from correlator.store.audit import Wanted, entries
from correlator.store.database import open_store
from correlator.store.facts import store_page
from correlator.store.findings import finding_id
from tests.web import cast
from tests.web.test_pages import text_of
from web.check.names import MOST_NAMES
from web.process.children import Done
from web.views.check import judged_now

ID = finding_id(cast.PREMIUM, cast.EXPORT)
Opening = Callable[[Path], FlaskClient]
RUNS = [pair.logical_run_id for pair in cast.pairs()]


def test_a_short_question_is_sent_on_to_its_address_and_a_long_one_answered_without_loss(client: FlaskClient) -> None:
    short = client.post("/check", data={"q": f"{RUNS[0]} export_email"})
    assert (short.status_code, short.headers["Location"]) == (303, f"/check?q={quote(RUNS[0])}+export_email")
    ids = [one.run_id for one in cast.attempts() if one.job == cast.EXPORT] + [f"lost-{n}" for n in range(300)]
    page = client.post("/check", data={"q": "\n".join(ids)})
    assert page.status_code == 200
    assert "300 names" not in page.text
    assert "and 250 more" in page.text
    assert "too long for an address" in page.text
    assert all(run in page.text for run in RUNS)


def test_too_many_names_are_refused_with_the_limit(client: FlaskClient) -> None:
    answer = client.post("/check", data={"q": " ".join(f"r{n}" for n in range(MOST_NAMES + 1))})
    assert answer.status_code == 422
    assert "up to 1,000 at a time" in answer.text


def test_a_pasted_table_is_read_by_its_column_of_runs(client: FlaskClient) -> None:
    table = "job\trun\tby\n" + "\n".join(f"export_ads\t{run}-1\tsomebody" for run in RUNS)
    page = text_of(client, f"/check?q={quote(table)}")
    assert "Of the table its column run was read: 6 names." in page
    assert "Yes, systemic" in page
    assert "Not known" not in page


def test_links_of_vendors_and_of_these_pages_lead_to_the_answer(client: FlaskClient) -> None:
    for link in (
        f"https://app.datadoghq.eu/logs?query={quote(f'@run_id:{RUNS[0]}-1')}",
        "https://us5.datadoghq.com/apm/traces?query=job%3Aexport_ads%20tenant%3Atenant-07",
        "<https://acme.pagerduty.com/incidents/Q1EXPORT|#12>",
        f"http://localhost/findings/{ID}",
    ):
        assert "Yes, systemic" in text_of(client, f"/check?q={quote(link)}"), link
    page = text_of(client, f"/check?q={quote('https://app.datadoghq.com/notebook/1/night')}")
    assert "This link names no run, job or incident" in page


def test_what_acts_comes_first_and_mistyped_names_find_their_way(client: FlaskClient) -> None:
    page = text_of(client, f"/check?q=export_email+export_ads+ingest_evnts+{RUNS[0][:-1]}9")
    assert page.index("■ Systemic export_ads · tenant-07 from ingest_events") < page.index("○ Transient export_email")
    assert "For ingest_evnts , was it ingest_events ?" in page
    assert f"was it {RUNS[0]}" in page


def test_one_click_makes_a_packet_about_just_these_runs(client: FlaskClient) -> None:
    answer = client.post("/check/packet.md", data={"q": f"{RUNS[0]}-1 export_email-tenant-02-20260302T0700"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="check-2-packets.md"'
    text = answer.text
    assert text.count("The runs asked about") == 2
    asked = text.split("The runs asked about")[1].split("## 3.")[0]
    assert RUNS[0] in asked
    assert RUNS[1] not in asked
    assert "1 run of export_ads; 1 attributed to the cause" in asked
    engine = client.application.extensions["correlator"].engine
    assert entries(engine, Wanted(target=ID))[0].action == "packet"
    assert client.post("/check/packet.md", data={"q": "resolve_identity"}).status_code == 404


def test_a_failure_that_no_look_judged_is_judged_now(
    tmp_path: Path, open_client: Callable[[Path], FlaskClient]
) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store_page(engine, "datadog", Page("all", tuple(cast.flaky_day(1)), {}), cast.END)
    engine.dispose()
    client = open_client(tmp_path)
    page = text_of(client, "/check?q=export_email")
    assert "no verdict yet; its last failed attempt was 2026-03-03 07:02 UTC" in page
    assert "Analyse now" in page
    judged = client.post("/check/now", data={"job": "export_email", "tenant": "tenant-02"})
    assert "Inconclusive" in judged.text
    assert "failed first" in judged.text
    assert client.post("/check/now", data={"tenant": "tenant-02"}).status_code == 422


def test_what_cannot_be_judged_is_said_in_the_command_s_words() -> None:
    with pytest.raises(CorrelatorError, match="export could not be judged now") as caught:
        judged_now("export", "", Done(2, "", "error: the store is locked\nhint: try again\n"))
    assert caught.value.hint == "error: the store is locked; hint: try again"
    assert judged_now("export", "", Done(1, '{"findings": [], "unknown": ["export"]}', "")).finding is None
