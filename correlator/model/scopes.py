"""Where else it happens: a finding's rows about its job in other tenants. Needs no numerical library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from correlator.model import ScopeRow

ROWS_AT_MOST: Final = 50


def worst(rows: Iterable[ScopeRow]) -> tuple[ScopeRow, ...]:
    """Of the rows of one job in all tenants those where it failed most."""
    return tuple(sorted(rows, key=lambda row: (-row.affected, row.name))[:ROWS_AT_MOST])


def with_others(own: ScopeRow, most: Iterable[ScopeRow]) -> tuple[ScopeRow, ...]:
    """A tenant's own row, and those of others where the job failed most."""
    others = [row for row in most if row.name != own.name]
    return (own, *others[: ROWS_AT_MOST - 1])
