"""An ask quotes, counts and dates the error texts its rule looks for, and no others."""

from __future__ import annotations

from datetime import timedelta

from correlator.model import Cause, Finding, Pair, SignatureCount
from rules import load_rules
from rules.facts import fill
from rules.texts import with_texts_of
from tests.evidence.factory import START, own, shared, upstream

RULES = load_rules()
ONE_DAY = timedelta(days=1)


def _pairs(*errors: str) -> tuple[Pair, ...]:
    """One failed run a day, the first on 10 March."""
    days = (START + (9 + number) * ONE_DAY for number in range(len(errors)))
    return tuple(
        Pair(f"run-{at:%d}", None, None, None, failed_at=at, error=error)
        for at, error in zip(days, errors, strict=True)
    )


def _full_disk(**changes: object) -> Finding:
    """Eight failed runs attributed to the cause, five of which found the disk full in two ways; one transient before
    them."""
    resets, full, spent = ["reset by peer"] * 3, ["write: ENOSPC"] * 3, ["volume 7: No space left on device"] * 2
    counts = (("reset by peer", 4, 3), ("write: ENOSPC", 3, 3), ("volume <n>: No space left on device", 2, 2))
    base = {
        "changes": (),
        "first_failure_at": START,
        "observed": 8,
        "pairs": _pairs(*resets, *full, *spent),
        "signatures": tuple(SignatureCount(text, text.replace("<n>", "7"), n, laid) for text, n, laid in counts),
    }
    return own(**{**base, **changes})


def test_an_ask_counts_the_runs_that_show_its_error_and_dates_the_first_of_them() -> None:
    match = RULES.match(_full_disk())
    assert match.rule_id == "disk-full"
    assert '5 of its failed runs show an error like "write: ENOSPC", the first at 2026-03-13 00:00 UTC.' in match.ask
    assert match.missing == ()


def test_without_clauses_about_errors_the_most_frequent_text_is_quoted() -> None:
    about = _full_disk(signatures=(*_full_disk().signatures, SignatureCount("blank output", "blank output", 9, 9)))
    assert fill("{error} {error_runs}", with_texts_of({"verdict": "systemic"}, about))[0] == '"blank output" 17'


def test_below_a_root_its_own_texts_and_times_count() -> None:
    when = {"any": [{"root_or_own_error": "*timed out*"}, {"root_error": "*never*"}]}
    text, missing = fill("{error_runs} {first_with_error} {last_with_error}", with_texts_of(when, upstream()))
    failed = [pair.upstream_failed_at for pair in upstream().pairs if pair.upstream_failed_at]
    assert text == f"24 {failed[0]:%Y-%m-%d %H:%M} UTC {failed[-1]:%Y-%m-%d %H:%M} UTC"
    assert missing == ()


def test_a_time_that_no_run_shows_is_said_to_be_missing() -> None:
    assert fill("{first_with_error}", _full_disk(pairs=()))[1] == ("when a run first failed with the error text",)


def test_an_outage_is_told_with_the_jobs_it_hit_not_with_those_of_all_outages() -> None:
    about = shared()
    worst = max(about.episodes, key=lambda episode: episode.failures)
    other = type(worst)(worst.start + ONE_DAY, worst.end + ONE_DAY, ("a", "b", "c", "d"), 1, worst.scope)
    match = RULES.match(shared(episodes=(worst, other)))
    assert about.cause is Cause.SHARED
    assert f"{worst.failures} runs of {len(worst.jobs)} jobs failed at the same time" in match.ask
    assert "in all: 2." in match.ask
