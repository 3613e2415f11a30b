"""What role a route asks for: stated beside the route, read by the gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from web.access.actor import Role

Route = TypeVar("Route", bound=Callable[..., Any])
_KEY: Final = "asks_of_actors"


@dataclass(frozen=True, slots=True)
class Requirement:
    """`whole`: only for those who may see all tenants. `stated` is False where the route says nothing itself."""

    role: Role
    whole: bool = False
    stated: bool = True


def needs(role: Role, *, whole: bool = False) -> Callable[[Route], Route]:
    """Mark a route: below `@pages.post(...)`. Every route that writes has one; others need a viewer."""

    def marked(route: Route) -> Route:
        setattr(route, _KEY, Requirement(role, whole))
        return route

    return marked


def requirement_of(route: Callable[..., Any] | None, *, writes: bool) -> Requirement:
    """What the route states; without a word a reader needs a viewer, and a writer an admin: fail closed."""
    unstated = Requirement(Role.ADMIN if writes else Role.VIEWER, stated=False)
    requirement: Requirement = getattr(route, _KEY, unstated)
    return requirement
