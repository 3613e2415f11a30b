"""The story of the demo: six tenants of a customer-data platform, one real cause and the noise that fools people.

Every tenant runs the same two lines. Daily: ingest_orders -> materialise_profiles -> build_segments, read by the hourly
export_email and export_ads. Hourly: ingest_events -> materialise_events -> export_onsite. report_usage stands apart.

- tenant-01, random: its export_ads fails now and then, one run as likely as the next.
- tenant-02, night: ingest_events and export_onsite both fail at night, each for its own reasons.
- tenant-03, premium: when volume surges, ingest_orders runs into memory pressure, hangs until it is cut after 100
  minutes, and passes on its retry. Exports due before the segments are rebuilt come out blank, and pass on retry.
- tenant-04, ordinary.
- tenant-05, deploy: from one deploy on, its export_email fails every third time.
- tenant-06, ordinary, and the busiest in deploys, none of which does harm.

One outage of half an hour hits everything that runs. Failed exports page somebody; failed ingests never do.

The daily ingest is due 98 minutes before the minute of the day at which the story starts. So a story that starts at a
moment, whole days before the present, has the premium ingest two minutes before its time-out at the present.
"""

from __future__ import annotations

from typing import Final

from correlator.simulation.clock import DAY, HOUR, MINUTE
from correlator.simulation.load import Load, Surge
from correlator.simulation.pipelines import beset, ordinary, platform_pipeline, watched
from correlator.simulation.platform import Case, Measured, Platform, Tenant
from correlator.simulation.randomness import stream
from correlator.simulation.surroundings import change
from correlator.simulation.troubles import AfterChange, Night, Noise, Outage, Pressure, Trouble

DAYS: Final = 28
LEAD_MINUTES: Final = 98
DEPLOY_DAY: Final = 19
OUTAGE_DAY: Final = 11
PAGED: Final = ("export_ads", "export_email", "export_onsite")
MEASURED: Final = (
    *watched("ingest_orders", loaded=("ingest_orders",)),
    Measured("queue_depth", "ingest_orders", 220.0, 60.0, 25.0, 0.0, 2000.0, False),
    Measured("memory_gib", "ingest_events", 5.0, 1.2, 0.2, 1.0, 16.0),
    Measured("memory_gib", "export_ads", 3.0, 0.3, 0.15, 0.5, 8.0, False),
)


def build(seed: int, start: int) -> Platform:
    """The platform as it stands at `start` (ms)."""
    due = start - LEAD_MINUTES * MINUTE
    jobs = platform_pipeline(due % DAY // MINUTE)
    deploy = due + DEPLOY_DAY * DAY + 5 * HOUR + 10 * MINUTE
    outage = due + OUTAGE_DAY * DAY + 9 * HOUR + 32 * MINUTE
    own: dict[str, dict[str, tuple[Trouble, ...]]] = {
        "tenant-01": {"export_ads": (Noise(0.045),)},
        "tenant-02": {"ingest_events": (Night(0.3),), "export_onsite": (Night(0.3),)},
        "tenant-03": {"ingest_orders": (Pressure(1.4, steepness=9.0, relief=0.04, killed=0.0),)},
        "tenant-05": {"export_email": (AfterChange(deploy, 0.32),)},
    }
    everywhere = {job.name: (Outage(outage, outage + 30 * MINUTE),) for job in jobs}
    tenants = tuple(
        Tenant(
            name=name,
            jobs=jobs,
            load=_load(seed, name, due),
            troubles=beset(beset(ordinary(jobs, 0.003, upstream_chance=0.0004), own.get(name, {})), everywhere),
            inputs={"export_onsite": "ignores"} if name == "tenant-02" else {},
            measured=MEASURED,
            sensitivity=0.97,
            deploys_per_day=0.3 if name == "tenant-06" else 0.12,
        )
        for name in (f"tenant-{number:02d}" for number in range(1, 7))
    )
    deployed = change(deploy - 7 * MINUTE, "tenant-05", "export_email", "Deploy export-email 5.2: new consent columns")
    return Platform(tenants, _cases(deploy), (deployed,), PAGED)


def _load(seed: int, name: str, due: int) -> Load:
    """The premium tenant's volume surges on chosen days around its ingest; the others' seldom and at any time."""
    if name != "tenant-03":
        return Load(seed, name, surges_per_day=0.15)

    def planned(day: int) -> list[Surge]:
        moment = day * DAY + due % DAY
        number = (moment - due) // DAY
        if number != DAYS and number % 3 != int(stream(seed, "surge days", number // 3).integers(3)):
            return []
        rng = stream(seed, "surge", number)
        begin = moment - int(rng.integers(150, 210)) * MINUTE
        return [Surge(begin, moment - 20 * MINUTE, moment + 115 * MINUTE, moment + HOUR * 3, rng.uniform(2.3, 2.9))]

    return Load(seed, name, rhythm=0.2, drift=0.15, surges_per_day=0.0, planned=planned)


def _cases(deploy: int) -> tuple[Case, ...]:
    return (
        _premium("export_ads"),
        _premium("export_email"),
        Case(
            *("tenant-01", "export_ads", "transient", ("transient",), ("none",)),
            reasons=("noise",),
            note="fails at random",
        ),
        Case(
            *("tenant-02", "export_onsite", "night-decoy", ("transient", "systemic"), ("none", "self")),
            reasons=("night", "noise"),
            note="fails at night for its own reasons, as does ingest_events",
        ),
        Case(
            *("tenant-05", "export_email", "own-change", ("systemic",), ("self",), "export_email"),
            reasons=("change",),
            onset=deploy,
            note="fails since a deploy of its own",
        ),
    )


def _premium(job: str) -> Case:
    return Case(
        *("tenant-03", job, "upstream-timeout", ("systemic",), ("upstream",), "ingest_orders"),
        began_in=("ingest_orders",),
        note="blank when the daily ingest was cut under memory pressure; the ingest passes on its retry",
    )
