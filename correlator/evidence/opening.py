"""A bundle opened: every hash checked, its history and its rule read. Nothing is computed yet.

The bundle is a stranger's. Nothing of it is unpacked by its own names, run, or asked for over the network; the
history is read in a temporary folder under names of ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from correlator.errors import BundleError, CorrelatorError, InputError
from correlator.evidence.archive import read_archive
from correlator.evidence.bundle import Wanted
from correlator.evidence.framing import framing_fault
from correlator.evidence.manifest import Manifest, check_manifest
from correlator.evidence.members import HISTORY
from correlator.evidence.quotes import Quote, read_quotes
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder
from correlator.yaml_reader import check_plain
from rules.loader import load_text
from rules.matching import RuleSet

MOST_YAML_BYTES: Final = 2**20


@dataclass(frozen=True)
class OpenBundle:
    """What lies in a bundle whose hashes are right."""

    files: Mapping[str, bytes]
    manifest: Manifest
    history: Tables
    rules: RuleSet
    quotes: tuple[Quote, ...]
    fault: str = ""
    """Where the zip around the files is not as it was written."""

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.manifest.finding_id, self.manifest.tenant, self.manifest.job)


@contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Whatever a stranger's bundle breaks inside is a BundleError that names the file."""
    try:
        yield
    except BundleError as error:
        named = str(path) in error.message
        raise BundleError(error.message if named else f"{path}: {error.message}", hint=error.hint) from error
    except CorrelatorError as error:
        raise BundleError(f"{path}: cannot be verified: {error.message}", hint=error.hint) from error
    except Exception as error:
        # A stranger's history can hold values no reader foresaw. Whatever they break, the answer is the same.
        raise BundleError(f"{path}: its content cannot be analysed: {type(error).__name__}: {error}") from error


def open_bundle(path: Path) -> OpenBundle:
    """Read and check. Raises BundleError for a file that is not an intact bundle; call it inside `errors_named`."""
    files = read_archive(path)
    manifest = check_manifest(files)
    quotes = read_quotes(files)
    rules = _rules(files["rule.yaml"])
    return OpenBundle(files, manifest, _history(files), rules, quotes, framing_fault(path.read_bytes()))


def _rules(content: bytes) -> RuleSet:
    text = _plain_yaml(content, "rule.yaml")
    rules = load_text(Path("rule.yaml"), text)
    if len(rules.rules) != 1:
        raise BundleError("rule.yaml holds not exactly one rule")
    return rules


def _plain_yaml(content: bytes, name: str) -> str:
    """YAML without aliases and of bounded depth."""
    if len(content) > MOST_YAML_BYTES:
        raise BundleError(f"{name} is larger than {MOST_YAML_BYTES:,} bytes")
    try:
        text = content.decode("utf-8")
        check_plain(name, text, deepest=20, aliases=False)
    except InputError as error:
        raise BundleError(error.message) from error
    except UnicodeDecodeError as error:
        raise BundleError(f"{name} is not UTF-8: {error}") from error
    return text


def _history(files: Mapping[str, bytes]) -> Tables:
    _plain_yaml(files["history/dependencies.yaml"], "history/dependencies.yaml")
    with tempfile.TemporaryDirectory(prefix="correlator-verify-") as place:
        for name in HISTORY:
            (Path(place) / name).write_bytes(files[f"history/{name}"])
        tables = read_folder(Path(place))
    if tables.rejected:
        first = tables.rejected[0]
        raise BundleError(f"history/{Path(first.file).name}, line {first.line}: {first.reason}")
    return tables
