"""The bytes of a bundle around its members: headers, list and end, which no hash of a member covers.

`write_archive` has one way to write them, and puts the sha256 of everything before the end into the zip's comment. So a
byte that was changed anywhere shows, also one that no reader of zips looks at.
"""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from typing import Final

FIXED: Final = (1980, 1, 1, 0, 0, 0)
LEVEL: Final = 6
"""Of compression."""
_END_BYTES: Final = 22
_MARK: Final = b"sha256:"


def plain_info(name: str) -> zipfile.ZipInfo:
    """How every member stands in a bundle: same time, same rights."""
    info = zipfile.ZipInfo(name, FIXED)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def sealed(content: bytes) -> bytes:
    """A zip without a comment, with the comment that seals it."""
    body, end = content[:-_END_BYTES], content[-_END_BYTES:-2]
    comment = _comment(body)
    return body + end + struct.pack("<H", len(comment)) + comment


def framing_fault(content: bytes) -> str:
    """Where a readable zip is not as it was written, "" where it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
    at, listing = 0, b""
    for info in infos:
        made = _as_written(info, at)
        if place := _differs(content, at, made.FileHeader(zip64=False)):
            return f"the header of {info.filename!r}, byte {place:,}"
        listing += _listed(made)
        at += len(made.FileHeader(zip64=False)) + info.compress_size
    if place := _differs(content, at, listing):
        return f"the list of its members, byte {place:,}"
    end = struct.pack("<4s4H2L", b"PK\5\6", 0, 0, len(infos), len(infos), len(listing), at)
    at += len(listing)
    comment = _comment(content[:at])
    if place := _differs(content, at, end + struct.pack("<H", len(comment))):
        return f"its end, byte {place:,}"
    return "" if content[at + _END_BYTES :] == comment else _unsealed(content)


def _unsealed(content: bytes) -> str:
    """Where the check sum at the end and the bytes before it part. A bit of packed data may change without changing
    what is unpacked; then packing it again gives other bytes. On a machine that packs otherwise all members look like
    that, and none is named."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        otherwise = [info.filename for info in infos if packed(archive.read(info)) != _packed_in(content, info)]
    if len(otherwise) == 1:
        return f"the packed bytes of {otherwise[0]!r}"
    return "the packed bytes of its members, or the check sum at its end" if otherwise else "the check sum at its end"


def _packed_in(content: bytes, info: zipfile.ZipInfo) -> bytes:
    start = info.header_offset + len(_as_written(info, 0).FileHeader(zip64=False))
    return content[start : start + info.compress_size]


def packed(content: bytes) -> bytes:
    """As `write_archive` packs it."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _as_written(info: zipfile.ZipInfo, at: int) -> zipfile.ZipInfo:
    made = plain_info(info.filename)
    made.CRC, made.compress_size, made.file_size, made.header_offset = info.CRC, info.compress_size, info.file_size, at
    return made


def _listed(info: zipfile.ZipInfo) -> bytes:
    """The entry of the central directory (APPNOTE.TXT of the zip format, 4.3.12)."""
    name = info.filename.encode()
    local = info.FileHeader(zip64=False)
    common = local[4:30]  # version, flags, method, time, date, CRC, sizes, lengths
    version = struct.pack("<BB", info.create_version, info.create_system)
    rest = struct.pack("<HHHLL", 0, 0, 0, info.external_attr, info.header_offset)
    return b"PK\1\2" + version + common + rest + name


def _differs(content: bytes, at: int, wanted: bytes) -> int:
    """The place (from 1) of the first byte that is not as wanted, 0 where all are."""
    found = content[at : at + len(wanted)]
    if found == wanted:
        return 0
    same = next((n for n, (left, right) in enumerate(zip(found, wanted, strict=False)) if left != right), len(found))
    return at + same + 1


def _comment(body: bytes) -> bytes:
    return _MARK + hashlib.sha256(body).hexdigest().encode()
