"""What is checked on the way: in go pieces as they were sent, out come decompressed ones, bounded and verified.

Sources: RFC 1952 (gzip) as Go's compress/gzip reads it: all members, nothing after the last; the Ignition
specification, `verification.hash`: the digest of the decompressed bytes.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from stoker.fetch import messages
from stoker.fetch.errors import BadSource, WrongBytes

PIECE: Final = 1 << 20  # bytes that come out of the decompressor at a time
SLICE: Final = 16 << 10  # bytes that go into it at a time
FREE: Final = 64 << 20  # bytes that may come out before their ratio to what went in is looked at
RATIO: Final = 250

_DIGEST: Final = re.compile(r"(sha512)-([0-9a-f]{128})|(sha256)-([0-9a-f]{64})", re.IGNORECASE)
_REASONS: Final = {
    "incorrect header check": "gzip: invalid header",
    "incorrect data check": "gzip: invalid checksum",
    "incorrect length check": "gzip: invalid checksum",
}


class Hash(Protocol):
    """A digest that grows with the bytes it is given."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""

    def hexdigest(self) -> str:
        """The digest of all of them."""


def checked(pieces: Iterable[bytes], compression: str, digest: str, limit: int) -> Iterator[bytes]:
    """The pieces, decompressed as `compression` says; after the last one their digest is compared.

    Raises `WrongBytes` when they are more than `limit`, not gzip, or others than the digest says.
    """
    if compression:
        pieces = gunzip(pieces)
    found = None if not digest else hash_of(digest)
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise WrongBytes(messages.TOO_LARGE, limit=limit)
        if found is not None:
            found.update(piece)
        yield piece
    if found is not None:
        compare(found, digest)


def check_request(compression: str, digest: str) -> None:
    """Raise `BadSource` when a compression or digest is none that can be checked, before anything is asked for."""
    if compression not in {"", "gzip"}:
        raise BadSource(messages.BAD_COMPRESSION_NAME, compression=compression)
    if digest and not _DIGEST.fullmatch(digest):
        raise BadSource(messages.BAD_DIGEST, digest=digest)


def hash_of(digest: str) -> Hash:
    """A new hash of the kind that a digest is of."""
    return hashlib.new(digest.partition("-")[0].lower())


def compare(found: Hash, digest: str) -> None:
    """Raise `WrongBytes` unless the hash has come to the digest."""
    calculated, wanted = found.hexdigest(), digest.partition("-")[2]
    if calculated != wanted.lower():
        raise WrongBytes(messages.WRONG_DIGEST, found=calculated, wanted=wanted)


def gunzip(pieces: Iterable[bytes], free: int = FREE, ratio: int = RATIO) -> Iterator[bytes]:
    """Undo gzip, all of its members, in pieces of at most `PIECE` bytes. Raises `WrongBytes`.

    After `free` bytes no more than `ratio` times what went in may come out.
    """
    stream = None
    given = made = 0
    for data in _sliced(pieces):
        given += len(data)
        rest = data
        while rest:
            if stream is None or stream.eof:
                stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
            for piece in _inflated(stream, rest):
                made += len(piece)
                if made > max(free, ratio * given):
                    raise WrongBytes(messages.TOO_DENSE, ratio=ratio, made=made)
                yield piece
            rest = stream.unused_data
    if stream is None:
        raise WrongBytes(messages.BAD_COMPRESSION, reason="there are no data")
    if not stream.eof:
        raise WrongBytes(messages.BAD_COMPRESSION, reason="unexpected EOF")


def _sliced(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small slices: what follows a member is copied each time one ends, and there may be thousands in a piece."""
    for piece in pieces:
        for start in range(0, len(piece), SLICE):
            yield piece[start : start + SLICE]


def _inflated(stream: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What comes out of the stream for some data. Output may still be due when no input is left."""
    while True:
        try:
            piece = stream.decompress(data, PIECE)
        except zlib.error as error:
            reason = str(error).rpartition(": ")[2]
            raise WrongBytes(messages.BAD_COMPRESSION, reason=_REASONS.get(reason, reason)) from error
        if piece:
            yield piece
        data = stream.unconsumed_tail
        if stream.eof or (not data and len(piece) < PIECE):
            return
