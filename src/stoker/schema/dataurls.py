"""`data:` URLs: writing the shortest, reading what people wrote, and saying what is wrong with one.

In go bytes or a URL; out come a URL and the compression it needs, bytes, or the words the reference uses for a fault.
Source: RFC 2397, RFC 2045 for media types; messages of the data URL reader in Ignition 2.26.
"""

from __future__ import annotations

import binascii
import re
import zlib
from binascii import a2b_base64, a2b_hex, b2a_base64
from typing import Final

_UNRESERVED: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()"
_ESCAPED: Final = [chr(code) if code in _UNRESERVED else f"%{code:02X}" for code in range(256)]

_GZIP_FRAME: Final = 18
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
# Go's compressor ends its stream with a block of its own: mostly one byte more than zlib (measured on 93 contents).
_GO_EXTRA: Final = 1


class DataUrlError(ValueError):
    """The URL cannot be read; the text says why in the reference's words."""


def encode(content: bytes, *, may_compress: bool) -> tuple[str, str]:
    """The shortest URL for some bytes, and the compression it is in (`gzip` or empty).

    Three forms compete by length: percent-encoded, base64, and base64 of gzip, which must also pay for the word
    `gzip`. Ties go to the form named first.
    """
    count = len(content)
    escaped_length = 1 + count + 2 * len(content.translate(None, _UNRESERVED))
    base64_length = 8 + (count + 2) // 3 * 4
    if may_compress and base64_length > 8 + (_GZIP_FRAME + 2) // 3 * 4:
        limit = min(escaped_length, base64_length) - len("gzip")
        packed = _gzip(content)
        if 8 + (len(packed) + _GO_EXTRA + 2) // 3 * 4 < limit:
            return "data:;base64," + b2a_base64(packed, newline=False).decode("ascii"), "gzip"
    if base64_length < escaped_length:
        return "data:;base64," + b2a_base64(content, newline=False).decode("ascii"), ""
    return "data:," + percent_encode(content), ""


def percent_encode(content: bytes) -> str:
    """Escape every byte that RFC 2396 does not call unreserved."""
    return "".join(map(_ESCAPED.__getitem__, content))


def _gzip(content: bytes) -> bytes:
    """A gzip stream of the greatest effort, with no time and no name in it.

    Small contents get a small compressor: setting up the usual one costs more than their compression. The window
    still reaches over all of the content and the symbol buffer holds all of it, so the stream is the same.
    """
    size = len(content)
    window = 9
    while window < 15 and (1 << window) < size + 262:
        window += 1
    memory = 1
    while memory < 8 and (1 << (memory + 6)) <= size + 1:
        memory += 1
    deflate = zlib.compressobj(9, zlib.DEFLATED, -window, memory)
    body = deflate.compress(content) + deflate.flush()
    return _GZIP_HEADER + body + zlib.crc32(content).to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


# Patterns of the URLs people write; they are compiled when one is first read, which few commands do.
_CHAR: Final = r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]"
_CHARS: Final = _CHAR + "*"
_QUOTED: Final = r'(?:[^"\\\x80-\U0010ffff]|\\[\x00-\x7f])*'
_PLAIN_DATA: Final = r"[!$-;=?-Z_a-z~]*"
_BASE64_DATA: Final = r"[A-Za-z0-9+/=\n]*"
_FAMILIES: Final = ("text", "image", "audio", "video", "application", "message", "multipart")
_COMMON: Final = re.compile(r"data:(?:,(?:[A-Za-z0-9_.!~*'()-]|%[0-9A-F]{2})*|;base64,(?:[A-Za-z0-9+/]{4})*)")


def fault(url: str) -> str | None:
    """What is wrong with a `data:` URL, in the reference's words; None when it can be read."""
    if _COMMON.fullmatch(url):
        return None
    try:
        decode(url)
    except DataUrlError as error:
        return str(error)
    return None


def decode(url: str) -> bytes:
    """Read a `data:` URL. Raises DataUrlError."""
    if not url.startswith("data:"):
        raise DataUrlError("missing data prefix")
    rest, is_base64 = _header(url[5:])
    if is_base64:
        if not re.fullmatch(_BASE64_DATA, rest):
            raise DataUrlError("invalid data character")
        return _from_base64(rest)
    if not re.fullmatch(_PLAIN_DATA, rest):
        raise DataUrlError("invalid data character")
    return _unescape(rest)


def _header(rest: str) -> tuple[str, bool]:
    """Read media type and parameters up to the comma; what follows it, and whether that is base64."""
    if not rest:
        raise DataUrlError("missing comma before data")
    if rest[0] not in ",;":
        rest = _media_type(rest)
    while rest[:1] == ";":
        rest, is_base64 = _parameter(rest[1:])
        if is_base64:
            return rest[1:], True
    if not rest:
        raise DataUrlError("missing comma before data")
    if rest[0] != ",":
        raise DataUrlError("expected semicolon or comma")
    return rest[1:], False


def _media_type(rest: str) -> str:
    if not re.match(_CHAR, rest):
        raise DataUrlError("invalid character after data prefix")
    family = re.match(_CHARS, rest)[0]  # type: ignore[index]
    rest = rest[len(family) :]
    if not rest:
        raise DataUrlError("missing media type slash")
    if rest[0] != "/":
        raise DataUrlError("invalid character for media type")
    if not family.startswith(_FAMILIES) and family[:2].lower() != "x-":
        raise DataUrlError("invalid media type")
    rest = rest[1:]
    subtype = re.match(_CHARS, rest)[0]  # type: ignore[index]
    rest = rest[len(subtype) :]
    if not rest:
        raise DataUrlError("incomplete media type")
    if rest[0] not in ";,":
        raise DataUrlError("invalid character for media subtype")
    return rest


def _parameter(rest: str) -> tuple[str, bool]:
    """Read what follows a semicolon; the rest from the next separator on, and whether it said `base64`."""
    if not rest or rest[0] in "=,":
        raise DataUrlError("unterminated parameter sequence")
    name = re.match(_CHARS, rest)[0]  # type: ignore[index]
    rest = rest[len(name) :]
    if not name or (rest and rest[0] not in "=,"):
        raise DataUrlError("invalid character for parameter attribute")
    if not rest:
        raise DataUrlError("unterminated parameter sequence")
    if rest[0] == ",":
        if name != "base64":
            raise DataUrlError(f"expected base64, got {name}")
        return rest, True
    rest = rest[1:]
    if not rest:
        raise DataUrlError("missing comma before data")
    if rest[0] == '"':
        return _quoted_value(rest[1:]), False
    value = re.match(_CHARS, rest)[0]  # type: ignore[index]
    rest = rest[len(value) :]
    if not value:
        raise DataUrlError("invalid character for parameter value")
    if not rest:
        raise DataUrlError("missing comma before data")
    if rest[0] not in ";,":
        raise DataUrlError("invalid character for parameter value")
    _unescape(value)
    return rest, False


def _quoted_value(rest: str) -> str:
    value = re.match(_QUOTED, rest)[0]  # type: ignore[index]
    rest = rest[len(value) :]
    if not rest:
        raise DataUrlError("unclosed quoted string")
    if rest == "\\":
        raise DataUrlError("unexpected eof")
    if rest[0] == "\\":
        raise DataUrlError("invalid escaped character")
    if rest[0] != '"':
        raise DataUrlError("invalid character for parameter value")
    rest = rest[1:]
    if not rest:
        raise DataUrlError("missing comma before data")
    if rest[0] not in ";,":
        raise DataUrlError("expected semicolon or comma")
    return rest


def _unescape(text: str) -> bytes:
    found = re.search(r"%(?![0-9A-Fa-f]{2})", text)
    if found:
        after = text[found.end() : found.end() + 2]
        is_cut = len(after) < 2 and re.fullmatch(r"[0-9A-Fa-f]?", after)
        if is_cut:
            raise DataUrlError("rfc2396: unexpected end of unescape sequence")
        raise DataUrlError("rfc2396: invalid char 0x25 in unescape sequence")
    first, *rest = text.encode("ascii").split(b"%")
    return b"".join([first, *[a2b_hex(piece[:2]) + piece[2:] for piece in rest]])


def _from_base64(text: str) -> bytes:
    """Decode base64 as Go's StdEncoding does: newlines are skipped, the padding is required and ends the data."""
    compact = text.replace("\n", "")
    if re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", compact) and len(compact) % 4 == 0:
        try:
            return a2b_base64(compact)
        except binascii.Error:
            pass
    raise DataUrlError(f"illegal base64 data at input byte {_base64_fault(text)}")


def _base64_fault(text: str) -> int:
    """The byte at which Go's decoder stops."""
    count = 0
    for index, char in enumerate(text):
        if char == "\n":
            continue
        if char != "=":
            count += 1
            continue
        return _padding_fault(text, index, count % 4)
    return len(text) - count % 4


def _padding_fault(text: str, index: int, filled: int) -> int:
    if filled < 2:
        return index
    after = index + 1
    while after < len(text) and text[after] == "\n":
        after += 1
    if filled == 2:
        if after == len(text):
            return len(text)
        if text[after] != "=":
            return after - 1
        after += 1
    while after < len(text) and text[after] == "\n":
        after += 1
    return after
