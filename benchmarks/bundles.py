"""How long the bundle of a long finding takes, and a thousand mutated bundles.

    python -m benchmarks.bundles            # both
    python -m benchmarks.bundles --profile  # where the time goes
    python -m benchmarks.bundles --mutations 1000 --seed 1

A finding of 10,000 runs: hourly runs of one job over fourteen months, with the jobs it stands on. Drawing pixels is
shown apart: it happens in a process of its own, beside the rest, whatever the length of the history.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import pstats
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from correlator.engine import analyze
from correlator.errors import BundleError
from correlator.evidence.archive import archive_bytes
from correlator.evidence.bundle import Wanted, bundle_files, create_bundle
from correlator.evidence.provenance import Provenance
from correlator.evidence.verify import verify_bundle
from correlator.model import Analysis, Finding
from correlator.simulation.stories import write_story
from correlator.tables.frames import Tables
from correlator.tables.reading import read_folder
from rules import load_rules

STORY, DAYS = "upstream-timeout", 420
TURNS = 3
FINDING = "F-ABCDEFGHIJ"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        long_bundle(folder, asked.days, profile=asked.profile)
        mutate(folder, asked.mutations, random.Random(asked.seed))


def long_bundle(folder: Path, days: int, *, profile: bool) -> None:
    """Make and verify the bundle of the job with the most runs."""
    tables, finding, as_of = _history(folder / "long", days)
    path = folder / "long.zip"
    wanted, rules = Wanted(FINDING, finding.tenant, finding.job), load_rules()

    def create() -> None:
        create_bundle(path, wanted, tables, rules, Provenance(as_of=as_of))

    with _profiled(profile):
        spent = [_spent(create) for _ in range(1 if profile else TURNS)]
    print(f"{finding.job}: {finding.runs:,} runs, {len(finding.pairs):,} pairs; {len(tables.runs):,} attempts in all")
    print(f"bundle: {_told(spent)}; {path.stat().st_size:,} bytes, sha256 {sha256(path.read_bytes()).hexdigest()}")
    print(f"  besides, drawing pixels in a process of its own: {_range([one.children for one in spent])} of processor")
    print(f"verify: {_told([_spent(lambda: _same(path)) for _ in range(TURNS)])}")
    needed = "import correlator.engine.analysis, correlator.evidence.from_store, rules"
    loading = [_spent(lambda: subprocess.run([sys.executable, "-c", needed], check=True)) for _ in range(TURNS)]
    print(f"loading what either needs, once a process: {_range([one.children for one in loading])} of processor")


def _same(path: Path) -> None:
    assert verify_bundle(path).same


class _Spent(NamedTuple):
    """Seconds: by the clock, of this process's processor time, and of that of the processes it started."""

    clock: float
    own: float
    children: float


def _spent(work: Callable[[], object]) -> _Spent:
    before, began, worked = _of_children(), time.perf_counter(), time.process_time()
    work()
    return _Spent(time.perf_counter() - began, time.process_time() - worked, _of_children() - before)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _told(spent: list[_Spent]) -> str:
    return f"{_range([one.own for one in spent])} of processor, {_range([one.clock for one in spent])} by the clock"


def _range(seconds: list[float]) -> str:
    """The least and the most: what else the machine does shows in the most."""
    return f"{min(seconds):.1f} to {max(seconds):.1f} s"


def _history(folder: Path, days: int) -> tuple[Tables, Finding, datetime]:
    write_story(STORY, 7, folder, datetime(2026, 4, 1, tzinfo=UTC), days=days)
    tables = read_folder(folder)
    analysis = analyze(tables)
    return tables, max(analysis.findings, key=lambda one: (len(one.pairs), one.runs)), analysis.as_of


@contextmanager
def _profiled(wanted: bool) -> Any:
    if not wanted:
        yield
        return
    with cProfile.Profile() as profile:
        yield
    pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


def mutate(folder: Path, count: int, chance: random.Random) -> None:
    """Verify so many mutations of one bundle: each is refused in words or differs, and nothing is written."""
    tables, finding, as_of = _history(folder / "short", 14)
    files, _ = bundle_files(Wanted(FINDING, finding.tenant, finding.job), tables, load_rules(), Provenance(as_of=as_of))
    content, known = archive_bytes(files), analyze(tables, as_of)
    place = folder / "mutated"
    place.mkdir()
    said: Counter[str] = Counter()
    longest = 0.0
    for number in range(count):
        path = place / "mutated.zip"
        path.write_bytes(chance.choice((_bytes, _member, _frame))(content, files, chance))
        before, began = _everything(folder), time.perf_counter()
        said[_verified(path, known)] += 1
        longest = max(longest, time.perf_counter() - began)
        assert _everything(folder) == before, f"mutation {number} wrote something"
    print(f"{count:,} mutated bundles: {dict(said)}; the longest took {longest:.1f} s, nothing was written")


def _verified(path: Path, known: Analysis) -> str:
    """What came of it. The engine's part is played by the analysis of the untouched history."""
    try:
        report = verify_bundle(path, analyse=lambda tables, as_of: known)
    except BundleError:
        return "refused"
    return "same" if report.same else "differs"


def _everything(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def _bytes(content: bytes, _: dict[str, bytes], chance: random.Random) -> bytes:
    """Some bytes are others, or the end is missing."""
    changed = bytearray(content)
    for _turn in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.2 else changed)


def _member(_: bytes, files: dict[str, bytes], chance: random.Random) -> bytes:
    """One member holds other bytes, in a zip that is intact."""
    name = chance.choice(sorted(files))
    changed = bytearray(files[name] or b"x")
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return archive_bytes({**files, name: bytes(changed)})


def _frame(_: bytes, files: dict[str, bytes], chance: random.Random) -> bytes:
    """A zip with a member too many, too few, twice, or of a name that leads elsewhere."""
    evil = chance.choice(("../evil", "/tmp/evil", "history/../../evil", "evil.py", "packet.md", "C:\\evil", "a" * 300))
    kept = {name: text for name, text in files.items() if chance.random() > 0.05}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings(action="ignore"):
        for name, text in [*kept.items(), (evil, b"x")]:
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


if __name__ == "__main__":
    main()
