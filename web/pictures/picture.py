"""A picture on a page: drawn at once as SVG, and given as its definition to the script that makes it interactive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import request
from markupsafe import Markup

from correlator.evidence.charts.svg import svg
from correlator.evidence.charts.theme import Spec, marks

MOST_SVG_MARKS: Final = 1000
"""Below, each mark is an element of its own that a screen reader can read; above, pixels are quicker."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`make` gives the Vega-Lite specification, for the light theme or the dark one."""

    make: Callable[[bool], Spec | None]

    @property
    def drawn(self) -> Markup:
        """The SVG, in paints that the style sheet gives the viewer's theme."""
        return Markup(svg(self.definition_in(dark=False)))  # noqa: S704 - svg() escapes every word it is given

    def definition(self) -> dict[str, Any]:
        """For the script, in the theme of `?theme=`: the specification, and how it is best drawn."""
        specification = self.definition_in(dark=request.args.get("theme") == "dark")
        number = marks(specification)
        renderer = "svg" if number < MOST_SVG_MARKS else "canvas"
        return {"specification": specification, "marks": number, "renderer": renderer}

    def definition_in(self, *, dark: bool) -> Spec:
        """The specification in one theme."""
        made = self.make(dark)
        if made is None:
            raise ValueError("there is nothing to draw")
        return made
