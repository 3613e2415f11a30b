"""A bundle from a stranger: whatever is wrong with it, the answer is an error in words, and nothing is written."""

from __future__ import annotations

import io
import json
import re
import stat
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.cli.bundle import bundle as command
from correlator.errors import BundleError
from correlator.evidence import archive
from correlator.evidence.archive import archive_bytes, read_archive
from correlator.evidence.manifest import sha256, to_json
from correlator.evidence.opening import open_bundle
from correlator.evidence.verify import verify_bundle
from correlator.model import Analysis

Files = dict[str, bytes]


@pytest.fixture
def files(bundle: Path) -> Files:
    return read_archive(bundle)


def _sealed(files: Files, tmp_path: Path) -> Path:
    """A bundle of these files whose manifest agrees with them, as a forger would make it."""
    document = json.loads(files["MANIFEST.json"])
    listed = {entry["path"]: entry for entry in document["files"]}
    document["files"] = [
        {**listed.get(name, {"path": name}), "size": len(content), "sha256": sha256(content)}
        for name, content in sorted(files.items())
        if name != "MANIFEST.json"
    ]
    return _zip({**files, "MANIFEST.json": to_json(document)}, tmp_path)


def _zip(files: Files, tmp_path: Path) -> Path:
    path = tmp_path / "forged.zip"
    path.write_bytes(archive_bytes(files))
    return path


def _refusal(path: Path) -> str:
    """What verifying says against this bundle, "" when it says nothing or not about which file."""
    try:
        report = verify_bundle(path)
    except BundleError as error:
        return error.message if str(path) in error.message else ""
    return "; ".join(report.differences)


def _manifest(files: Files, change: Callable[[dict[str, Any]], None]) -> Files:
    document = json.loads(files["MANIFEST.json"])
    change(document)
    return {**files, "MANIFEST.json": json.dumps(document).encode()}


def _raw(tmp_path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in members:
            writer.writestr(name, content)
    path = tmp_path / "raw.zip"
    path.write_bytes(out.getvalue())
    return path


def test_a_forged_verdict_differs_even_when_every_hash_is_right(files: Files, tmp_path: Path) -> None:
    forged = json.loads(files["finding.json"])
    forged["verdict"], forged["confidence"] = "transient", 0.99999
    report = verify_bundle(_sealed({**files, "finding.json": to_json(forged)}, tmp_path))
    assert not report.same
    assert any("finding.json: verdict says 'transient', the history gives 'systemic'" in d for d in report.differences)


@pytest.mark.parametrize("name", ["packet.md", "packet.html", "aligned.csv", "runs.csv", "incidents.csv"])
def test_a_forged_text_differs_even_when_every_hash_is_right(files: Files, tmp_path: Path, name: str) -> None:
    report = verify_bundle(_sealed({**files, name: files[name] + b"x"}, tmp_path))
    assert report.differences == (f"{name} is not what the history gives",)


def test_last_digits_are_those_of_a_processor_and_no_difference(files: Files, tmp_path: Path) -> None:
    """Another machine adds up in another order; what is more than that, or no number, is told."""
    document = json.loads(files["finding.json"])
    document["p_value"] *= 1 + 1e-12
    assert to_json(document) != files["finding.json"]
    assert verify_bundle(_sealed({**files, "finding.json": to_json(document)}, tmp_path)).same
    document["remark"] = "forged"
    assert not verify_bundle(_sealed({**files, "finding.json": to_json(document)}, tmp_path)).same
    del document["remark"]
    compact = json.dumps(document).encode()
    assert not verify_bundle(_sealed({**files, "finding.json": compact}, tmp_path)).same


def test_a_bundle_of_an_earlier_version_is_read_and_its_verdict_comes_out_the_same() -> None:
    """Made before findings said what sets a job's own trouble apart; keys it did not know are no difference."""
    report = verify_bundle(Path(__file__).parent / "bundles" / "made-by-0.0.9.zip")
    assert report.same, report.differences
    assert report.verdict.startswith("Systemic, caused upstream by build_segments")
    assert any("made by version 0.0.9" in note for note in report.notes)


def test_another_version_does_not_excuse_a_verdict_left_out(tmp_path: Path) -> None:
    files = read_archive(Path(__file__).parent / "bundles" / "made-by-0.0.9.zip")
    document = json.loads(files["finding.json"])
    del document["verdict"]
    report = verify_bundle(_sealed({**files, "finding.json": to_json(document)}, tmp_path))
    assert report.differences == ("finding.json: verdict says None, the history gives 'systemic'",)


def test_a_forged_picture_differs_when_drawn_again(files: Files, tmp_path: Path) -> None:
    report = verify_bundle(_sealed({**files, "timeline.png": files["timeline.png"] + b"x"}, tmp_path), redraw=True)
    assert report.differences == ("timeline.png is not what the history gives",)


def test_a_changed_history_gives_another_finding(files: Files, tmp_path: Path) -> None:
    lines = files["history/runs.jsonl"].splitlines(keepends=True)
    shorter = b"".join(line for line in lines if b'"status":"timed_out"' not in line)
    assert shorter != files["history/runs.jsonl"]
    assert not verify_bundle(_sealed({**files, "history/runs.jsonl": shorter}, tmp_path)).same


def test_differences_end_the_command_with_one(files: Files, tmp_path: Path) -> None:
    path = _sealed({**files, "packet.md": b"x"}, tmp_path)
    done = CliRunner().invoke(command, ["verify", str(path), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["same"] is False


def test_a_wrong_hash_is_named(files: Files, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"packet.md is not the file that MANIFEST.json lists"):
        verify_bundle(_zip({**files, "packet.md": b"other"}, tmp_path))


def test_a_missing_and_an_extra_member_are_named(files: Files, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"'rule.yaml' is listed and not in it"):
        verify_bundle(_zip({name: content for name, content in files.items() if name != "rule.yaml"}, tmp_path))
    extra = {**files, "sources/datadog/" + "0" * 24 + ".json": b"{}"}
    with pytest.raises(BundleError, match="does not list it"):
        verify_bundle(_zip(extra, tmp_path))
    with pytest.raises(BundleError, match=r"runs.csv is missing"):
        verify_bundle(_sealed({name: content for name, content in files.items() if name != "runs.csv"}, tmp_path))


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "history/../../evil", "C:\\evil", "history\\runs.jsonl", "packet.md/", "evil.py", "",
     "sources/../x.json", "sources/a/" + "0" * 24 + ".json/.."],
)  # fmt: skip
def test_a_member_that_is_no_file_of_a_bundle_is_refused(tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.parent.rglob("evil*"))
    with pytest.raises(BundleError):
        verify_bundle(_raw(tmp_path, (zipfile.ZipInfo(name), b"x")))
    assert sorted(tmp_path.parent.rglob("evil*")) == before


def test_a_link_a_double_name_and_an_empty_zip_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("packet.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BundleError, match="is not a plain file"):
        verify_bundle(_raw(tmp_path, (link, b"/etc/passwd")))
    with pytest.warns(UserWarning, match="Duplicate name"):
        double = _raw(tmp_path, ("packet.md", b"a"), ("packet.md", b"b"))
    with pytest.raises(BundleError, match="stands in it twice"):
        verify_bundle(double)
    with pytest.raises(BundleError, match=r"there is no MANIFEST.json"):
        verify_bundle(_raw(tmp_path))


def test_a_zip_bomb_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _raw(tmp_path, ("packet.md", b"\0" * 50_000_000))
    with pytest.raises(BundleError, match="over 200 times its size"):
        verify_bundle(bomb)
    monkeypatch.setattr(archive, "MEMBER_BYTES", 1000)
    with pytest.raises(BundleError, match=r"unpacks to more than 1,000 bytes"):
        verify_bundle(_raw(tmp_path, ("packet.md", bytes(range(256)) * 8)))


def test_a_zip_of_a_million_members_is_refused_before_they_are_listed(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("packet.md")
    listed = b"PK\1\2" + bytes(24) + len(entry.filename).to_bytes(2, "little") + bytes(16) + entry.filename.encode()
    listing = listed * 1_000_000
    sizes = len(listing).to_bytes(4, "little") + bytes(4)
    path = tmp_path / "million.zip"
    path.write_bytes(listing + b"PK\5\6" + bytes(4) + b"\xff\xff" * 2 + sizes + bytes(2))
    tracemalloc.start()
    with pytest.raises(BundleError, match="list of members is longer"):
        verify_bundle(path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_many_thousand_small_members_are_refused(tmp_path: Path) -> None:
    path = _raw(tmp_path, *((f"sources/a/{number:024x}.json", b"") for number in range(archive.MEMBERS + 1)))
    with pytest.raises(BundleError, match="members are more than"):
        verify_bundle(path)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_byte_anywhere_is_said_where(bundle: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(bundle.read_bytes())
    edges = [match.start() for match in re.finditer(rb"PK[\1\3\5]", bytes(content))]
    near = st.tuples(st.sampled_from(edges), st.integers(-2, 60)).map(lambda pair: min(sum(pair), len(content) - 1))
    place = data.draw(st.one_of(st.integers(0, len(content) - 1), near))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "flipped.zip"
    path.write_bytes(bytes(content))
    assert re.search(r"'[^']+'|MANIFEST.json|zip file|list of members|byte \d|check sum", _fault(path))


def _fault(path: Path) -> str:
    """What is said against a bundle before anything is computed."""
    try:
        return open_bundle(path).fault
    except BundleError as error:
        return error.message


def test_a_bundle_packed_again_by_another_program_is_not_the_same(files: Files, tmp_path: Path) -> None:
    path = _raw(tmp_path, *files.items())
    assert verify_bundle(path).differences[0].startswith("the zip is not as it was written: the header of")


def test_too_many_members_and_too_large_a_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MEMBERS", 1)
    two = _raw(tmp_path, ("packet.md", b"a"), ("packet.html", b"b"))
    with pytest.raises(BundleError, match="2 members are more than the 1"):
        verify_bundle(two)
    monkeypatch.setattr(archive, "FILE_BYTES", 10)
    with pytest.raises(BundleError, match="a bundle may have"):
        verify_bundle(two)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(schema="other/9"),
        lambda d: d.update(files=None),
        lambda d: d.update(files=[1, 2]),
        lambda d: d.update(provenance={}),
        lambda d: d.update(provenance=[]),
        lambda d: d.update(finding_id=7),
        lambda d: d.update(program=None),
        lambda d: d["files"].append(dict(d["files"][0])),
        lambda d: d["files"][0].update(path=["x"]),
        lambda d: d["files"][0].update(path=None),
        lambda d: d["files"][0].update(size="many"),
        lambda d: d["provenance"].update(as_of="yesterday"),
        lambda d: d["provenance"].update(as_of="2026-03-01T00:00:00"),
        lambda d: d["provenance"].update(as_of="9999-12-31T23:59:59Z"),
        lambda d: d["provenance"].update(links=[["a", "b"]]),
        lambda d: d.update(job="no_such_job"),
    ],
)
def test_a_manifest_of_nonsense_is_refused_in_words(
    files: Files, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    path = _zip(_manifest(files, change), tmp_path)
    assert _refusal(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"nonsense", b"\xff\xfe", b"NaN", b"[" * 100_000, b'"x"', b"null"])
@pytest.mark.parametrize("name", ["MANIFEST.json", "finding.json"])
def test_json_of_a_stranger_is_refused_in_words(files: Files, tmp_path: Path, name: str, content: bytes) -> None:
    forged = {**files, name: content}
    path = _zip(forged, tmp_path) if name == "MANIFEST.json" else _sealed(forged, tmp_path)
    assert _refusal(path)


BOMB = b"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b]\n"


@pytest.mark.parametrize("name", ["rule.yaml", "history/dependencies.yaml"])
@pytest.mark.parametrize(
    "content",
    [
        *(b"", BOMB, b"[" * 5000, b"a: [", b"\xff", b"rules: []", b"x" * 2_000_000),
        b"!!python/object:os.system x",
    ],
)
def test_yaml_of_a_stranger_is_refused_in_words(files: Files, tmp_path: Path, name: str, content: bytes) -> None:
    assert _refusal(_sealed({**files, name: content}, tmp_path))


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"{}", b"null", b'{"run_id":1e400}',
     b'{"run_id":"x","job":"j","started_at":"9999999-01-01","status":"failed"}',
     b'{"run_id":"x","job":"j","started_at":"0001-01-01T00:00:00Z","status":"failed","attempt":99999999999999999999}',
     b'{"run_id":{"a":1},"job":["x"],"started_at":"2026-03-02T00:00:00Z","status":"failed"}'],
)  # fmt: skip
def test_a_history_of_a_stranger_is_refused_in_words(files: Files, tmp_path: Path, line: bytes) -> None:
    forged = {**files, "history/runs.jsonl": files["history/runs.jsonl"] + line + b"\n"}
    assert _refusal(_sealed(forged, tmp_path))


def test_a_forged_quote_is_named(files: Files, tmp_path: Path) -> None:
    name = next(name for name in files if name.startswith("sources/"))
    quote = json.loads(files[name])
    quote["body"]["id"] = "run-2"
    with pytest.raises(BundleError, match="the answer is not the one its sha256 was made of"):
        verify_bundle(_sealed({**files, name: to_json(quote)}, tmp_path))


def test_an_engine_that_breaks_on_a_history_is_no_traceback(bundle: Path) -> None:
    def broken(*_: object) -> Analysis:
        raise ZeroDivisionError("float division by zero")

    with pytest.raises(BundleError, match="its content cannot be analysed: ZeroDivisionError"):
        verify_bundle(bundle, analyse=broken)


def test_verifying_leaves_nothing_behind(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    verify_bundle(bundle)
    assert list(tmp_path.iterdir()) == []


def _no_findings(*_: object) -> Analysis:
    raise BundleError("reached the engine")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_mutated_bytes_are_refused_in_words(bundle: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(bundle.read_bytes())
    tail = max(len(content) - 3000, 0)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.one_of(st.integers(0, len(content) - 1), st.integers(tail, len(content) - 1)))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(content))))
    path = tmp_path / "mutated.zip"
    path.write_bytes(bytes(content[:cut]))
    with pytest.raises(BundleError):  # the engine is kept out: it is reached only when nothing that counts was hit
        verify_bundle(path, analyse=_no_findings)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400))
def test_any_bytes_are_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.zip"
    path.write_bytes(content)
    with pytest.raises(BundleError):
        verify_bundle(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(BundleError):
            verify_bundle(path)
