"""Pieces on the way: gzip as Go reads it, bounds, digests."""

from __future__ import annotations

import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoker.fetch import BadSource, FetchFault, WrongBytes
from stoker.fetch.checks import PIECE, check_request, checked, gunzip


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 50))
def test_members_are_joined_wherever_the_pieces_are_cut(members: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, members))
    assert b"".join(gunzip(cut(packed, size))) == b"".join(members)


@given(st.binary(max_size=300), st.data())
def test_what_is_cut_short_is_refused(content: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(content)
    end = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(WrongBytes) as caught:
        list(gunzip([packed[:end]]))
    assert caught.value.code == "bad-compression"


@given(st.binary(min_size=1, max_size=40), st.integers(1, 60))
def test_nothing_may_follow_the_last_member(garbage: bytes, size: int) -> None:
    if garbage.startswith(b"\x1f"):
        return  # the beginning of a member, or of nothing
    with pytest.raises(WrongBytes, match=r"invalid header|unexpected EOF"):
        list(gunzip(cut(gzip.compress(b"text") + garbage, size)))


@given(st.integers(0, 3 * PIECE), st.integers(1, 4096))
def test_pieces_are_bounded_and_whole(size: int, fed: int) -> None:
    pieces = list(gunzip(cut(gzip.compress(bytes(size), mtime=0), fed)))
    assert sum(map(len, pieces)) == size
    assert all(0 < len(piece) <= PIECE for piece in pieces)


def test_many_members_are_no_burden() -> None:
    empty = gzip.compress(b"")
    assert b"".join(gunzip([empty * 50_000 + gzip.compress(b"text")])) == b"text"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "there are no data"),
        (b"plain", "gzip: invalid header"),
        (gzip.compress(b"x" * 50)[:-4], "unexpected EOF"),
        (gzip.compress(b"x") + b"trailing", "gzip: invalid header"),
        (gzip.compress(b"x") + b"\0" * 100, "gzip: invalid header"),
        (gzip.compress(b"x")[:-8] + b"\0" * 8, "gzip: invalid checksum"),
        (gzip.compress(b"x")[:-4] + b"\0" * 4, "gzip: invalid checksum"),
    ],
    ids=["empty", "plain", "cut", "trailing", "padded", "wrong checksum", "wrong length"],
)
def test_gzip_that_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(WrongBytes, match=reason) as caught:
        list(checked([content], "gzip", "", 100))
    assert caught.value.code == "bad-compression"


@pytest.mark.parametrize(
    ("content", "compression", "code"),
    [
        (b"x" * 100, "", None),
        (b"x" * 101, "", "too-large"),
        (gzip.compress(b"\0" * 100), "gzip", None),
        (gzip.compress(b"\0" * 101), "gzip", "too-large"),
        (gzip.compress(b"\0" * 60) * 2, "gzip", "too-large"),
    ],
)
def test_the_size_is_bounded_after_decompression(content: bytes, compression: str, code: str | None) -> None:
    assert code_of(lambda: list(checked([content], compression, "", 100))) == code


def code_of(call: object) -> str | None:
    try:
        call()  # type: ignore[operator]
    except FetchFault as fault:
        return fault.code
    return None


@pytest.mark.parametrize(
    ("size", "code"), [(PIECE, None), (4 * PIECE, "too-dense")], ids=["what is free", "beyond what is free"]
)
def test_the_growth_is_bounded(size: int, code: str | None) -> None:
    bomb = gzip.compress(bytes(size))
    assert code_of(lambda: list(gunzip([bomb], free=2 * PIECE))) == code


SHA256 = hashlib.sha256(b"text").hexdigest()
SHA512 = hashlib.sha512(b"text").hexdigest()


@pytest.mark.parametrize(
    ("digest", "code"),
    [
        (f"sha256-{SHA256}", None),
        (f"sha512-{SHA512}", None),
        (f"sha256-{SHA256.upper()}", None),
        (f"sha256-{'0' * 64}", "wrong-digest"),
    ],
)
def test_digests(digest: str, code: str | None) -> None:
    assert code_of(lambda: list(checked([b"te", b"xt"], "", digest, 100))) == code


def test_the_digest_is_that_of_the_decompressed_bytes() -> None:
    assert list(checked([gzip.compress(b"text")], "gzip", f"sha256-{SHA256}", 100)) == [b"text"]
    wanted = f"hash verification failed \\(calculated [0-9a-f]{{64}} but expected {SHA256}\\)"
    with pytest.raises(WrongBytes, match=wanted):
        list(checked([gzip.compress(b"other")], "gzip", f"sha256-{SHA256}", 100))


@pytest.mark.parametrize(
    ("compression", "digest", "code"),
    [
        ("", f"sha512-{SHA256}", "bad-digest"),
        ("", f"sha256-{SHA256[:-1]}x", "bad-digest"),
        ("", f"md5-{SHA256}", "bad-digest"),
        ("", SHA256, "bad-digest"),
        ("xz", "", "bad-compression-name"),
    ],
)
def test_what_cannot_be_checked_is_not_asked_for(compression: str, digest: str, code: str) -> None:
    with pytest.raises(BadSource) as caught:
        check_request(compression, digest)
    assert caught.value.code == code
