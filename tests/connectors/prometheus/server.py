"""A real Prometheus on loopback over a store filled by promtool."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests


def installed() -> bool:
    return shutil.which("prometheus") is not None and shutil.which("promtool") is not None


@contextmanager
def serving(folder: Path, openmetrics: str) -> Iterator[str]:
    """The address of a server that holds these samples."""
    samples, store, config = folder / "samples.om", folder / "store", folder / "prometheus.yml"
    samples.write_text(openmetrics, encoding="utf-8")
    config.write_text("global: {scrape_interval: 1h}\n", encoding="utf-8")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(samples), str(store)]
    subprocess.run(command, check=True, capture_output=True)
    port = _free_port()
    options = [
        f"--config.file={config}",
        f"--storage.tsdb.path={store}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.max-samples=4000",
        "--log.level=error",
    ]
    process = subprocess.Popen(["prometheus", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/-/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"prometheus ended with {process.returncode}")
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise RuntimeError("prometheus did not get ready")
