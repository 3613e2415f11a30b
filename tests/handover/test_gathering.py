"""Jobs of one tenant that one outage hit are one thing to hand over, until somebody treats one of them apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from correlator.handover.facts import Part
from correlator.handover.writing import drafted
from correlator.lifecycle.transitions import confirm, enter_step
from correlator.model import Analysis, Cause, Episode, Finding, iso
from correlator.store.findings import finding_id, get_finding, save_analysis
from tests.handover.shift import NOW
from tests.store.conftest import engine, store_url
from tests.web import cast

__all__ = ["engine", "store_url"]
BEGAN = cast.START + timedelta(days=2)
OUTAGE = Episode(BEGAN, BEGAN + timedelta(minutes=20), ("a", "b", "c"), 9)


def hit(job: str, tenant: str = cast.PREMIUM) -> Finding:
    laid = {"cause": Cause.SHARED, "root_job": None, "path": (), "episodes": (OUTAGE,)}
    return replace(cast.systemic(), job=job, tenant=tenant, **laid)  # type: ignore[arg-type]


def test_what_one_outage_hit_is_one_line_a_tenant(engine: Engine) -> None:
    found = (hit("a"), hit("b"), hit("c"), hit("a", "tenant-02"), cast.systemic())
    save_analysis(engine, Analysis(cast.END, found), cast.END)
    draft = drafted(engine, NOW)
    own, alone = finding_id(cast.PREMIUM, cast.EXPORT), finding_id("tenant-02", "a")
    group = f"{iso(BEGAN)}:{cast.PREMIUM}"
    conditions = {one.key: one for one in draft.section(Part.CONDITIONS).items}
    assert set(conditions) == {f"finding:{own}", f"finding:{alone}", f"outage:{group}"}
    assert (
        next(iter(conditions)) == f"finding:{own}"
    )  # jobs that an outage hit come after those with trouble of their own
    together = conditions[f"outage:{group}"]
    ids = ", ".join(f"{job} ({finding_id(cast.PREMIUM, job)})" for job in "abc")
    assert together.text.startswith(f"3 jobs of {cast.PREMIUM} in one outage: ")
    assert all(one in together.text for one in ids.split(", "))
    assert together.tenant == cast.PREMIUM
    assert together.link == f"/?show=shared&outage={iso(BEGAN)}"
    assert f"look:{group}" in [one.key for one in draft.section(Part.NEEDS).items]

    stored = get_finding(engine, finding_id(cast.PREMIUM, "b"))
    assert stored is not None
    enter_step(engine, stored, confirm("on-call", "the partner says so", NOW))
    apart = {one.key: one for one in drafted(engine, NOW).section(Part.CONDITIONS).items}
    assert f"finding:{stored.id}" in apart
    assert apart[f"outage:{group}"].text.startswith("2 jobs of ")
