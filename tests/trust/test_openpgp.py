"""Signatures by the real gpg, judged by the real gpg."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stoker.trust import KeyRingError, Secret
from stoker.trust.openpgp import open_key_ring, sweep

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed (scripts/debian-packages)")


class Home:
    """A home of gpg with two keys and their rings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(mode=0o700)
        for name, passphrase in (("plain", ""), ("locked", "open sesame")):
            unlock = ("--pinentry-mode", "loopback", "--passphrase", passphrase)
            self.gpg(*unlock, "--quick-gen-key", f"{name} <{name}@example.com>", "rsa2048", "sign", "never")
            self.gpg(*unlock, "-o", str(path / f"{name}.gpg"), "--export-secret-keys", f"{name}@example.com")

    def gpg(self, *words: str) -> bytes:
        command = ["gpg", "--batch", "--homedir", str(self.path), *words]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def verify(self, signature: bytes, data: bytes) -> tuple[bool, bool]:
        """Whether a signature is good, and whether it is one of text by SHA-256."""
        (self.path / "signature").write_bytes(signature)
        (self.path / "data").write_bytes(data)
        status = self.gpg("--status-fd", "1", "--verify", str(self.path / "signature"), str(self.path / "data"))
        packets = self.gpg("--list-packets", str(self.path / "signature"))
        return b"GOODSIG" in status, b"sigclass 0x01" in packets and b"digest algo 8" in packets


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("gpg") / "home")
    yield made
    subprocess.run(["gpgconf", "--homedir", str(made.path), "--kill", "gpg-agent"], check=False)


TEXTS = [b"", b"#!ipxe\nboot\n", b"kernel \nno end", b"crlf\r\nand lf\n", b"caf\xc3\xa9 \xff\x00"]


@pytest.mark.parametrize("data", TEXTS, ids=[repr(text) for text in TEXTS])
@pytest.mark.parametrize("name, passphrase", [("plain", ""), ("locked", "open sesame")])
def test_a_signature_of_text(home: Home, name: str, passphrase: str, data: bytes) -> None:
    with open_key_ring(home.path / f"{name}.gpg", Secret(passphrase)) as signer:
        for is_armored in (False, True):
            signature = signer.sign(data, is_armored=is_armored)
            assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----") is is_armored
            assert home.verify(signature, data) == (True, True)


def test_a_text_is_signed_once_and_what_is_kept_is_bounded(home: Home) -> None:
    with open_key_ring(home.path / "plain.gpg", Secret("")) as signer:
        assert signer.sign(b"a", is_armored=False) is signer.sign(b"a", is_armored=False)
        signer.kept.update(((bytes([number // 256, number % 256]), False), b"") for number in range(2000))
        signer.sign(b"b", is_armored=False)
        assert len(signer.kept) == 1024


def test_the_keys_are_gone_in_the_end(home: Home) -> None:
    with open_key_ring(home.path / "plain.gpg", Secret("")) as signer:
        assert signer.home.stat().st_mode & 0o777 == 0o700
    assert not signer.home.exists()


def test_what_the_killed_left_behind_is_swept(tmp_path: Path) -> None:
    for name in ("left", "used"):
        (tmp_path / f"stoker-gpg-{name}").mkdir()
        (tmp_path / f"stoker-gpg-{name}" / "lock").touch()
    (tmp_path / "stoker-gpg-new").mkdir()
    (tmp_path / "stoker-gpg-link").symlink_to(tmp_path / "stoker-gpg-used")
    with (tmp_path / "stoker-gpg-used" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["stoker-gpg-link", "stoker-gpg-new", "stoker-gpg-used"]


RINGS = [
    ("locked.gpg", "", "sign: missing passphrase for encrypted private key"),
    ("locked.gpg", "wrong", "openpgp: invalid data: private key checksum failure"),
    ("text", "", "openpgp: invalid data: tag byte does not have MSB set"),
    ("empty", "", "sign: provided key ring file contained no keys"),
    ("public", "", "sign: provided key ring file contained no keys"),
    ("mangled", "", "openpgp: invalid data: "),
]


@pytest.mark.parametrize("name, passphrase, expected", RINGS, ids=[f"{row[0]} {row[1]}" for row in RINGS])
def test_a_ring_that_will_not_do(home: Home, name: str, passphrase: str, expected: str) -> None:
    (home.path / "text").write_text("-----BEGIN CERTIFICATE-----\n")
    (home.path / "empty").write_bytes(b"")
    (home.path / "public").write_bytes(home.gpg("--export", "plain@example.com"))
    (home.path / "mangled").write_bytes((home.path / "plain.gpg").read_bytes()[:300])
    with pytest.raises(KeyRingError) as caught, open_key_ring(home.path / name, Secret(passphrase)):
        pass
    assert str(caught.value).startswith(expected)
    assert "wrong" not in str(caught.value)


def test_a_ring_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_key_ring(tmp_path / "none", Secret("")):
        pass
    assert os.listdir(tmp_path) == []
