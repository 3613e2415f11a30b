"""Specifications into SVG and PNG, in a process of its own.

A fresh process makes the bytes the same every time (the renderer counts its clip ids for as long as it lives) and
gives back the few hundred megabytes it takes. `python -m correlator.evidence.render` reads
`{"name": {"specification": ..., "pixels": bool}}` as JSON on standard input and writes files by name, in base64.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Collection
from typing import Any, Final

from correlator.errors import CorrelatorError

SCALE: Final = 1.5
LIMIT_SECONDS: Final = 120
VEGA_LITE: Final = "6.1"


def draw(specifications: dict[str, dict[str, Any]], pixels: Collection[str] = ()) -> dict[str, bytes]:
    """`name.svg` for each specification, and `name.png` for those named in `pixels`.

    Raises CorrelatorError when the renderer does not answer.
    """
    if not specifications:
        return {}
    asked = {name: {"specification": one, "pixels": name in pixels} for name, one in specifications.items()}
    command = [sys.executable, "-m", "correlator.evidence.render"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell, nothing foreign in the arguments
            command, input=json.dumps(asked).encode(), capture_output=True, timeout=LIMIT_SECONDS, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise CorrelatorError(f"drawing the pictures took longer than {LIMIT_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CorrelatorError(f"the pictures could not be drawn: {' '.join(last)}") from error
    answer = json.loads(done.stdout)
    return {name: base64.b64decode(text) for name, text in answer.items()}


def render(name: str, specification: dict[str, Any], *, pixels: bool) -> dict[str, bytes]:
    """The files of one specification, made in this process; asks no network."""
    import vl_convert

    text = json.dumps(specification)
    made = {f"{name}.svg": vl_convert.vegalite_to_svg(text, vl_version=VEGA_LITE, allowed_base_urls=[]).encode()}
    if pixels:
        made[f"{name}.png"] = vl_convert.vegalite_to_png(text, vl_version=VEGA_LITE, scale=SCALE, allowed_base_urls=[])
    return made


def main() -> None:
    """The process's own entry: JSON in, JSON out."""
    answer: dict[str, str] = {}
    for name, asked in json.load(sys.stdin).items():
        for file, content in render(name, asked["specification"], pixels=asked["pixels"]).items():
            answer[file] = base64.b64encode(content).decode("ascii")
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
