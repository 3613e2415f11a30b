"""A zip with fixed times and order, and a reader that trusts nothing about one.

Nothing is ever unpacked by the names inside: members are read into memory under known names, with a limit on each
size, on the whole, on the count and on the ratio of compression, all counted while reading and not believed.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from correlator.errors import BundleError
from correlator.evidence.framing import LEVEL, plain_info, sealed
from correlator.evidence.members import MANIFEST, known

FILE_BYTES: Final = 256 * 2**20
MEMBER_BYTES: Final = 512 * 2**20
TOTAL_BYTES: Final = 1024 * 2**20
MEMBERS: Final = 25_000
LISTING_BYTES: Final = 4 * 2**20
"""How long the list of members may be, which is read as a whole."""
RATIO: Final = 200
RATIO_FROM: Final = 2**20
_END: Final = b"PK\x05\x06"
_LARGE: Final = b"PK\x06\x07"
_END_BYTES: Final = 22
_END_REACH: Final = _END_BYTES + 2**16 + 20
_CHUNK: Final = 2**16
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError, IndexError),
    *(NotImplementedError, RuntimeError, KeyError, MemoryError),
)
_HINT: Final = "ask for the bundle again; this file is not as `correlator bundle create` wrote it"


def write_archive(files: Mapping[str, bytes], path: Path) -> None:
    """Write the files in the order of their names, manifest first; replaces `path` in one step.

    Raises BundleError when the place cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent or Path(), prefix=".bundle-", delete=False) as out:
            out.write(archive_bytes(files))
        Path(out.name).chmod(0o644)
        os.replace(out.name, path)  # noqa: PTH105 - Path.replace would do; os.replace says that it is atomic
    except OSError as error:
        raise BundleError(f"{path}: cannot be written: {error.strerror or error}") from error


def archive_bytes(files: Mapping[str, bytes]) -> bytes:
    """The zip as bytes: same files, same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name in sorted(files, key=lambda name: (name != MANIFEST, name)):
            archive.writestr(plain_info(name), files[name])
    return sealed(out.getvalue())


def read_archive(path: Path) -> dict[str, bytes]:
    """The members by name. Raises BundleError for anything that is not a plain bundle within the limits."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read: {error}") from error
    if size > FILE_BYTES:
        raise BundleError(f"{path}: {size:,} bytes are more than the {FILE_BYTES:,} a bundle may have", hint=_HINT)
    try:
        _check_listing(path, size)
        with zipfile.ZipFile(path) as archive:
            return _members(path, archive)
    except _BROKEN as error:
        raise BundleError(f"{path}: not a readable zip file: {error}", hint=_HINT) from error


def _check_listing(path: Path, size: int) -> None:
    """The length of the list of members, from where the zip says it (as `zipfile` looks for it): a million members take
    a gigabyte once they are listed. The form for more than 65,535 members is refused: no bundle has it."""
    with path.open("rb") as file:
        file.seek(max(size - _END_REACH, 0))
        tail = file.read()
    start = len(tail) - _END_BYTES
    if tail[start : start + 4] != _END or not tail.endswith(b"\0\0"):
        start = tail.rfind(_END)
    if start < 0 or len(tail) < start + _END_BYTES:
        return  # no zip at all, as the reader will say
    length = int.from_bytes(tail[start + 12 : start + 16], "little")
    if length > LISTING_BYTES or tail[max(start - 20, 0) : start].startswith(_LARGE):
        raise BundleError(f"{path}: its list of members is longer than that of any bundle", hint=_HINT)


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    if len(infos) > MEMBERS:
        raise BundleError(f"{path}: {len(infos):,} members are more than the {MEMBERS:,} a bundle may have", hint=_HINT)
    files: dict[str, bytes] = {}
    left = TOTAL_BYTES
    for info in infos:
        _check_member(path, info, files)
        try:
            files[info.filename] = _content(path, archive, info, min(left, MEMBER_BYTES))
        except _BROKEN as error:
            raise BundleError(f"{path}: {info.filename!r} cannot be read: {error}", hint=_HINT) from error
        left -= len(files[info.filename])
    return files


def _check_member(path: Path, info: zipfile.ZipInfo, files: Mapping[str, bytes]) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    reason = ""
    if info.filename in files:
        reason = "stands in it twice"
    elif not known(info.filename):
        reason = "is no file of a bundle"
    elif kind not in (0, stat.S_IFREG) or info.is_dir():
        reason = "is not a plain file"
    elif info.flag_bits & 0x1:
        reason = "is encrypted"
    if reason:
        raise BundleError(f"{path}: {info.filename[:120]!r} {reason}", hint=_HINT)


def _content(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    read = bytearray()
    with archive.open(info) as member:
        while chunk := member.read(_CHUNK):
            read += chunk
            if len(read) > limit:
                raise BundleError(f"{path}: {info.filename!r} unpacks to more than {limit:,} bytes", hint=_HINT)
            if len(read) > RATIO_FROM and len(read) > RATIO * max(info.compress_size, 1):
                raise BundleError(f"{path}: {info.filename!r} unpacks to over {RATIO} times its size", hint=_HINT)
    return bytes(read)
