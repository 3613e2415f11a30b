"""Verifying a bundle, offline: every hash, then the verdict computed again from its history, then every text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from correlator import __version__
from correlator.evidence import pictures
from correlator.evidence.bundle import Analyze, analysis_of, find
from correlator.evidence.contents import Case, derived_files
from correlator.evidence.manifest import read_json, to_json, write_manifest
from correlator.evidence.members import DRAWN, MANIFEST
from correlator.evidence.opening import OpenBundle, errors_named, open_bundle
from correlator.evidence.words import verdict_line
from correlator.model import Finding

CLOSE: Final = 1e-9
ALWAYS: Final = frozenset(
    {"tenant", "job", "verdict", "cause", "root_job", "path", "confidence", "runs", "failed_first", "observed", "pairs"}
)
"""Keys of a finding that no version leaves out."""
PROSE: Final = frozenset({"summary", "notes", "needs", "check", "data"})
"""Keys of a finding, and of its layers, that are words: another version may say the same in others."""


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


def verify_bundle(path: Path, *, redraw: bool = False, analyse: Analyze | None = None) -> VerifyReport:
    """Check hashes, compute the verdict again from `history/`, and make every text again.

    `redraw` also draws the pictures again and compares them, which takes some seconds. Raises BundleError for a file
    that is not an intact bundle.
    """
    with errors_named(path):
        return verify_opened(open_bundle(path), redraw=redraw, analyse=analyse)[0]


def verify_opened(
    bundle: OpenBundle, *, redraw: bool = False, analyse: Analyze | None = None
) -> tuple[VerifyReport, Finding]:
    """The report, and the finding that the history gives."""
    files, manifest = bundle.files, bundle.manifest
    claimed = read_json(files["finding.json"], "finding.json")
    finding = find((analyse or analysis_of(bundle.wanted))(bundle.history, manifest.as_of), bundle.wanted)
    finding = replace(finding, monitors=manifest.provenance.monitors)  # no part of the history: quoted, like sources
    same_program = manifest.program_version == __version__
    computed = finding.to_dict()
    if not same_program:
        claimed, computed = _without_prose(claimed), _without_prose(_as_then(claimed, computed))
    differences = list(_compare(claimed, computed, "finding.json"))
    notes: list[str] = []
    match = bundle.rules.match(finding)
    case = Case(manifest.finding_id, finding, match, bundle.history, manifest.provenance)
    texts = list(_texts(files, case, redraw=redraw))
    made = write_manifest(_listed(files), finding, manifest.finding_id, manifest.provenance, __version__)
    if files[MANIFEST] != made:
        texts.append(f"{MANIFEST} is not what the other files give")
    if same_program:
        differences += texts if not differences else []
    else:
        notes.append(f"made by version {manifest.program_version}, verified by {__version__}: texts were not compared")
    if not redraw:
        notes.append("the pictures were checked by their hashes only; --pictures draws them again")
    if bundle.fault:
        differences.insert(0, f"the zip is not as it was written: {bundle.fault}")
    counts = (len(files), len(bundle.quotes))
    return VerifyReport(manifest.finding_id, verdict_line(finding), *counts, tuple(differences), tuple(notes)), finding


def _listed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name != MANIFEST}


def _texts(files: Mapping[str, bytes], case: Case, *, redraw: bool) -> Iterator[str]:
    """Files that do not come out the same when made again from the history."""
    drawn = {name: files[name] for name in DRAWN if name in files}
    for name, content in derived_files(case, drawn).items():
        if files[name] != content and not (name == "finding.json" and _as_near(files[name], content)):
            yield f"{name} is not what the history gives"
    if redraw:
        again = pictures.vectors(case.specifications) | pictures.pixels(case.specifications)
        for name in sorted(set(again) | set(drawn)):
            if again.get(name) != drawn.get(name):
                yield f"{name} is not what the history gives"


def _as_near(claimed: bytes, computed: bytes) -> bool:
    """Whether they differ in the last digits of numbers alone, as those of another processor may."""
    document, made = read_json(claimed, "finding.json"), json.loads(computed)
    differences = (*_compare(document, made, ""), *_compare(made, document, ""))
    return to_json(document) == claimed and not differences


def _as_then(claimed: Any, computed: dict[str, Any]) -> dict[str, Any]:
    """Without keys that another version did not know; those that every finding has stay."""
    there = claimed if isinstance(claimed, dict) else {}
    return {key: value for key, value in computed.items() if key in there or key in ALWAYS}


def _without_prose(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_prose(item) for key, item in value.items() if key not in PROSE}
    return [_without_prose(item) for item in value] if isinstance(value, list) else value


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
