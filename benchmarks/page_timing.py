"""How long one page takes, beside the statements it sends asked alone: the bare query."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Flask
from sqlalchemy import Engine, event

from benchmarks.page_routes import Address
from web.app_state import Context

Statement = tuple[str, Any]
FAILED: Final = 500
BEGINNINGS: Final = ("SELECT", "WITH")


@dataclass
class Taken:
    """Of one address: seconds of each time it was asked, of the process alone, and of its statements alone."""

    address: Address
    status: int = 0
    bytes: int = 0
    statements: int = 0
    wall: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    scans: tuple[str, ...] = ()


def timed(app: Flask, address: Address, times: int) -> Taken:
    """Ask once to warm up, then so often; after each time the statements of it are asked by the driver alone."""
    context: Context = app.extensions["correlator"]
    client, taken = app.test_client(), Taken(address)
    with asked(context.engine) as statements:
        client.get(address.path)
        statements.clear()
        for _ in range(times):
            statements.clear()
            began, worked = time.perf_counter(), time.process_time()
            response = client.get(address.path)
            content = response.data
            taken.wall.append(time.perf_counter() - began)
            taken.work.append(time.process_time() - worked)
            if response.status_code < FAILED:
                taken.bare.append(_bare(context.engine, statements))
        taken.status, taken.bytes, taken.statements = response.status_code, len(content), len(statements)
        taken.scans = tuple(scans(context.engine, statements)) if taken.bare else ()
    return taken


@contextmanager
def asked(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that read, with their parameters, as they go to the driver."""
    heard: list[Statement] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.lstrip().upper().startswith(BEGINNINGS):
            heard.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def _bare(engine: Engine, statements: Sequence[Statement]) -> float:
    raw = engine.raw_connection()
    cursor = raw.cursor()
    began = time.perf_counter()
    for statement, parameters in statements:
        cursor.execute(statement, parameters)
        cursor.fetchall()
    took = time.perf_counter() - began
    raw.rollback()
    raw.close()
    return took


LARGE: Final = ("runs", "metrics", "incidents", "finding_versions", "raw_answers", "fact_revisions", "findings")


def scans(engine: Engine, statements: Sequence[Statement]) -> Iterator[str]:
    """The steps of plans that go through a large table from end to end, or sort."""
    raw = engine.raw_connection()
    cursor = raw.cursor()
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    seen = set()
    for statement, parameters in statements:
        cursor.execute(explain + statement, parameters)
        for row in cursor.fetchall():
            step = str(row[-1]).strip()
            if step not in seen and _is_scan(step):
                seen.add(step)
                yield step
    raw.rollback()
    raw.close()


def _is_scan(step: str) -> bool:
    words = step.replace("->", "").replace("Parallel", "").split()
    if words[:1] == ["SCAN"]:
        return words[1] in LARGE
    return words[:3] == ["Seq", "Scan", "on"] and words[3] in LARGE
