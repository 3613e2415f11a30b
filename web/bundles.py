"""Bundles for download: made by a short child process (pictures need the heavy libraries), kept by content."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from correlator.errors import CorrelatorError
from correlator.settings import Settings
from web.access import current_actor, note_audit
from web.access.sights import TenantSight, sights
from web.place import Place

LIMIT_SECONDS: Final = 180
KEPT: Final = 20
_REDACTED: Final = "-customer"


def bundle_file(place: Place, finding_id: str, document: Mapping[str, Any]) -> Path:
    """The bundle of this version of the finding, made now unless it is there. Raises CorrelatorError.

    Who may see some tenants alone gets the one that is redacted for a customer, a file of its own: everything of other
    tenants is left out, and what still names one is not handed out.
    """
    seen = current_actor().tenants
    file = cache_folder(place.settings) / f"{finding_id}-{version_of(document)}{'' if seen is None else _REDACTED}.zip"
    with place.bundle_lock:
        if not file.exists():
            make_bundle(place.settings, finding_id, file, redacted=seen is not None)
            forget_old(file.parent)
    if seen is not None:
        refuse_names(file, sights().sight_for(seen))
    note_audit("bundle", finding_id, {"version": version_of(document), "redacted": seen is not None})
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
    folder = Path(tempfile.gettempdir()) / f"correlator-bundles-{os.getuid()}-{store}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise CorrelatorError(f"{folder} belongs to somebody else", hint="set TMPDIR to a folder of your own")
    return folder


def make_bundle(settings: Settings, finding_id: str, file: Path, *, redacted: bool = False) -> None:
    """Run `correlator bundle create` with these settings, and `redact` behind it; the file appears whole or not at
    all."""
    with tempfile.TemporaryDirectory(prefix="making-", dir=file.parent) as folder:
        config, made = Path(folder) / "correlator.yaml", Path(folder) / "bundle.zip"
        config.write_text(json.dumps(_sections(settings)), encoding="utf-8")
        _run(["create", finding_id, "-o", str(made), "--config", str(config)], settings.environment)
        if redacted:
            whole, made = made, Path(folder) / "redacted.zip"
            options = ["--audience", "customer", "-o", str(made), "--config", str(config)]
            _run(["redact", str(whole), *options], settings.environment)
        made.replace(file)


def _sections(settings: Settings) -> dict[str, dict[str, Any]]:
    """The effective settings as the child's file; JSON is YAML too, and no secret is among them."""
    sections: dict[str, dict[str, Any]] = {}
    for name, value, _ in settings.effective():
        section, key = name.split(".", 1)
        sections.setdefault(section, {})[key] = value
    return sections


def _run(arguments: list[str], environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "correlator", "bundle", *arguments]
    known = {**environment, "PATH": environment.get("PATH", os.defpath)}
    try:
        done = subprocess.run(  # noqa: S603 our own program; the only outside word is a checked finding id
            command, env=known, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CorrelatorError(
            f"the bundle was not made within {LIMIT_SECONDS} s",
            hint="try again, or make it with `correlator bundle create`",
        ) from error
    if done.returncode:
        raise CorrelatorError("the bundle could not be made", hint=_last_words(done.stderr))


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith(("error:", "hint:"))]
    return "; ".join(lines[-2:]) or "`correlator bundle create` on the command line says more"


def forget_old(folder: Path) -> None:
    """Keep the newest bundles only."""
    files = sorted(folder.glob("*.zip"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[KEPT:]:
        file.unlink(missing_ok=True)
