"""The order of tasks in every DAG, and between DAGs by the assets that one writes and another waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.airflow.client import AirflowClient, NotFoundError, part
from connectors.airflow.mapping import Dag, asset_edges, dag_from, task_edges
from connectors.naming import Naming
from connectors.payloads import UnmappableError, set_aside, text_of
from correlator.errors import SourceError
from correlator.model import Dependency
from correlator.ports import SetAside

PAGE_SIZE: Final = 100


@dataclass(slots=True)
class Found:
    """All edges there are, unless a notice says what could not be read."""

    edges: tuple[Dependency, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class Edges:
    """`takes` says which DAGs are wanted."""

    client: AirflowClient
    naming: Naming
    takes: Callable[[str], bool]
    _aside: list[SetAside] = field(default_factory=list)
    _notices: list[str] = field(default_factory=list)

    def read(self) -> Found:
        """One request for each DAG. Raises SourceError."""
        dags = {dag.dag_id: dag for dag in self._dags()}
        edges = {edge for dag in dags.values() for edge in task_edges(dag, self.naming)}
        for asset in self._assets():
            edges |= set(asset_edges(asset, dags, self.naming))
        return Found(tuple(sorted(edges, key=_order)), tuple(self._aside), tuple(self._notices))

    def _dags(self) -> Iterator[Dag]:
        for listed in self._listed("/dags", "dags"):
            dag_id = text_of(listed.get("dag_id")) if isinstance(listed, dict) else None
            if dag_id is None or not self.takes(dag_id):
                continue
            try:
                yield dag_from(dag_id, self.client.get(f"/dags/{part(dag_id)}/tasks"))
            except UnmappableError as reason:
                self._aside.append(set_aside({"id": f"tasks of {dag_id}"}, str(reason)))
                self._notices.append("the tasks of some DAGs could not be read: their edges stay as they were")
            except NotFoundError:
                continue  # deleted since the list was made: it has no tasks any more

    def _assets(self) -> Iterator[Any]:
        """Fails open: who may not see assets still sees the tasks."""
        try:
            yield from self._listed("/assets", "assets")
        except SourceError as error:
            if not error.permanent and not isinstance(error, NotFoundError):
                raise
            self._notices.append("assets may not be read with these credentials: edges between DAGs are missing")

    def _listed(self, path: str, key: str) -> Iterator[Any]:
        offset, total = 0, 1
        while offset < total:
            answer = self.client.get(path, {"limit": PAGE_SIZE, "offset": offset, "order_by": f"{_ID[key]}"})
            items = answer.get(key)
            if not isinstance(items, list):
                raise SourceError(f"Airflow GET /api/v2{path}: no {key} in the answer")
            yield from items
            given = answer.get("total_entries")
            total = given if isinstance(given, int) and items else 0
            offset += len(items)


_ID: Final = {"dags": "dag_id", "assets": "id"}


def _order(edge: Dependency) -> tuple[str, str, str]:
    return edge.tenant or "", edge.downstream, edge.upstream
