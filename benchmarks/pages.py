"""How long every page and every answer of the API takes on a store of ten million attempts.

    python -m benchmarks.pages                            SQLite; the store takes 6 GB and ten minutes, once
    python -m benchmarks.pages --store postgres           the same in PostgreSQL
    python -m benchmarks.pages --tenants 40               as somebody who may see forty tenants
    python -m benchmarks.pages --only incident --times 50

Every address of the app's map is asked with real names. Beside the time of the whole answer stands the bare query: the
page's own statements, asked by the driver alone in the same moment. Both are measured in one process without a network;
the memory is that of `correlator web`, a process of its own, after all addresses were asked of it by eight at once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

from sqlalchemy import Engine, select

from benchmarks.large_store import made_store
from benchmarks.large_written import SHARE_SECRET, written_about
from benchmarks.page_routes import Address, Known, addresses
from benchmarks.page_timing import Taken, timed
from correlator.settings import load_settings
from correlator.store.database import reading
from correlator.store.schema import findings, incidents
from web.access.actor import Actor, Role
from web.app import create_app
from web.process.garbage import spare_what_stays
from web.shared_links import SECRET

PORT = 8479
BAR_SECONDS = 0.2


def main() -> None:
    arguments = _arguments()
    url = made_store(arguments.store, arguments.attempts)
    app = create_app(load_settings(None, {"CORRELATOR_DATABASE_URL": url, SECRET: SHARE_SECRET}))
    engine: Engine = app.extensions["correlator"].engine
    spare_what_stays()  # as the server does
    known = known_of(engine)
    wanted = [one for one in addresses(app, known) if arguments.only in one.endpoint + one.path]
    with mock.patch("web.access.gate.actor_of_request", return_value=_actor(known, arguments.tenants)):
        found = [_shown(timed(app, one, arguments.times)) for one in wanted]
    _summary(found)
    engine.dispose()
    if not arguments.only:
        _memory(url, wanted)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--tenants", type=int, default=0, help="as somebody who may see so many; 0: all")
    parser.add_argument("--only", default="", help="addresses or endpoints with this in their name")
    return parser.parse_args()


def _actor(known: Known, tenants: int) -> Actor:
    if not tenants:
        return Actor("", Role.ADMIN)
    number = int(known.tenant.removeprefix("tenant-"))
    names = {f"tenant-{one:04d}" for one in range(number, number + tenants)}
    return Actor("viewer", Role.ADMIN, frozenset(names), "token")


def known_of(engine: Engine) -> Known:
    """The systemic finding with the longest document, and an incident of its job."""
    systemic = (findings.c.verdict == "systemic") & findings.c.gone_at.is_(None)
    with reading(engine) as connection:
        rows = connection.execute(select(findings.c.id, findings.c.document).where(systemic)).all()
        document = max((json.loads(row.document) for row in rows), key=lambda one: (len(one["pairs"]), one["id"]))
        of_job = (incidents.c.job == document["job"]) & (incidents.c.tenant == document["tenant"])
        incident = connection.execute(select(incidents.c.incident_id).where(of_job)).scalars().first()
        other = connection.execute(select(incidents.c.incident_id)).scalars().first()
    run_id = f"{document['pairs'][-1]['logical_run_id']}/1"
    chosen = str(incident or other)
    others = written_about(engine, document["id"])
    return Known(document["id"], document["tenant"], document["job"], run_id, chosen, "datadog", others)


def _shown(taken: Taken) -> Taken:
    wall, work, bare = (sorted(one) for one in (taken.wall, taken.work, taken.bare or [0.0]))
    p95 = wall[max(0, round(0.95 * len(wall)) - 1)]
    late = "LATE" if p95 > BAR_SECONDS else ""
    print(
        f"{taken.address.path[:70]:<70} {taken.status} {1000 * statistics.median(wall):7.1f} {1000 * p95:7.1f}"
        f" {1000 * statistics.median(work):7.1f} {1000 * statistics.median(bare):7.1f} {taken.statements:4}"
        f" {taken.bytes / 1000:8.1f} {late}",
        flush=True,
    )
    for step in taken.scans:
        print(f"    {step[:150]}")
    return taken


def _summary(found: Sequence[Taken]) -> None:
    print("address, status, wall p50 and p95, processor p50, bare p50 (ms), statements, kB")
    late = [one for one in found if sorted(one.wall)[max(0, round(0.95 * len(one.wall)) - 1)] > BAR_SECONDS]
    print(f"{len(found)} addresses, {len(late)} above {BAR_SECONDS} s")


# --- memory of the real process ----------------------------------------------------------------------------------


def _memory(url: str, wanted: Sequence[Address]) -> None:
    """Start `correlator web`, ask everything three times by eight at once, and say what it takes."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CORRELATOR_DATABASE_URL": url, SECRET: SHARE_SECRET}
        command = [sys.executable, "-m", "correlator", "web", "--port", str(PORT)]
        with subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL) as server:
            try:
                _wait()
                begin = _status(server.pid, "VmRSS")
                with ThreadPoolExecutor(8) as several:
                    list(several.map(_ask, [one.path for one in wanted] * 3))
                after, most = _status(server.pid, "VmRSS"), _status(server.pid, "VmHWM")
            finally:
                server.terminate()
    print(f"memory of the web process: {begin:.0f} MB at first, {after:.0f} MB afterwards, {most:.0f} MB at most")


def _wait() -> None:
    for _ in range(300):
        try:
            _ask("/healthz")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the pages did not come up")


def _ask(path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}") as answer:
            return len(answer.read())
    except urllib.error.HTTPError as error:
        return len(error.read())


def _status(pid: int, name: str) -> float:
    """A figure of the process in megabytes (Linux only)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
