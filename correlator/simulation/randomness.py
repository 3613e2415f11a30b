"""Random numbers by name: what happens in one run never depends on how much was drawn before it.

Every part of a story asks for a generator under its own name (tenant, job, due time). So the same seed gives the same
history in every process, and a history that ends later begins the same way.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """The generator of this name; the same arguments give the same numbers.

    >>> float(stream(1, "a").random()) == float(stream(1, "a").random()) != float(stream(1, "b").random())
    True
    """
    key = "\0".join([str(seed), *map(str, names)]).encode()
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(key, digest_size=16).digest(), "big"))
