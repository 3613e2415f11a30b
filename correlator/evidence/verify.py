"""Verifying a bundle, offline: every hash, then the verdict computed again from its history, then every text.

The bundle is a stranger's. Nothing of it is unpacked by its own names, run, or asked for over the network; the
history is read in a temporary folder under names of ours.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from correlator import __version__
from correlator.engine import analyze
from correlator.errors import BundleError, CorrelatorError
from correlator.evidence import pictures
from correlator.evidence.archive import read_archive
from correlator.evidence.bundle import Analyze, Wanted, find
from correlator.evidence.contents import Case, derived_files
from correlator.evidence.manifest import check_manifest, read_json
from correlator.evidence.members import HISTORY
from correlator.evidence.quotes import check_quotes
from correlator.evidence.words import verdict_line
from correlator.tables.frames import Tables, to_micros
from correlator.tables.reading import read_folder
from rules.loader import load_text
from rules.matching import RuleSet

CLOSE: Final = 1e-9
DRAWN: Final = ("timeline.svg", "timeline.png", "metrics.svg")
MOST_YAML_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What verifying found. `same` is False when the verdict or a text does not follow from the history."""

    finding_id: str
    verdict: str
    files: int
    quotes: int
    differences: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differences


def verify_bundle(path: Path, *, redraw: bool = False, analyse: Analyze = analyze) -> VerifyReport:
    """Check hashes, compute the verdict again from `history/`, and make every text again.

    `redraw` also draws the pictures again and compares them, which takes some seconds. Raises BundleError for a file
    that is not an intact bundle.
    """
    files = read_archive(path)
    try:
        return _verify(files, redraw=redraw, analyse=analyse)
    except BundleError as error:
        raise BundleError(f"{path}: {error.message}", hint=error.hint) from error
    except CorrelatorError as error:
        raise BundleError(f"{path}: cannot be verified: {error.message}", hint=error.hint) from error
    except Exception as error:
        # A stranger's history can hold values no reader foresaw. Whatever they break, the answer is the same.
        raise BundleError(f"{path}: its content cannot be analysed: {type(error).__name__}: {error}") from error


def _verify(files: Mapping[str, bytes], *, redraw: bool, analyse: Analyze) -> VerifyReport:
    manifest = check_manifest(files)
    quotes = check_quotes(files)
    claimed = read_json(files["finding.json"], "finding.json")
    rules = _rules(files["rule.yaml"])
    history = _history(files)
    wanted = Wanted(manifest.finding_id, manifest.tenant, manifest.job)
    finding = find(analyse(history, manifest.as_of), wanted)
    differences = list(_compare(claimed, finding.to_dict(), "finding.json"))
    notes: list[str] = []
    case = Case(manifest.finding_id, finding, rules.match(finding), history, manifest.provenance)
    texts = list(_texts(files, case, redraw=redraw))
    if manifest.program_version == __version__:
        differences += texts if not differences else []
    else:
        notes.append(f"made by version {manifest.program_version}, verified by {__version__}: texts were not compared")
    if not redraw:
        notes.append("the pictures were checked by their hashes only; --pictures draws them again")
    return VerifyReport(
        manifest.finding_id, verdict_line(finding), len(files), quotes, tuple(differences), tuple(notes)
    )


def _rules(content: bytes) -> RuleSet:
    text = _plain_yaml(content, "rule.yaml")
    rules = load_text(Path("rule.yaml"), text)
    if len(rules.rules) != 1:
        raise BundleError("rule.yaml holds not exactly one rule")
    return rules


def _plain_yaml(content: bytes, name: str) -> str:
    """YAML without aliases (a few of which can stand for gigabytes) and of bounded depth."""
    if len(content) > MOST_YAML_BYTES:
        raise BundleError(f"{name} is larger than {MOST_YAML_BYTES:,} bytes")
    try:
        text = content.decode("utf-8")
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > 20:
                raise BundleError(f"{name} holds aliases, or is nested too deep")
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError(f"{name} is not YAML: {error}") from error
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


def _texts(files: Mapping[str, bytes], case: Case, *, redraw: bool) -> Iterator[str]:
    """Files that do not come out the same when made again from the history."""
    drawn = {name: files[name] for name in DRAWN if name in files}
    for name, content in derived_files(case, drawn).items():
        if files[name] != content:
            yield f"{name} is not what the history gives"
    if redraw:
        again = pictures.files(case.history, case.finding, to_micros(case.provenance.as_of))
        for name in sorted(set(again) | set(drawn)):
            if again.get(name) != drawn.get(name):
                yield f"{name} is not what the history gives"


def _compare(claimed: Any, computed: Any, where: str) -> Iterator[str]:
    """Every place where the finding in the bundle is not the one computed; keys it alone has are left to `_texts`."""
    if isinstance(computed, dict) and isinstance(claimed, dict):
        for key, value in computed.items():
            yield from _compare(
                claimed.get(key), value, f"{where}: {key}" if where == "finding.json" else f"{where}.{key}"
            )
    elif isinstance(computed, list) and isinstance(claimed, list) and len(computed) == len(claimed):
        for number, (left, right) in enumerate(zip(claimed, computed, strict=True), 1):
            yield from _compare(left, right, f"{where}[{number}]")
    elif not _equal(claimed, computed):
        yield f"{where} says {_short(claimed)}, the history gives {_short(computed)}"


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=CLOSE, abs_tol=1e-300)
    return type(left) is type(right) and bool(left == right)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} entries"
    text = repr(value)
    return text if len(text) < 80 else text[:79] + "…"
