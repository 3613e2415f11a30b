"""Sums by month, questions about them that people keep, and what the overview sorts findings by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from math import exp, fsum, lgamma, log
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
_STANDING = ("gone_at", "verdict", "cause", "observed", "last_failure_at", "worse_p", "id")


def upgrade() -> None:
    _sums()
    op.create_table(
        "saved_questions",
        *_texts("id", "name", "query", "tenant", "made_by", "changed_by"),
        *_numbers("made_at", "changed_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_questions")),
    )
    op.create_index("ix_finding_events_step", "finding_events", ["step", "finding_id"])
    op.add_column("findings", sa.Column("observed", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("findings", sa.Column("last_failure_at", sa.BigInteger(), nullable=True))
    op.add_column("findings", sa.Column("worse_p", sa.Float(53), nullable=True))
    _of_stored_findings()
    op.create_index("ix_findings_standing", "findings", list(_STANDING))


def _sums() -> None:
    op.create_table(
        "monthly_sums",
        *_texts("month", "tenant", "job", "finding_id", "rule_id", "team", "root_job", "days"),
        *_numbers("runs", "failed_first", "needed_retry", "extra_attempts", "burnt_us", "laid"),
        sa.PrimaryKeyConstraint("month", "tenant", "job", name=op.f("pk_monthly_sums")),
    )
    op.create_index("ix_monthly_sums_finding_id", "monthly_sums", ["finding_id", "month"])
    op.create_table(
        "sum_positions",
        *_texts("name"),
        *_numbers("position"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sum_positions")),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False, server_default="") for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False, server_default="0") for name in names]


def _of_stored_findings() -> None:
    """A finding that says the same is not written again: those that are stored are given the columns here."""
    names = ("id", "document", "observed", "last_failure_at", "worse_p")
    findings = sa.table("findings", *(sa.column(name) for name in names))
    connection = op.get_bind()
    ids = list(connection.execute(sa.select(findings.c.id)).scalars())
    for finding_id in ids:
        mine = findings.c.id == finding_id
        document = json.loads(connection.execute(sa.select(findings.c.document).where(mine)).scalar_one() or "{}")
        connection.execute(findings.update().where(mine).values(_columns(document)))


def _columns(document: Mapping[str, Any]) -> dict[str, Any]:
    last = document.get("last_failure_at")
    return {
        "observed": document.get("observed") or 0,
        "last_failure_at": _micros(last) if last else None,
        "worse_p": _worse(document),
    }


def _worse(document: Mapping[str, Any]) -> float | None:
    """How often chance alone puts so many of the laid failures into the second half of the window."""
    bounds = [document.get(name) for name in ("window_start", "window_end")]
    times = [_micros(pair["failed_at"]) for pair in document.get("pairs", ()) if pair.get("failed_at")]
    if None in bounds or len(times) < 2:
        return None
    middle = sum(_micros(str(bound)) for bound in bounds) / 2
    late, total = sum(at >= middle for at in times), len(times)
    return min(1.0, fsum(_half(k, total) for k in range(late, total + 1)))


def _half(hits: int, trials: int) -> float:
    """The chance of so many heads."""
    return exp(lgamma(trials + 1) - lgamma(hits + 1) - lgamma(trials - hits + 1) - trials * log(2))


def _micros(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)
