"""Contents of files: in goes what a config says of them, out come verified bytes.

What a config embeds (`data:` URLs) is read here; everything else through the function the caller passes in.
Sources: RFC 2397 (data URLs), RFC 1952 (gzip); the Ignition specification, `storage.files.contents`.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import zlib
from collections.abc import Callable

import msgspec

from stoker.engine import messages
from stoker.engine.errors import ContentFault
from stoker.schema.v3 import Resource

Fetch = Callable[[str], bytes]  # URL to bytes as they were sent; raises `ContentFault`

LIMIT = 512 << 20  # bytes after decompression
ALGORITHMS = ("sha512", "sha256")

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_DIGEST = re.compile(r"(sha512)-([0-9a-f]{128})|(sha256)-([0-9a-f]{64})")


class Content(msgspec.Struct, frozen=True):
    """Where bytes come from and how they are checked.

    `source` is a URL, empty for no bytes; `digest` is `sha512-HEX` or `sha256-HEX` of the decompressed bytes.
    """

    source: str = ""
    compression: str = ""
    digest: str = ""

    def read(self, fetch: Fetch) -> bytes:
        """The bytes, decompressed and verified. Raises `ContentFault`."""
        content = fetch(self.source)
        if self.compression:
            content = decompress(content, LIMIT)
        if self.digest:
            verify(content, self.digest)
        return content

    @property
    def is_embedded(self) -> bool:
        """Whether the config itself holds the bytes."""
        return not self.source or self.source[:5].lower() == "data:"


def content_of(resource: Resource) -> Content:
    """What a resource of the config says."""
    verification = resource.verification
    return Content(resource.source or "", resource.compression or "", (verification and verification.hash) or "")


def fetch_embedded(url: str) -> bytes:
    """The bytes of a `data:` URL, none for the empty URL. Any other raises `ContentFault`."""
    if not url:
        return b""
    if url[:5].lower() != "data:":
        raise ContentFault(messages.NEEDS_FETCH, source=url)
    header, comma, text = url[5:].partition(",")
    if not comma:
        raise ContentFault(messages.BAD_DATA_URL, reason="no comma before the data")
    data = text.encode()
    if "%" in text:
        data = _ESCAPE.sub(lambda found: binascii.unhexlify(found[1]), data)
    if not header.endswith(";base64"):
        return data
    try:
        return binascii.a2b_base64(data.translate(None, b"\r\n"), strict_mode=True)
    except binascii.Error as error:
        raise ContentFault(messages.BAD_DATA_URL, reason=str(error).lower()) from error


def decompress(content: bytes, limit: int) -> bytes:
    """Undo gzip, all of its members. Raises `ContentFault` beyond `limit` bytes or when it is not gzip."""
    pieces: list[bytes] = []
    size = 0
    while content:
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            piece = stream.decompress(content, limit - size + 1)
        except zlib.error as error:
            raise ContentFault(messages.BAD_COMPRESSION, compression="gzip", reason=error) from error
        size += len(piece)
        if size > limit:
            raise ContentFault(messages.TOO_LARGE, limit=limit)
        if not stream.eof:
            raise ContentFault(messages.BAD_COMPRESSION, compression="gzip", reason="the data end too early")
        pieces.append(piece)
        content = stream.unused_data
    if not pieces:
        raise ContentFault(messages.BAD_COMPRESSION, compression="gzip", reason="there are no data")
    return b"".join(pieces)


def verify(content: bytes, digest: str) -> None:
    """Raise `ContentFault` unless the bytes have the digest."""
    algorithm, _, wanted = digest.partition("-")
    if not _DIGEST.fullmatch(digest.lower()) or algorithm not in ALGORITHMS:
        raise ContentFault(messages.BAD_DIGEST, digest=digest)
    found = hashlib.new(algorithm, content).hexdigest()
    if found != wanted.lower():
        raise ContentFault(messages.WRONG_DIGEST, wanted=wanted, found=found)
