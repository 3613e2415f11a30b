"""The process that holds Vega (inside vl-convert) for as long as one answer takes; `rendering` asks it.

`python -m correlator.evidence.render png` reads a specification on standard input and writes the picture; `... script`
writes the ES module for browsers. Asks no network.
"""

from __future__ import annotations

import sys
from typing import Final

import vl_convert

from correlator.evidence.rendering import VEGA_LITE

SCALE: Final = 1.5
SNIPPET: Final = "export { vegaEmbed };"


def main() -> None:
    if sys.argv[1] == "script":
        made = vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE).encode()
    else:
        asked = sys.stdin.read()
        made = vl_convert.vegalite_to_png(asked, vl_version=VEGA_LITE, scale=SCALE, allowed_base_urls=[])
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
