"""Check: paste run ids, or pick a job and tenant; the verdict line first. The question stands in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request

from web import checking, reading
from web.place import place

pages: Final = Blueprint("check", __name__)


@dataclass(frozen=True, slots=True)
class Page:
    asked: bool
    query: str
    job: str
    tenant: str
    jobs: tuple[str, ...]
    tenants: tuple[str, ...]
    title: str = ""
    answers: tuple[checking.Answer, ...] = ()
    unknown: tuple[str, ...] = ()
    looked_in: str = checking.LOOKED_IN


@pages.get("/check")
def show() -> str:
    engine = place().engine
    return render_template("check.html", page=page_of(), freshness=reading.freshness(engine))


def page_of() -> Page:
    """From the URL: `q` (names), or `job` with `tenant`."""
    engine = place().engine
    query, job, tenant = (request.args.get(name, "") for name in ("q", "job", "tenant"))
    jobs, tenants = reading.known_jobs(engine)
    chosen = (query, job, tenant, jobs, tenants)
    if query.strip():
        result = checking.check_names(engine, [query])
    elif job.strip():
        result = checking.check_job(engine, job, request.args.get("tenant"))
    else:
        return Page(False, *chosen)
    return Page(True, *chosen, checking.title_of(result), result.answers, result.unknown)
