"""The web process starts small: without the numerical libraries, which cost seconds and hundreds of megabytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("pandas", "numpy", "scipy", "altair", "pyarrow", "vl_convert", "datadog_api_client", "pdpyras")
PROGRAM = """
import sys
from pathlib import Path
from tests.web.factory import settings_for
from web.app import create_app
import web.server
client = create_app(settings_for(Path(sys.argv[1]))).test_client()
for path in ("/", "/check?q=run-1", "/reports", "/asks", "/sources", "/api/v1/findings", "/readyz", "/metrics"):
    client.get(path)
print([name for name in sys.argv[2:] if name in sys.modules])
"""


def test_heavy_libraries_are_not_imported(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), *HEAVY], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
