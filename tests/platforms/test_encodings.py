"""Wrappings: what comes out, what is refused, and that small bytes cannot become large ones."""

from __future__ import annotations

import base64
import gzip
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.platforms import Damaged
from stoker.platforms.encodings import STEPS, decode
from stoker.platforms.machine import LARGEST

CONFIG = b'{"ignition": {}}'
IN_BASE64 = base64.b64encode(CONFIG)
IN_GZIP = gzip.compress(CONFIG)
IN_BOTH = base64.b64encode(IN_GZIP)

GOOD = [
    ("", CONFIG, CONFIG),
    ("", b"", b""),
    ("base64", IN_BASE64, CONFIG),
    ("b64", IN_BASE64, CONFIG),
    ("base64", IN_BASE64[:7] + b"\r\n" + IN_BASE64[7:] + b"\n", CONFIG),
    ("base64", b"", b""),
    ("gzip", IN_GZIP, CONFIG),
    ("gz", IN_GZIP[:0] + gzip.compress(CONFIG[:5]) + gzip.compress(CONFIG[5:]), CONFIG),
    ("gz+base64", IN_BOTH, CONFIG),
    ("gzip+b64", IN_BOTH, CONFIG),
    ("gzip?+base64", IN_BOTH, CONFIG),
    ("gzip?+base64", IN_BASE64, CONFIG),
]


@pytest.mark.parametrize(("encoding", "content", "expected"), GOOD)
def test_a_config_is_unwrapped(encoding: str, content: bytes, expected: bytes) -> None:
    assert decode(content, encoding, "here") == expected


BAD = {
    "a space in base64": ("base64", b"YWJj IA==", "the config at here is not base64: "),
    "base64 without its padding": ("base64", b"YWI", "the config at here is not base64: "),
    "more after the padding": ("base64", b"YQ==YQ==", "the config at here is not base64: "),
    "no gzip": ("gzip", CONFIG, "the config at here is not gzip: "),
    "nothing": ("gzip", b"", "the config at here is not gzip: it ends too early"),
    "gzip cut short": ("gzip", IN_GZIP[:-1], "the config at here is not gzip: it ends too early"),
    "gzip with another sum": ("gzip", IN_GZIP[:-8] + bytes(8), "the config at here is not gzip: "),
    "rubbish behind gzip": ("gzip", IN_GZIP + b"x", "the config at here is not gzip: "),
    "of no name": ("rot13", CONFIG, "unsupported encoding `rot13` of the config at here"),
    "too large as it stands": ("", bytes(LARGEST + 1), f"the config at here is larger than {LARGEST} bytes"),
}


@pytest.mark.parametrize(("encoding", "content", "text"), BAD.values(), ids=BAD)
def test_what_cannot_be_unwrapped_is_refused(encoding: str, content: bytes, text: str) -> None:
    with pytest.raises(Damaged) as caught:
        decode(content, encoding, "here")
    assert str(caught.value).startswith(text)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = io.BytesIO()
    for _ in range(LARGEST * 4 >> 20):
        bomb.write(packer.compress(bytes(1 << 20)))
    bomb.write(packer.flush())
    with pytest.raises(Damaged, match="is larger than"):
        decode(bomb.getvalue(), "gzip", "here")


def test_the_hint_names_the_encodings() -> None:
    with pytest.raises(Damaged) as caught:
        decode(b"", "zip", "here")
    assert caught.value.hint == (
        "known are: `b64`, `base64`, `gz`, `gzip`, `gz+b64`, `gz+base64`, `gzip+b64`, `gzip+base64`"
    )


@given(st.binary(max_size=4096), st.sampled_from([name for name in STEPS if "?" not in name]))
def test_whatever_is_wrapped_comes_out_again(content: bytes, encoding: str) -> None:
    wrapped = gzip.compress(content) if "gz" in encoding else content
    wrapped = base64.b64encode(wrapped) if "64" in encoding else wrapped
    assert decode(wrapped, encoding, "here") == content


@given(st.binary(max_size=512), st.sampled_from(sorted(STEPS)))
def test_any_bytes_are_unwrapped_or_refused(content: bytes, encoding: str) -> None:
    try:
        decode(content, encoding, "here")
    except Damaged:
        return
