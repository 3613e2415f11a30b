"""From the groups somebody is in to what they may do and see, as the settings say."""

from __future__ import annotations

from collections.abc import Collection

from correlator.errors import SettingsError
from correlator.settings import Settings
from web.access.actor import ROLES, Actor, Role


def granted(settings: Settings, name: str, groups: Collection[str], via: str) -> Actor | None:
    """The highest role that a group grants, and the tenants of the groups that grant that role; None for no role.

    Tenants of groups that grant a lower role do not count: nobody may respond where they may only look.
    """
    roles = {group: ROLES[word] for group, word in settings["access.roles"].items() if group in groups}
    if not roles:
        word = settings["access.default_role"]
        return Actor(name, ROLES[word], _tenants(settings, ["default"]), via) if word else None
    highest: Role = max(roles.values())
    return Actor(name, highest, _tenants(settings, [group for group in roles if roles[group] is highest]), via)


def _tenants(settings: Settings, groups: Collection[str]) -> frozenset[str] | None:
    """What these groups may see together; None for all, which one group is enough for."""
    named: dict[str, str] = settings["access.tenants"]
    if any(group not in named for group in groups):
        return None
    return frozenset(tenant for group in groups for tenant in named[group].split())


def check_grants(settings: Settings) -> None:
    """Raises SettingsError for a role that is none, or tenants of a group that has no role."""
    for group, word in settings["access.roles"].items():
        _known(f"access.roles: {group}", word)
    if settings["access.default_role"]:
        _known("access.default_role", settings["access.default_role"])
    for group, tenants in settings["access.tenants"].items():
        if group not in {"default", *settings["access.roles"]}:
            raise SettingsError(
                f"access.tenants: the group {group!r} has no role",
                hint="give it one in access.roles; `default` stands for access.default_role",
            )
        if not isinstance(tenants, str) or not tenants.split():
            raise SettingsError(f"access.tenants: {group}: no tenant is named", hint="leave the group out for all")


def _known(where: str, word: object) -> None:
    if word not in ROLES:
        raise SettingsError(f"{where}: there is no role {word!r}", hint=f"one of {', '.join(ROLES)}")
