"""How platforms wrap a config: in go bytes, an encoding and a place for complaints; out come the bytes within.

base64 is read as Go's encoding/base64 does (RFC 4648, padded, line breaks skipped), gzip may have several members.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable
from typing import Final

from stoker.platforms.errors import Damaged
from stoker.platforms.machine import LARGEST
from stoker.platforms.messages import NOT_BASE64, NOT_GZIP, TOO_LARGE, UNKNOWN_ENCODING

_GZIP: Final = b"\x1f\x8b\x08"
_WITH_HEADER: Final = 31  # zlib's wbits for gzip


def decode(content: bytes, encoding: str, where: str) -> bytes:
    """Undo an encoding of `STEPS`. Raises `Damaged`."""
    if encoding not in STEPS:
        known = ", ".join(f"`{name}`" for name in STEPS if name and "?" not in name)
        raise Damaged(UNKNOWN_ENCODING, encoding=encoding, where=where, known=known)
    if len(content) > LARGEST:
        raise Damaged(TOO_LARGE, where=where, limit=LARGEST)
    for step in STEPS[encoding]:
        content = step(content, where)
    return content


def _from_base64(content: bytes, where: str) -> bytes:
    try:
        return binascii.a2b_base64(content.translate(None, b"\r\n"), strict_mode=True)
    except binascii.Error as error:
        raise Damaged(NOT_BASE64, where=where, reason=str(error).lower()) from error


def _from_gzip(content: bytes, where: str) -> bytes:
    pieces: list[bytes] = []
    room = LARGEST
    while content or not pieces:
        member = zlib.decompressobj(_WITH_HEADER)
        try:
            piece = member.decompress(content, room + 1)
        except zlib.error as error:
            raise Damaged(NOT_GZIP, where=where, reason=str(error)) from error
        room -= len(piece)
        if room < 0:
            raise Damaged(TOO_LARGE, where=where, limit=LARGEST)
        if not member.eof:
            raise Damaged(NOT_GZIP, where=where, reason="it ends too early")
        pieces.append(piece)
        content = member.unused_data
    return b"".join(pieces)


def _from_gzip_if_it_is(content: bytes, where: str) -> bytes:
    return _from_gzip(content, where) if content.startswith(_GZIP) else content


Step = Callable[[bytes, str], bytes]

# Name -> what to undo, in order. The names are those of VMware's `ignition.config.data.encoding`; `gzip?` is sniffed.
STEPS: Final[dict[str, tuple[Step, ...]]] = {
    "": (),
    "b64": (_from_base64,),
    "base64": (_from_base64,),
    "gz": (_from_gzip,),
    "gzip": (_from_gzip,),
    "gz+b64": (_from_base64, _from_gzip),
    "gz+base64": (_from_base64, _from_gzip),
    "gzip+b64": (_from_base64, _from_gzip),
    "gzip+base64": (_from_base64, _from_gzip),
    "gzip?+base64": (_from_base64, _from_gzip_if_it_is),
}
