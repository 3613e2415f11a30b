"""Somebody who asks: a name, a role, and the tenants they may see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Role(IntEnum):
    """Each may do what those before it may."""

    VIEWER = 1
    RESPONDER = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()


ROLES: Final = {role.word: role for role in Role}


@dataclass(frozen=True, slots=True)
class Actor:
    """`name` is "" where nobody logs in; `tenants` is None for all; `via`: loopback, oidc, proxy, token or open."""

    name: str
    role: Role
    tenants: frozenset[str] | None = None
    via: str = "loopback"

    @property
    def restricted(self) -> bool:
        return self.tenants is not None

    @property
    def looks_after_it(self) -> bool:
        """Whether they may read what the program says of its own machinery."""
        return self.role is Role.ADMIN and not self.restricted


LOOPBACK: Final = Actor("", Role.ADMIN, None, "loopback")
"""Whoever reaches the pages while no access is configured: they are on this machine."""
NOBODY: Final = Actor("", Role.VIEWER, frozenset(), "open")
"""Whoever asks for what is open to all: no tenant's rows."""
