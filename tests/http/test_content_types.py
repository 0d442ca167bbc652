"""What bytes and names are taken for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.http.content_types import HTML, OCTETS, TEXT, sniff, type_of_name

SNIFFED = [
    (b"", TEXT),
    (b"plain\n", TEXT),
    (b"#!ipxe\nboot\n", TEXT),
    (b"caf\xc3\xa9", TEXT),
    (b"\x1b[0m", TEXT),
    (b"a\x00b", OCTETS),
    (b"\x0b", OCTETS),
    (b" \n<!doctype html>", HTML),
    (b"<html>", HTML),
    (b"<b ", HTML),
    (b"<bx>", TEXT),
    (b"<!--", TEXT),
    (b"<!-- c", HTML),
    (b"  <?xml version", "text/xml; charset=utf-8"),
    (b"<?XML", TEXT),
    (b"%PDF-1.4", "application/pdf"),
    (b"%!PS-Adobe-3", "application/postscript"),
    (b"\xfe\xff\x00a", "text/plain; charset=utf-16be"),
    (b"\xff\xfea\x00", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbfa", "text/plain; charset=utf-8"),
    (b"\xff\xfe\x00", OCTETS),
    (b"BM", "image/bmp"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"RIFF....WEBPVP8 ", "image/webp"),
    (b"RIFF....WAVEfmt", "audio/wave"),
    (b"RIFF....", TEXT),
    (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00mp42", OCTETS),
    (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp42", "video/mp4"),
    (b"\x1f\x8b\x08\x00", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x00asm\x01", "application/wasm"),
    (b"\x00" * 34 + b"LP", "application/vnd.ms-fontobject"),
    (b"\xfd7zXZ\x00", OCTETS),
    (b"a" * 512 + b"\x00", TEXT),
]


@pytest.mark.parametrize("data, expected", SNIFFED, ids=[repr(data)[:30] for data, _ in SNIFFED])
def test_sniffed(data: bytes, expected: str) -> None:
    assert sniff(data) == expected


NAMES = [
    ("a.txt", TEXT),
    ("a.HTML", HTML),
    ("a.tar.gz", "application/gzip"),
    ("vmlinuz", None),
    ("a.cpio", None),
    (".json", "application/json"),
    ("a.", None),
]


@pytest.mark.parametrize("name, expected", NAMES, ids=[name for name, _ in NAMES])
def test_named(name: str, expected: str | None) -> None:
    assert type_of_name(name) == expected


@settings(derandomize=True)
@given(st.binary(max_size=700))
def test_every_text_has_a_type(data: bytes) -> None:
    assert "/" in sniff(data)
    assert sniff(data) == sniff(data[:512])
