"""Lint catches every mutation of the built-in files: what they say is held by their own examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from correlator.errors import RulesError
from rules.examples import run_examples
from rules.loader import BUILTIN, load_text
from tests.rules.mutations import mutants

FILES = sorted(BUILTIN.glob("*.yaml"))


class _Plain(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _caught(document: dict[str, Any]) -> bool:
    text = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True)
    try:
        return bool(run_examples(load_text(Path("mutant.yaml"), text)))
    except RulesError as error:
        return error.message.startswith("mutant.yaml, line ")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_lint_catches_every_mutation(file: Path) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert not _caught(document)
    made = list(mutants(document))
    assert [name for name, mutant in made if not _caught(mutant)] == []
    assert len(made) > 20 * len(document["rules"])
