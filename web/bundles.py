"""Bundles for download: made by a short child process (pictures need the heavy libraries), kept by content."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from correlator.errors import CorrelatorError
from correlator.settings import Settings
from web.access import current_actor, note_audit
from web.access.restricted_stores import TenantSight, restricted_stores
from web.context import Context
from web.process.children import a_turn, run_own

LIMIT_SECONDS: Final = 180
KEPT: Final = 20
_REDACTED: Final = "-customer"


def bundle_file(context: Context, finding_id: str, document: Mapping[str, Any]) -> Path:
    """The bundle of this version of the finding, to be handed out: that is noted. Raises CorrelatorError."""
    file, seen = bundle_made(context, finding_id, document), current_actor().tenants
    if seen is not None:
        refuse_names(file, restricted_stores().sight_for(seen))
    note_audit("bundle", finding_id, {"version": version_of(document), "redacted": seen is not None})
    return file


def bundle_made(context: Context, finding_id: str, document: Mapping[str, Any]) -> Path:
    """The bundle of this version of the finding, made now unless it is there. Raises CorrelatorError.

    Who may see some tenants alone gets the one that is redacted for a customer, a file of its own: everything of other
    tenants is left out.
    """
    redacted = current_actor().tenants is not None
    file = cache_folder(context.settings) / f"{finding_id}-{version_of(document)}{_REDACTED if redacted else ''}.zip"
    if not file.exists():
        with a_turn(), context.bundle_lock:
            if not file.exists():  # nobody made it while we waited
                make_bundle(context.settings, finding_id, file, redacted=redacted)
                forget_old(file.parent)
    return file


def refuse_names(file: Path, sight: TenantSight) -> None:
    """Raise CorrelatorError where a text in the bundle names a tenant that may not be seen."""
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8", "ignore")
            if sight.names_others(f"{name}\n{text}"):
                raise CorrelatorError(
                    "the bundle cannot be made fit for you: it names tenants that you may not see",
                    hint="ask somebody who may see all tenants for a redacted one",
                )


def version_of(document: Mapping[str, Any]) -> str:
    """Sixteen hex digits that change when anything said in the finding changes."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cache_folder(settings: Settings) -> Path:
    """A folder of this user and this store, readable by nobody else."""
    store = hashlib.sha256(f"{Path.cwd()}\0{settings['database.url']}".encode()).hexdigest()[:12]
    return own_folder(f"correlator-bundles-{os.getuid()}-{store}")


def own_folder(name: str) -> Path:
    """A temporary folder of this name, readable by nobody else. Raises CorrelatorError where it is somebody else's."""
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise CorrelatorError(f"{folder} belongs to somebody else", hint="set TMPDIR to a folder of your own")
    return folder


def make_bundle(settings: Settings, finding_id: str, file: Path, *, redacted: bool = False) -> None:
    """Run `correlator bundle create` with these settings, and `redact` behind it; the file appears whole or not at
    all."""
    with tempfile.TemporaryDirectory(prefix="making-", dir=file.parent) as folder:
        made = Path(folder) / "bundle.zip"
        _run(settings, ["create", finding_id, "-o", str(made), "--noted"])
        if redacted:
            whole, made = made, Path(folder) / "redacted.zip"
            _run(settings, ["redact", str(whole), "--audience", "customer", "-o", str(made)])
        made.replace(file)


def _run(settings: Settings, arguments: list[str]) -> None:
    done = run_own(settings, ["bundle", *arguments], LIMIT_SECONDS)
    if done.status:
        hint = done.last_words or "`correlator bundle create` on the command line says more"
        raise CorrelatorError("the bundle could not be made", hint=hint)


def forget_old(folder: Path) -> None:
    """Keep the newest bundles only."""
    files = sorted(folder.glob("*.zip"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[KEPT:]:
        file.unlink(missing_ok=True)
