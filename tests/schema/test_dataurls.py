"""`data:` URLs: the shortest is written, every one is read, and what is wrong is said."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stoker.schema.dataurls import DataUrlError, decode, encode, fault, percent_encode

READ = {
    "data:,": b"",
    "data:,abc": b"abc",
    "data:,a%20b%FFc": b"a b\xffc",
    "data:,a+b": b"a+b",
    "data:;base64,": b"",
    "data:;base64,aGk=": b"hi",
    "data:;base64,aG\nk=\n": b"hi",
    "data:text/plain,abc": b"abc",
    "data:text/plain;charset=utf-8,abc": b"abc",
    'data:text/plain;name="a\\"b;,c",abc': b"abc",
    "data:text/plain;charset=utf-8;base64,aGk=": b"hi",
    "data:x-own/type,abc": b"abc",
    "data:X-own/type,abc": b"abc",
    "data:;a=b,abc": b"abc",
    "data:;a=%41,abc": b"abc",
    "data:;base64=x,abc": b"abc",
}


@pytest.mark.parametrize("url, expected", READ.items())
def test_decode(url: str, expected: bytes) -> None:
    assert decode(url) == expected
    assert fault(url) is None


FAULTS = {
    "dat:,": "missing data prefix",
    "DATA:,": "missing data prefix",
    "data:": "missing comma before data",
    "data:;a=b": "missing comma before data",
    "data:;a=": "missing comma before data",
    'data:;a="b"': "missing comma before data",
    "data:text": "missing media type slash",
    "data:text/": "incomplete media type",
    "data:text/plain": "incomplete media type",
    "data:/plain,": "invalid character after data prefix",
    "data:text plain,": "invalid character for media type",
    "data:own/plain,": "invalid media type",
    "data:text/pl ain,": "invalid character for media subtype",
    "data:;,": "unterminated parameter sequence",
    "data:;=b,": "unterminated parameter sequence",
    "data:;a": "unterminated parameter sequence",
    "data:; a=b,": "invalid character for parameter attribute",
    "data:;a b=c,": "invalid character for parameter attribute",
    "data:;a=(,": "invalid character for parameter value",
    "data:;a=b c,": "invalid character for parameter value",
    "data:;charset,": "expected base64, got charset",
    'data:;a="b': "unclosed quoted string",
    'data:;a="b\\': "unexpected eof",
    'data:;a="b\\ä",': "invalid escaped character",
    'data:;a="ä",': "invalid character for parameter value",
    'data:;a="b"c,': "expected semicolon or comma",
    "data:, ": "invalid data character",
    "data:,ä": "invalid data character",
    "data:;base64,a b": "invalid data character",
    "data:;base64,aGk": "illegal base64 data at input byte 0",
    "data:;base64,a": "illegal base64 data at input byte 0",
    "data:;base64,aGk=a": "illegal base64 data at input byte 4",
    "data:;base64,=": "illegal base64 data at input byte 0",
    "data:;base64,aGkh=": "illegal base64 data at input byte 4",
    "data:;base64,aG=": "illegal base64 data at input byte 3",
    "data:;base64,aG=a": "illegal base64 data at input byte 2",
    "data:,%": "rfc2396: unexpected end of unescape sequence",
    "data:,%4": "rfc2396: unexpected end of unescape sequence",
    "data:,%zz": "rfc2396: invalid char 0x25 in unescape sequence",
    "data:;a=%zz,": "rfc2396: invalid char 0x25 in unescape sequence",
}


@pytest.mark.parametrize("url, expected", FAULTS.items())
def test_faults(url: str, expected: str) -> None:
    assert fault(url) == expected
    with pytest.raises(DataUrlError, match="^" + expected.replace("(", r"\(")):
        decode(url)


def unpacked(url: str, compression: str) -> bytes:
    return gzip.decompress(decode(url)) if compression else decode(url)


CONTENTS = st.binary(max_size=200) | st.builds(
    lambda word, count: word * count, st.binary(max_size=20), st.integers(0, 300)
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(content=CONTENTS, may_compress=st.booleans())
def test_what_is_written_is_read(content: bytes, may_compress: bool) -> None:
    url, compression = encode(content, may_compress=may_compress)
    assert unpacked(url, compression) == content
    assert fault(url) is None
    assert compression in ({"", "gzip"} if may_compress else {""})


@settings(max_examples=500, deadline=None, derandomize=True)
@given(content=CONTENTS)
def test_the_shortest_form_wins(content: bytes) -> None:
    plain, _ = encode(content, may_compress=False)
    packed, compression = encode(content, may_compress=True)
    escaped = "data:," + percent_encode(content)
    assert len(plain) <= len(escaped)
    assert len(packed) + len(compression) <= len(plain)
    assert decode(escaped) == content


@settings(max_examples=500, deadline=None, derandomize=True)
@given(rest=st.text('aG=;,/\\"% \näbase64xt', max_size=20))
def test_a_url_is_read_or_says_why_not(rest: str) -> None:
    words = fault("data:" + rest)
    if words is None:
        assert isinstance(decode("data:" + rest), bytes)
    else:
        with pytest.raises(DataUrlError):
            decode("data:" + rest)


def test_the_same_content_is_always_compressed_alike() -> None:
    urls = {encode(b"stoker " * 100, may_compress=True) for _ in range(3)}
    assert len(urls) == 1
