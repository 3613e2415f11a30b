"""Every kind of source is one folder with the same file names, listed once, documented, switched on by a setting."""

from __future__ import annotations

import importlib
import inspect

import pytest

from connectors.registry import KINDS
from correlator.settings.table import SETTINGS
from tests.frame.tree import ROOT, tracked

CONNECTORS = ROOT / "connectors"
NOT_KINDS = {"standin"}
"""Folders of connectors that are no kind: the stand-in plays the vendors."""
ALWAYS = ("__init__.py", "README.md", "check.py")


def _folders() -> set[str]:
    """The folders of connectors that hold files of ours."""
    inside = [path.relative_to(CONNECTORS) for path in tracked("connectors/*")]
    return {path.parts[0] for path in inside if len(path.parts) > 1} - NOT_KINDS


def test_each_folder_is_a_kind_and_each_kind_a_folder() -> None:
    assert _folders() == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_the_files_that_all_have(kind: str) -> None:
    wanted = [
        *ALWAYS,
        *(["source.py", "client.py"] if KINDS[kind].reads else []),
        *(["sink.py"] if KINDS[kind].writes else []),
    ]
    assert [name for name in wanted if not (CONNECTORS / kind / name).is_file()] == []
    assert list((CONNECTORS / kind).glob("*mapping.py")), "what makes facts of payloads is mapping.py, or several"
    assert (CONNECTORS / kind / "sink.py").exists() == KINDS[kind].writes
    assert (CONNECTORS / kind / "source.py").exists() == KINDS[kind].reads
    assert (CONNECTORS / kind / "refetch.py").exists() == KINDS[kind].quoted


@pytest.mark.parametrize("kind", KINDS)
def test_its_parts_are_called_alike(kind: str) -> None:
    parts = {"check": "check"} | ({"source": "build"} if KINDS[kind].reads else {})
    parts |= {"sink": "build"} if KINDS[kind].writes else {}
    parts |= {"refetch": "build"} if KINDS[kind].quoted else {}
    for part, function in parts.items():
        module = importlib.import_module(f"connectors.{kind}.{part}")
        assert next(iter(inspect.signature(getattr(module, function)).parameters)) == "settings"


@pytest.mark.parametrize("kind", KINDS)
def test_its_source_has_the_name_of_its_kind(kind: str) -> None:
    if KINDS[kind].reads:
        module = importlib.import_module(f"connectors.{kind}.source")
        classes = [held for held in vars(module).values() if inspect.isclass(held) and hasattr(held, "pages")]
        assert kind in [getattr(held, "name", "") for held in classes]


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_a_switch_a_page_and_tests(kind: str) -> None:
    assert [setting.default for setting in SETTINGS if setting.name == f"{kind}.enabled"] == [False]
    assert (ROOT / "docs" / f"{kind}.md").is_file()
    assert f"({kind}.md)" in (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert list((ROOT / "tests" / "connectors" / kind).glob("test_*.py"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].writes])
def test_what_writes_can_be_told_not_to(kind: str) -> None:
    assert [setting for setting in SETTINGS if setting.name == f"{kind}.attach"]
