"""Bytes: data URLs, gzip with a bound, digests."""

from __future__ import annotations

import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.engine.contents import Content, decompress, fetch_embedded, verify
from stoker.engine.errors import ContentFault


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", b""),
        ("data:,", b""),
        ("data:,hello%20world%0A", b"hello world\n"),
        ("data:,a+b,c", b"a+b,c"),
        ("data:;base64,aGVsbG8=", b"hello"),
        ("data:;base64,aGVsbG8%3D", b"hello"),
        ("data:;base64,aGVs\r\nbG8=", b"hello"),
        ("data:text/plain;charset=utf-8;base64,4oKs", "€".encode()),
        ("DATA:,x", b"x"),
        ("data:text/plain,€", "€".encode()),
        ("data:,100%", b"100%"),
    ],
)
def test_data_urls(url: str, expected: bytes) -> None:
    assert fetch_embedded(url) == expected


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("data:x", "bad-data-url"),
        ("data:;base64,a", "bad-data-url"),
        ("data:;base64,a!b=", "bad-data-url"),
        ("http://example.com/f", "needs-fetch"),
        ("file:///etc/shadow", "needs-fetch"),
    ],
)
def test_urls_that_are_refused(url: str, code: str) -> None:
    with pytest.raises(ContentFault) as caught:
        fetch_embedded(url)
    assert caught.value.code == code


@given(st.binary(max_size=300))
def test_every_byte_survives(content: bytes) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in content)
    assert fetch_embedded(f"data:,{escaped}") == content


@given(st.lists(st.binary(max_size=100), min_size=1, max_size=4))
def test_members_of_gzip_are_joined(pieces: list[bytes]) -> None:
    assert decompress(b"".join(map(gzip.compress, pieces)), 1000) == b"".join(pieces)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bad-compression"),
        (b"plain", "bad-compression"),
        (gzip.compress(b"x" * 50)[:-4], "bad-compression"),
        (gzip.compress(b"x") + b"trailing", "bad-compression"),
        (gzip.compress(b"\0" * 101), "too-large"),
        (gzip.compress(b"\0" * 60) * 2, "too-large"),
    ],
    ids=["empty", "plain", "cut", "trailing", "bomb", "bombs"],
)
def test_gzip_that_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(ContentFault) as caught:
        decompress(content, 100)
    assert caught.value.code == code


SHA256 = hashlib.sha256(b"text").hexdigest()
SHA512 = hashlib.sha512(b"text").hexdigest()


@pytest.mark.parametrize(
    ("digest", "code"),
    [
        (f"sha256-{SHA256}", None),
        (f"sha512-{SHA512}", None),
        (f"sha256-{SHA256.upper()}", None),
        (f"sha512-{SHA256}", "bad-digest"),
        (f"sha256-{SHA256[:-1]}x", "bad-digest"),
        (f"md5-{SHA256}", "bad-digest"),
        (SHA256, "bad-digest"),
        (f"sha256-{'0' * 64}", "wrong-digest"),
    ],
)
def test_digests(digest: str, code: str | None) -> None:
    if code is None:
        verify(b"text", digest)
    else:
        with pytest.raises(ContentFault) as caught:
            verify(b"text", digest)
        assert caught.value.code == code


def test_the_digest_is_that_of_the_decompressed_bytes() -> None:
    content = Content("http://h/f", "gzip", f"sha256-{SHA256}")
    assert content.read(lambda url: gzip.compress(b"text")) == b"text"
    with pytest.raises(ContentFault, match="hash verification failed"):
        content.read(lambda url: gzip.compress(b"other"))
