"""What stands in no file, and how long a file may be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.frame.tree import ROOT, text_of, tracked

LONGEST_LINES = 400
# written so that this file does not hold what it looks for
UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X)\b|raise N[o]tImplementedError|pytest\.mark\.(s[k]ip|x[f]ail)")
MACHINE = re.compile(r"(?:^|[^.\w])/(?:work|farm|root|home/\w+)/")
REGISTRIES = re.compile(r"--(?:extra-)?i[n]dex-url|--f[i]nd-links|\"resolved\": *\"http|p[y]pi\.org|p[y]thonhosted")
KEYS = re.compile(
    r"-----BEGIN [A-Z ]*P[R]IVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abp]-[0-9A-Za-z-]{20,}"
)
EMAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
PLAIN_DOMAINS = re.compile(
    r"127\.0\.0\.1|(?:.*\.)?example(?:\.com|\.org|\.net)?$|.*\.(?:example|invalid|test|localhost)$"
)


@pytest.mark.parametrize("pattern", ["*.py", "*.js"])
def test_a_file_holds_one_idea(pattern: str) -> None:
    long = {str(path.relative_to(ROOT)): n for path in tracked(pattern) if (n := _lines(path)) > LONGEST_LINES}
    assert not long


@pytest.mark.parametrize("banned", [MACHINE, REGISTRIES, KEYS], ids=["machine", "registries", "keys"])
def test_nothing_of_a_machine_or_a_person_is_in_the_tree(banned: re.Pattern[str]) -> None:
    assert _found(banned, tracked()) == []


def test_nothing_is_left_unfinished() -> None:
    assert _found(UNFINISHED, (*tracked("*.py"), *tracked("*.js"))) == []


def test_mail_addresses_are_of_nobody() -> None:
    found = {
        match.group()
        for path in tracked()
        for match in EMAIL.finditer(text_of(path) or "")
        if not PLAIN_DOMAINS.fullmatch(match.group(1))
    }
    assert not found


@pytest.mark.parametrize("name", ["run", "dev"])
def test_a_lock_has_hashes_and_names_no_host(name: str) -> None:
    lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9][\w.\[\]-]*==\S+.*?(?=^[a-z0-9]|\Z)", lock, re.MULTILINE | re.DOTALL)
    assert len(packages) > 30
    assert [package.splitlines()[0] for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in lock


def test_the_run_lock_is_part_of_the_dev_lock() -> None:
    pinned = [
        set(re.findall(r"^([a-z0-9][\w.\[\]-]*==[^\s;]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("run.txt", "dev.txt")
    ]
    assert pinned[0] <= pinned[1]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _found(banned: re.Pattern[str], paths: tuple[Path, ...]) -> list[str]:
    """`file:line: text` of each hit."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        if path.suffix != ".svg" and path.name != "LICENSE"
        for number, line in enumerate((text_of(path) or "").splitlines(), 1)
        if banned.search(line)
    ]
