from datetime import UTC, datetime, timedelta

from correlator.model import Attempt, Episode, Pair, Status
from web.strip import Window, draw_strip, first_attempts

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def failed(run: str, job: str, day: int, logical: str, number: int = 1, status: Status = Status.FAILED) -> Attempt:
    start = T0 + timedelta(days=day, minutes=number)
    return Attempt(run, job, start, status, "tenant-01", logical, number)


def test_retries_are_not_events_only_first_attempts_count() -> None:
    runs = [failed("a1", "export", 1, "a", 1), failed("a2", "export", 1, "a", 2)]
    assert [item.run_id for item in first_attempts(reversed(runs))] == ["a1"]


def test_strokes_say_whether_they_are_laid_to_the_cause() -> None:
    runs = [failed("a1", "export", 1, "a"), failed("b1", "export", 2, "b"), failed("i1", "ingest", 1, "i")]
    pairs = [Pair("a", "ingest", "i", 60.0)]
    strip = draw_strip(("ingest", "export"), runs, pairs, Window(T0, T0 + timedelta(days=10)))
    assert {stroke.logical_run_id: stroke.laid for stroke in strip.strokes} == {"a": True, "b": False, "i": True}
    heights = {stroke.logical_run_id: stroke.y for stroke in strip.strokes}
    assert heights["i"] < heights["a"] == heights["b"]


def test_runs_that_passed_at_once_leave_no_stroke() -> None:
    runs = [failed("a1", "export", 1, "a", status=Status.SUCCESS)]
    assert draw_strip(("export",), runs, [], Window(T0, T0 + timedelta(days=10))).strokes == ()


def test_an_episode_is_a_span_wide_enough_to_see_and_the_onset_a_line() -> None:
    episode = Episode(T0 + timedelta(days=3), T0 + timedelta(days=3, minutes=30), ("export",), 7)
    strip = draw_strip(("export",), [], [], Window(T0, T0 + timedelta(days=35), T0 + timedelta(days=7), [episode]))
    assert strip.spans[0].width >= 3.0
    assert "7 failures" in strip.spans[0].title
    assert strip.onset is not None
    assert strip.onset > strip.spans[0].x
