"""The small parts of SVG that every mark is written with: figures, attributes, and paints with their roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from typing import Any, Final

from correlator.evidence.charts.theme import DARK, LIGHT

ROLES: Final = {colour: role for palette in (LIGHT, DARK) for role, colour in asdict(palette).items()}


def figure(value: float) -> str:
    """Two decimals at most.

    >>> figure(3.0), figure(12.3456), figure(-0.001)
    ('3', '12.35', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def attributes(values: Mapping[str, Any]) -> str:
    """`name="value"`, without those that are None."""
    return " ".join(f'{name}="{escape(str(each), quote=True)}"' for name, each in values.items() if each is not None)


def paints(fill: str | None = None, stroke: str | None = None) -> str:
    """Both paints, and their roles as classes.

    >>> paints(fill="#c2263e")
    'fill="#c2263e" class="f-failed"'
    """
    given = {name: colour for name, colour in (("fill", fill), ("stroke", stroke)) if colour}
    roles = [f"{name[0]}-{ROLES[colour]}" for name, colour in given.items() if colour in ROLES]
    return attributes({**given, "class": " ".join(roles).replace("_", "-") or None})
