"""What is built: a wheel with all four packages and everything they read, and a distribution that says so."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.frame.tree import PACKAGES, ROOT, tracked

LEFT_OUT = {".pyc"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built offline with the hatchling of the lock."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_of_the_packages_is_in_it(names: set[str]) -> None:
    """Templates, style sheets, built-in rules and migrations are read at run time: none may stay behind."""
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in tracked(package)
        if path.suffix not in LEFT_OUT
    }
    assert wanted - names == set()


def test_nothing_else_is_in_it(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_what_is_read_at_run_time_is_there(names: set[str]) -> None:
    for start, end in [
        ("web/templates/", ".html"),
        ("web/static/", ".css"),
        ("rules/", ".yaml"),
        ("correlator/store/migrations/", ".py"),
        ("correlator/", "py.typed"),
    ]:
        assert any(name.startswith(start) and name.endswith(end) for name in names), (start, end)


def test_it_says_that_it_is_not_for_the_public_index(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA"))).decode()
    metadata = HeaderParser().parsestr(text)
    assert metadata["Name"] == "incident-correlator"
    assert "Private :: Do Not Upload" in (metadata.get_all("Classifier") or [])


def test_all_four_packages_come_from_this_distribution(wheel: Path, tmp_path: Path) -> None:
    """Other packages named `web` or `rules` would overwrite ours in a shared environment without a word."""
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    script = (
        "import importlib.metadata as m, json; d = m.packages_distributions();"
        f"print(json.dumps({{k: d.get(k) for k in {PACKAGES!r}}}))"
    )
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(target)!r}); {script}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert json.loads(said) == {package: ["incident-correlator"] for package in PACKAGES}


_OFFLINE = """
import sys
def no_network(event, given):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise RuntimeError(f"{event}: {given}")
sys.addaudithook(no_network)
import correlator
from correlator.cli import main
print(correlator.__file__, file=sys.stderr)
main()
"""


def test_what_is_installed_elsewhere_verifies_a_bundle_of_an_earlier_version_without_network(
    wheel: Path, tmp_path: Path
) -> None:
    """In an empty folder, with nothing of this tree but the wheel: no settings, no store, no address asked for."""
    target, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    bundle = ROOT / "tests" / "evidence" / "bundles" / "made-by-0.0.9.zip"
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE, "bundle", "verify", str(bundle)],
        cwd=empty, env={"PYTHONPATH": str(target), "HOME": str(empty)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "same\n"), done.stderr
    assert str(target / "correlator" / "__init__.py") in done.stderr
    assert list(empty.iterdir()) == []


def test_here_all_four_packages_come_from_this_tree() -> None:
    for package in PACKAGES:
        module = __import__(package)
        assert module.__file__ == str(ROOT / package / "__init__.py")
