from datetime import datetime, timedelta, timezone

from web.words import clock, timed, utc, verdict_mark


def test_a_time_of_any_offset_is_shown_in_utc() -> None:
    moment = datetime(2026, 3, 12, 6, 10, 5, tzinfo=timezone(timedelta(hours=2)))
    assert utc(moment) == '<time datetime="2026-03-12T04:10:05Z">2026-03-12 04:10 UTC</time>'
    assert clock("2026-03-12T06:10:05+02:00") == '<time datetime="2026-03-12T04:10:05Z">2026-03-12 04:10:05</time>'
    assert utc(None) == "never"


def test_a_verdict_is_a_mark_and_a_word() -> None:
    assert "■" in verdict_mark("systemic")
    assert "Systemic" in verdict_mark("systemic")


def test_hostile_words_stay_words() -> None:
    assert "<script>" not in timed("<script>alert(1)</script> 2026-03-12 04:10 UTC")
    assert "<b>" not in verdict_mark("<b>")
