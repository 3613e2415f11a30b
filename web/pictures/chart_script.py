"""The script that makes pictures interactive: made once by a short child process, kept on disk, served by ourselves.

Nothing of it is in the repository, and no other site is asked: it comes out of a package that is installed anyway
(`correlator.evidence.rendering`). It is named by its hash, so that browsers may keep it for as long as they like.
"""

from __future__ import annotations

import hashlib
import os
import threading
from importlib.metadata import version
from pathlib import Path

import structlog

from correlator.errors import CorrelatorError
from correlator.evidence.rendering import VEGA_LITE, browser_script
from web.bundles import own_folder

_making = threading.Lock()


def script_file() -> Path:
    """The file, made now unless it is there. Raises CorrelatorError when it can't be made."""
    file = _place()
    with _making:
        if not file.exists():
            made = browser_script()
            begun = file.with_suffix(f".{threading.get_ident()}")
            begun.write_bytes(made)
            begun.replace(file)
    return file


def script_name() -> str | None:
    """The first sixteen digits of its SHA-256; None while it is not made."""
    file = _place()
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file.exists() else None


def make_in_background() -> None:
    """Begin to make it, for the first one who looks at a picture."""

    def make() -> None:
        try:
            script_file()
        except (CorrelatorError, OSError) as error:  # pages say so themselves, and keep their pictures
            structlog.get_logger("web").warning("no script for charts", error=str(error))

    if not _place().exists():
        threading.Thread(target=make, name="chart-script", daemon=True).start()


def _place() -> Path:
    made_by = f"{version('vl-convert-python')}-{VEGA_LITE}"
    return own_folder(f"correlator-charts-{os.getuid()}") / f"{made_by}.js"
