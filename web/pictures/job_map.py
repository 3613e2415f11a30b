"""The path around a job as a map: a job a row, upstream above; every edge an arc on the left, from feeder to reader.

Pure: edges and jobs in, coordinates out; the template draws them as SVG. A row is as wide as a telephone, so that the
map is read there without scrolling sideways.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from correlator.model import Dependency, Origin
from web.reading.paths import Around, upstream_first

WIDTH: Final = 340
ROW: Final = 38
TOP: Final = 8
GUTTER: Final = 76
"""Where the jobs' dots stand; the arcs are left of it."""
MOST_EACH_WAY: Final = 12
NAME_LENGTH: Final = 30


@dataclass(frozen=True, slots=True)
class Node:
    """One job. `verdict` "" where nothing is said; `state` and `words` tell of its newest attempt; `href` opens it."""

    job: str
    name: str
    y: float
    here: bool
    verdict: str
    state: str
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Arc:
    """One edge as a path. `laid`: the trouble takes it; `sure`: somebody declared it or it was seen, not inferred."""

    path: str
    head: str
    laid: bool
    sure: bool
    title: str


@dataclass(frozen=True, slots=True)
class JobMap:
    """`left_out`: so many jobs stand in the list alone."""

    nodes: tuple[Node, ...]
    arcs: tuple[Arc, ...]
    left_out: int
    width: int = WIDTH

    @property
    def height(self) -> float:
        return TOP * 2 + ROW * len(self.nodes)


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a job beside its name."""

    verdict: str = ""
    state: str = ""
    words: str = ""
    href: str = ""


def draw_map(
    job: str, edges: Sequence[Dependency], path: Around, trouble: Sequence[str], about: Callable[[str], About]
) -> JobMap:
    """The nearest jobs up- and downstream of `job`; `trouble` is the path of its finding, the root first."""
    steps = (*path.upstream[:MOST_EACH_WAY], *path.downstream[:MOST_EACH_WAY])
    shown = upstream_first(edges, {job, *(step.job for step in steps)})
    heights = {name: TOP + ROW * (row + 0.5) for row, name in enumerate(shown)}
    nodes = tuple(_node(name, heights[name], name == job, about(name)) for name in shown)
    return JobMap(nodes, _arcs(edges, heights, trouble), len({*path.upstream, *path.downstream}) - len(set(steps)))


def _node(job: str, y: float, here: bool, about: About) -> Node:
    name = job if len(job) <= NAME_LENGTH else f"{job[: NAME_LENGTH - 1]}…"
    return Node(job, name, y, here, about.verdict, about.state, about.words, about.href)


def _arcs(edges: Sequence[Dependency], heights: dict[str, float], trouble: Sequence[str]) -> tuple[Arc, ...]:
    """Those the trouble takes last, so that they are drawn above the others."""
    laid = set(pairwise(trouble))
    shown = [edge for edge in edges if edge.upstream in heights and edge.downstream in heights]
    arcs = [_arc(edge, heights, laid) for edge in shown if edge.upstream != edge.downstream]
    return tuple(sorted(arcs, key=lambda arc: arc.laid))


def _arc(edge: Dependency, heights: dict[str, float], laid: Collection[tuple[str, str]]) -> Arc:
    """A bulge to the left, the wider the farther it goes; its head points at the reader."""
    start, end = heights[edge.upstream], heights[edge.downstream]
    bulge = min(GUTTER - 10, 14 + abs(end - start) / ROW * 7)
    path = f"M{GUTTER - 7} {start}C{GUTTER - bulge} {start} {GUTTER - bulge} {end} {GUTTER - 12} {end}"
    head = f"M{GUTTER - 6} {end}l-7 -4v8z"
    title = f"{edge.upstream} feeds {edge.downstream} ({edge.origin})"
    return Arc(path, head, (edge.upstream, edge.downstream) in laid, edge.origin is not Origin.INFERRED, title)
