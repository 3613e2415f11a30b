"""Asking for what needs Vega itself: pixels, and the script that pages draw with.

`correlator.evidence.render` answers in a short process of its own, which gives back the few hundred megabytes that it
takes; its bytes are the same every time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

from correlator.errors import CorrelatorError

LIMIT_SECONDS: Final = 120
VEGA_LITE: Final = "6.1"


def to_png(specification: dict[str, Any]) -> bytes:
    """The picture in pixels. Raises CorrelatorError when the renderer does not answer."""
    return _child("png", json.dumps(specification).encode(), "the pictures could not be drawn")


def browser_script() -> bytes:
    """Vega, Vega-Lite and vega-embed as one ES module that exports `vegaEmbed`. Raises CorrelatorError likewise."""
    return _child("script", b"", "the script for charts could not be made")


def _child(what: str, given: bytes, trouble: str) -> bytes:
    command = [sys.executable, "-m", "correlator.evidence.render", what]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell, nothing foreign in the arguments
            command, input=given, capture_output=True, timeout=LIMIT_SECONDS, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise CorrelatorError(f"{trouble}: it took longer than {LIMIT_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CorrelatorError(f"{trouble}: {' '.join(last)}") from error
    return done.stdout
