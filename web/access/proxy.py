"""Somebody whom a proxy in front has let in: its header is believed from its addresses alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from flask import request

from correlator.errors import SettingsError
from correlator.settings import Settings
from web.access.actor import Actor
from web.access.grants import granted
from web.access.methods import by_proxy
from web.errors import RefusedError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST_NAME: Final = 200


def actor_of_proxy(settings: Settings) -> Actor | None:
    """Whom the proxy names; None where it names nobody.

    Raises RefusedError: 403 for the header from elsewhere, given twice, or for somebody without a role.
    """
    header: str = settings["access.proxy_header"]
    groups_header: str = settings["access.proxy_groups_header"]
    given = [name for name in (header, groups_header) if name and name in request.headers]
    if not given:
        return None
    if not is_trusted(request.remote_addr or "", tuple(settings["access.proxy_from"])):
        raise RefusedError(403, "not_the_proxy", f"the header {given[0]} is taken from the proxy alone")
    name = _only(header)
    if not name:
        return None
    actor = granted(settings, name, _groups(groups_header), "proxy")
    if actor is None:
        raise RefusedError(403, "no_role", f"{name} has no role here", hint="access.roles says which groups have one")
    return actor


def _only(header: str) -> str:
    """The one value of a header. Raises RefusedError (403) where it stands twice, which servers write as one value with
    a comma: one of them may be forged."""
    value = ",".join(request.headers.getlist(header)).strip()
    if len(value) > LONGEST_NAME or not value.isprintable() or "," in value:
        raise RefusedError(403, "not_the_proxy", f"the header {header} names nobody in particular")
    return value


def _groups(header: str) -> frozenset[str]:
    """Groups are separated by commas, in one header or in several."""
    text = ",".join(request.headers.getlist(header)) if header else ""
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    """Whether the address is one of these, or in one of these networks.

    >>> net = ("10.0.0.0/8",)
    >>> [is_trusted(address, net) for address in ("10.1.2.3", "::ffff:10.1.2.3", "11.1.2.3", "")]
    [True, True, False, False]
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain.version == network.version and plain in network for network in networks(trusted))


@lru_cache(maxsize=8)
def networks(names: tuple[str, ...]) -> Sequence[Network]:
    """Raises SettingsError for what is neither an address nor a network."""
    try:
        return tuple(ipaddress.ip_network(name) for name in names)
    except ValueError as error:
        raise SettingsError(
            f"access.proxy_from: {error}", hint="for example 10.0.0.5 or 10.0.0.0/24, without host bits"
        ) from error


def check_proxy(settings: Settings) -> None:
    """Raises SettingsError where a header is to be believed from nobody, or from everybody."""
    found = networks(tuple(settings["access.proxy_from"]))
    if not by_proxy(settings):
        return
    if not found:
        raise SettingsError(
            "access.proxy_header is set, and access.proxy_from is empty", hint="name the proxy's address"
        )
    if any(network.prefixlen == 0 for network in found):
        raise SettingsError("access.proxy_from: everybody is no proxy", hint="name the proxy's address")
