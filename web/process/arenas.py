"""Memory that threads leave behind: glibc gives each its own heap, and hardly returns any of it."""

from __future__ import annotations

import ctypes
from typing import Final

_M_ARENA_MAX: Final = -8  # <malloc.h>
_HEAPS: Final = 2


def keep_few_heaps() -> None:
    """Let all threads share two heaps, which spares the pages 20 MB; other C libraries have no such wish to be told."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _HEAPS)
