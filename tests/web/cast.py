"""The cast of the page tests: two weeks of a small platform, and what a look at it says. Pure and deterministic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from correlator.model import (
    Analysis,
    Attempt,
    Cause,
    Change,
    Contribution,
    Dependency,
    EdgeTest,
    Episode,
    Finding,
    Incident,
    LagProfile,
    Layer,
    MetricEvidence,
    NearbyChange,
    Pair,
    Recovery,
    RetryDebt,
    ScopeRow,
    SignatureCount,
    Status,
    Verdict,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 14
END = START + timedelta(days=DAYS)
HOSTILE = '<script>alert("x")</script>\'"&{{7*7}}'
PREMIUM = "tenant-07"
BAD_DAYS = (2, 4, 5, 9, 11, 13)
INGEST, RESOLVE, EXPORT = "ingest_events", "resolve_identity", "export_ads"


def run(
    job: str, tenant: str, scheduled: datetime, start_minute: float, *ends: tuple[float, Status, str]
) -> list[Attempt]:
    """The attempts of one logical run; `ends` are (minutes, status, error), with ten minutes between attempts."""
    logical = f"{job}-{tenant}-{scheduled:%Y%m%dT%H%M}"
    attempts, start = [], scheduled + timedelta(minutes=start_minute)
    for number, (minutes, status, error) in enumerate(ends, start=1):
        end = None if status is Status.RUNNING else start + timedelta(minutes=minutes)
        attempts.append(
            Attempt(
                f"{logical}-{number}",
                job,
                start,
                status,
                tenant,
                logical,
                number,
                scheduled,
                end,
                error or None,
                host="worker-3",
            )
        )
        start += timedelta(minutes=minutes + 10)
    return attempts


def attempts() -> list[Attempt]:
    """Daily ingest and resolve, six exports a day, of the premium tenant; a flaky export beside it."""
    return [attempt for day in range(DAYS) for attempt in (*premium_day(day), *flaky_day(day), *hostile_day(day))]


def premium_day(day: int) -> list[Attempt]:
    morning, bad = START + timedelta(days=day, hours=3), day in BAD_DAYS
    ok = (18.0, Status.SUCCESS, "")
    late = (45.0, Status.TIMED_OUT, "timed out after 45 min: worker memory 11.6 of 12 GiB")
    ingest = run(INGEST, PREMIUM, morning, 0, *((late, ok) if bad else (ok,)))
    resolve = run(RESOLVE, PREMIUM, morning + timedelta(minutes=40), 36 if bad else 0, (9.0, Status.SUCCESS, ""))
    broken = (3.0, Status.FAILED, "blank export: segment table has 0 rows for 2026-03")
    exports = []
    for hour in range(6):
        ends = (broken, broken, (4.0, Status.SUCCESS, "")) if bad and hour == 0 else ((4.0, Status.SUCCESS, ""),)
        exports += run(EXPORT, PREMIUM, morning + timedelta(hours=1 + hour), 5, *ends)
    return [*ingest, *resolve, *exports]


def flaky_day(day: int) -> list[Attempt]:
    at = START + timedelta(days=day, hours=7)
    reset = (2.0, Status.FAILED, "connection reset by peer")
    return run("export_email", "tenant-02", at, 2, *((reset,) if day % 5 == 1 else ()), (5.0, Status.SUCCESS, ""))


def hostile_day(day: int) -> list[Attempt]:
    at = START + timedelta(days=day, hours=9)
    broken = (2.0, Status.FAILED, f"{HOSTILE} died")
    return run(HOSTILE, HOSTILE, at, 2, *((broken,) if day in (3, 6) else ()), (5.0, Status.SUCCESS, ""))


def incidents() -> list[Incident]:
    opened = START + timedelta(days=13, hours=4, minutes=9)
    url = "https://example.com/incidents/Q1EXPORT"
    return [
        Incident(
            "Q1EXPORT",
            opened,
            opened + timedelta(minutes=40),
            "export_ads is blank",
            job=EXPORT,
            tenant=PREMIUM,
            url=url,
        )
    ]


def changes() -> list[Change]:
    return [
        Change(
            "deploy-118", START + timedelta(days=8, hours=14), "deploy of export_ads 4.2.0", job=EXPORT, tenant=PREMIUM
        )
    ]


def dependencies() -> list[Dependency]:
    return [Dependency(INGEST, RESOLVE), Dependency(RESOLVE, EXPORT)]


def pairs() -> tuple[Pair, ...]:
    found = []
    for day in BAD_DAYS:
        morning = START + timedelta(days=day, hours=3)
        ingest, export = f"{morning:%Y%m%dT%H%M}", f"{morning + timedelta(hours=1):%Y%m%dT%H%M}"
        found.append(
            Pair(
                f"{EXPORT}-{PREMIUM}-{export}",
                INGEST,
                f"{INGEST}-{PREMIUM}-{ingest}",
                1380.0,
                failed_at=morning + timedelta(minutes=68),
                upstream_failed_at=morning + timedelta(minutes=45),
                upstream_ready_at=morning + timedelta(minutes=73),
                error="blank export: segment table has 0 rows for 2026-03",
                upstream_error="timed out after 45 min: worker memory 11.6 of 12 GiB",
            )
        )
    return tuple(found)


def systemic() -> Finding:
    laid = pairs()
    edge = EdgeTest(INGEST, EXPORT, 84, 6, 6, 6, 0.43, 3.1e-7, 5200.0, "six hours", powered=True)
    return Finding(
        PREMIUM,
        EXPORT,
        Verdict.SYSTEMIC,
        Cause.UPSTREAM,
        INGEST,
        (INGEST, RESOLVE, EXPORT),
        confidence=0.97,
        runs=84,
        failed_first=6,
        recovered_by_retry=6,
        observed=6,
        expected_by_chance=0.43,
        p_value=3.1e-7,
        onset=None,
        needs=None,
        pairs=laid,
        contributions=(Contribution(Cause.UPSTREAM, INGEST, 6),),
        e_value=5200.0,
        window_start=START,
        window_end=END,
        first_failure_at=laid[0].failed_at,
        last_failure_at=laid[-1].failed_at,
        edges=(edge,),
        recovery=Recovery(12, 12, 6, 6),
        retry_debt=RetryDebt(84, 84, 6, 96, 12, 156.0),
        lag_profile=LagProfile(6, 1380.0, 1380.0, 1380.0, 1380.0, 1380.0),
        metrics=(
            MetricEvidence("job.memory_gib", INGEST, True, 8.1, 6.2, 11.5, 6, 25.0),
            MetricEvidence("job.cpu_ratio", INGEST, False, 0.4, 0.5, 0.5, 6),
        ),
        layers=(
            Layer("platform", "many jobs at once", "14 days of runs", "eliminated"),
            Layer("upstream", "runs stood on a late ingest", "6 of 6", "implicated"),
            Layer("partner", "rate limits", "no such errors", "not checked"),
            Layer("network", "packet loss", "none stored", "no data"),
        ),
        scope=(ScopeRow("tenant", PREMIUM, 6, 6, 84), ScopeRow("tenant", "tenant-02", 0, 0, 14)),
        changes=(
            NearbyChange(
                "deploy-118", START + timedelta(days=8, hours=14), "deploy of export_ads 4.2.0", EXPORT, 780.0
            ),
        ),
        signatures=(
            SignatureCount("blank export: segment table has # rows", "blank export: segment table has 0 rows", 6, 6),
        ),
        root_signatures=(SignatureCount("timed out after # min", "timed out after 45 min", 6, 6),),
        root_timed_out_share=1.0,
        notes=("The one recorded deploy lies after the trouble began.",),
    )


def transient() -> Finding:
    return Finding(
        "tenant-02",
        "export_email",
        Verdict.TRANSIENT,
        Cause.NONE,
        None,
        (),
        confidence=0.9,
        runs=14,
        failed_first=3,
        recovered_by_retry=3,
        observed=None,
        expected_by_chance=None,
        p_value=0.61,
        onset=None,
        needs=None,
        contributions=(Contribution(Cause.NONE, None, 3),),
        window_start=START,
        window_end=END,
        first_failure_at=START + timedelta(days=1, hours=7, minutes=4),
        last_failure_at=START + timedelta(days=11, hours=7, minutes=4),
        retry_debt=RetryDebt(14, 14, 3, 17, 3, 36.0),
        signatures=(SignatureCount("connection reset by peer", "connection reset by peer", 3, 0),),
    )


def hostile() -> Finding:
    """Every text that a source controls is an attack."""
    at = START + timedelta(days=6, hours=9, minutes=4)
    episode = Episode(at, at + timedelta(minutes=30), (HOSTILE,), 2)
    return Finding(
        HOSTILE,
        HOSTILE,
        Verdict.INCONCLUSIVE,
        Cause.NONE,
        None,
        (),
        confidence=None,
        runs=14,
        failed_first=2,
        recovered_by_retry=2,
        observed=None,
        expected_by_chance=None,
        p_value=None,
        onset=None,
        needs=f"about 6 more failed runs of {HOSTILE}",
        pairs=(Pair(HOSTILE, HOSTILE, HOSTILE, None, at, at, None, None, HOSTILE, HOSTILE),),
        episodes=(episode,),
        window_start=START,
        window_end=END,
        first_failure_at=at - timedelta(days=3),
        last_failure_at=at,
        retry_debt=RetryDebt(14, 14, 2, 16, 2, 24.0),
        metrics=(MetricEvidence(HOSTILE, HOSTILE, True, 9.0, 1.0, 2.0, 3, note=HOSTILE),),
        layers=(Layer(HOSTILE, HOSTILE, HOSTILE, "no data"),),
        scope=(ScopeRow("tenant", HOSTILE, 2, 2, 14),),
        changes=(NearbyChange(HOSTILE, at, HOSTILE, HOSTILE, 4.0),),
        signatures=(SignatureCount(HOSTILE, HOSTILE, 2, 0),),
        notes=(HOSTILE,),
    )


def analysis() -> Analysis:
    return Analysis(END, (systemic(), transient(), hostile()))
