"""MANIFEST.json: every file with its size, hash, media type and what it is; and what the packet was made with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from correlator.errors import BundleError
from correlator.evidence.members import MANIFEST, describe, required
from correlator.evidence.provenance import Provenance, Redactions
from correlator.model import Finding

SCHEMA: Final = "incident-correlator/bundle/1"
NOT_REDACTED: Final = (
    "tenant",
    "job",
    "run ids",
    "host",
    "service",
    "error texts",
    "incident and change titles",
    "links",
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a reader needs from the manifest once the files are checked."""

    finding_id: str
    tenant: str
    job: str
    as_of: datetime
    program_version: str
    provenance: Provenance


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def to_json(document: Any) -> bytes:
    """Readable JSON with a newline at the end; same document, same bytes."""
    return (json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False, allow_nan=False) + "\n").encode()


def write_manifest(
    files: Mapping[str, bytes], finding: Finding, finding_id: str, provenance: Provenance, version: str
) -> bytes:
    """The manifest of these files (which do not hold the manifest itself)."""
    return to_json(
        {
            "schema": SCHEMA,
            "finding_id": finding_id,
            "tenant": finding.tenant,
            "job": finding.job,
            "program": {"name": "incident-correlator", "version": version},
            "provenance": provenance.to_dict(),
            "redactions": _redactions(provenance.redactions),
            "files": [_entry(name, files[name]) for name in sorted(files)],
        }
    )


def _redactions(redactions: Redactions | None) -> dict[str, Any]:
    if redactions is None:
        return {"made": [], "not_redacted": list(NOT_REDACTED)}
    lists = {"made": list(redactions.made), "not_redacted": list(redactions.not_redacted)}
    return {"audience": redactions.audience, **lists}


def _redactions_of(document: Mapping[str, Any]) -> Redactions | None:
    if "audience" not in document:
        return None
    made, kept = (tuple(str(text) for text in document[key]) for key in ("made", "not_redacted"))
    return Redactions(str(document["audience"]), made, kept)


def _entry(name: str, content: bytes) -> dict[str, Any]:
    media_type, what = describe(name)
    return {"path": name, "size": len(content), "sha256": sha256(content), "media_type": media_type, "what": what}


def check_manifest(files: Mapping[str, bytes]) -> Manifest:
    """Every file against the manifest, both ways. Raises BundleError that names the first file that is wrong."""
    if MANIFEST not in files:
        raise BundleError(f"there is no {MANIFEST} in it", hint="is this a bundle?")
    document = read_json(files[MANIFEST], MANIFEST)
    try:
        _check_files(document["files"], files)
        return _manifest(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BundleError(f"{MANIFEST} is not a manifest: {type(error).__name__}: {error}") from error


def read_json(content: bytes, name: str) -> Any:
    """JSON from a stranger: bounded depth, no NaN; raises BundleError that names the file."""
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not JSON: {error}") from error


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not a number that JSON knows")


def _check_files(entries: list[dict[str, Any]], files: Mapping[str, bytes]) -> None:
    listed = {entry["path"]: entry for entry in entries}
    if len(listed) != len(entries):
        raise BundleError(f"{MANIFEST} lists a file twice")
    present = set(files) - {MANIFEST}
    for name in sorted(present ^ set(listed), key=str):
        where = f"lies in it, and {MANIFEST} does not list it" if name in present else "is listed and not in it"
        raise BundleError(f"{str(name)[:120]!r} {where}")
    for name in sorted(required() - set(files)):
        raise BundleError(f"{name} is missing; every bundle holds it")
    for name, entry in sorted(listed.items()):
        if entry["size"] != len(files[name]) or entry["sha256"] != sha256(files[name]):
            raise BundleError(f"{name} is not the file that {MANIFEST} lists: its size or sha256 differs")


def _manifest(document: Mapping[str, Any]) -> Manifest:
    if document["schema"] != SCHEMA:
        raise BundleError(
            f"this bundle is of schema {document['schema']!r}, this program reads {SCHEMA!r}",
            hint="use the program version that wrote it",
        )
    provenance = Provenance.from_dict(document["provenance"], _redactions_of(document.get("redactions", {})))
    texts = {key: document[key] for key in ("finding_id", "tenant", "job")}
    version = document["program"]["version"]
    if not all(isinstance(text, str) for text in (*texts.values(), version)):
        raise BundleError(f"{MANIFEST} is not a manifest: ids and names must be texts")
    if provenance.as_of.tzinfo is None:
        raise BundleError(f"{MANIFEST} is not a manifest: as_of has no offset from UTC")
    return Manifest(**texts, as_of=provenance.as_of, program_version=version, provenance=provenance)
