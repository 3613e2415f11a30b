from datetime import UTC, datetime, timedelta

from correlator.model import Attempt, Pair, Status
from web.timeline import Story, Timeline, draw

T0 = datetime(2026, 3, 12, 4, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def attempt(run: str, job: str, start: float, end: float | None, status: Status, logical: str) -> Attempt:
    finished = None if end is None else at(end)
    return Attempt(run, job, at(start), status, "tenant-01", logical, finished_at=finished)


ATTEMPTS = [
    attempt("i-1", "ingest", 0, 20, Status.TIMED_OUT, "ingest-1"),
    attempt("i-2", "ingest", 30, 50, Status.SUCCESS, "ingest-1"),
    attempt("e-1", "export", 35, 38, Status.FAILED, "export-1"),
    attempt("e-2", "export", 55, 58, Status.SUCCESS, "export-1"),
    attempt("e-3", "export", 59, None, Status.RUNNING, "export-2"),
]
PAIRS = [Pair("export-1", "ingest", "ingest-1", 900.0, at(38), at(20))]


def picture() -> Timeline:
    return draw(Story(("ingest", "export"), ATTEMPTS, at(-5), at(65), PAIRS))


def test_lanes_run_upstream_to_downstream() -> None:
    lanes = picture().lanes
    assert [lane.job for lane in lanes] == ["ingest", "export"]
    assert lanes[0].y < lanes[1].y


def test_every_attempt_is_a_bar_with_its_number_and_kind() -> None:
    bars = {bar.attempt.run_id: (bar.number, bar.kind, bar.laid) for bar in picture().bars}
    assert bars == {
        "i-1": (1, "bad", True),
        "i-2": (2, "ok", True),
        "e-1": (1, "bad", True),
        "e-2": (2, "ok", True),
        "e-3": (1, "busy", False),
    }


def test_a_bar_is_as_long_as_its_attempt_and_never_too_thin_to_see() -> None:
    widths = {bar.attempt.run_id: bar.width for bar in picture().bars}
    assert abs(widths["i-1"] / widths["i-2"] - 1) < 0.01
    short = draw(Story(("export",), [attempt("x", "export", 1, 1.0, Status.FAILED, "x")], at(0), at(10000)))
    assert short.bars[0].width == 4.0


def test_waiting_stretches_stand_between_attempts_of_one_run_only() -> None:
    drawn = picture()
    assert [wait.title.split()[0] for wait in drawn.waits] == ["export", "ingest"]
    ingest = [bar for bar in drawn.bars if bar.attempt.job == "ingest"]
    wait = drawn.waits[1]
    assert wait.x == round(ingest[0].x + ingest[0].width, 2)
    assert abs(wait.x + wait.width - ingest[1].x) < 0.02


def test_a_link_leads_from_the_upstream_trouble_to_the_failure_it_caused() -> None:
    (link,) = picture().links
    assert link.y1 < link.y2
    assert "i-1" in link.title
    assert "e-1" in link.title


def test_attempts_outside_the_window_and_of_other_jobs_are_left_out() -> None:
    drawn = draw(Story(("export",), ATTEMPTS, at(50), at(58.5)))
    assert [bar.attempt.run_id for bar in drawn.bars] == ["e-2"]
    assert drawn.links == ()


def test_a_title_names_the_source_s_own_facts() -> None:
    bar = next(bar for bar in picture().bars if bar.attempt.run_id == "i-1")
    assert bar.title == "ingest · i-1 · attempt 1 · timed_out · 2026-03-12 04:00:00 to 04:20:00 UTC"
