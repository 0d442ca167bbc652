"""Certificates on the disk: what is taken, what is refused and in which words, and that a key is never shown."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import copytree

import pytest

from stoker.server.certificates import MAX_FILE, CertificateFiles, WatchedCertificates
from stoker.server.errors import CertificateError


@pytest.fixture
def files(tmp_path: Path, certificates: Path) -> CertificateFiles:
    own = tmp_path / "certificates"
    copytree(certificates, own)
    return CertificateFiles(own / "server.crt", own / "server.key", own / "ca.crt")


def lock(files: CertificateFiles) -> None:
    words = ["openssl", "pkey", "-in", files.key, "-aes256", "-passout", "pass:secret"]
    files.key.write_bytes(subprocess.run(words, check=True, capture_output=True).stdout)


BROKEN = {
    "no key": (lambda files: files.key.unlink(), "cannot read `DIR/server.key`: No such file or directory"),
    "a folder": (
        lambda files: (files.authority.unlink(), files.authority.mkdir()),
        "cannot read `DIR/ca.crt`: Is a directory",
    ),
    "a key of another": (
        lambda files: files.key.write_bytes((files.key.parent / "client.key").read_bytes()),
        "`DIR/server.crt` and the key `DIR/server.key` cannot be used: KEY_VALUES_MISMATCH",
    ),
    "a locked key": (lock, "`DIR/server.crt` and the key `DIR/server.key` cannot be used: "),
    "half a file": (
        lambda files: files.certificate.write_bytes(files.certificate.read_bytes()[:200]),
        "`DIR/server.crt` and the key `DIR/server.key` cannot be used: ",
    ),
    "an empty authority": (
        lambda files: files.authority.write_bytes(b""),
        "`DIR/ca.crt` has no certificate of an authority: ",
    ),
    "too large": (
        lambda files: files.certificate.write_bytes(b"x" * (MAX_FILE + 1)),
        f"`DIR/server.crt` has more than {MAX_FILE} bytes",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_is_refused_at_the_start_and_passed_over_later(name: str, files: CertificateFiles) -> None:
    breaks, words = BROKEN[name]
    log: list[str] = []
    watched = WatchedCertificates(files, log.append)
    before = watched.current
    breaks(files)
    assert [watched.renew(), watched.renew()] == [None, None]
    assert watched.current == before
    (line,) = log
    where = str(files.key.parent)
    assert line.replace(where, "DIR").startswith(f"error: {words}")
    assert line.endswith("; the certificates read before stay in use")
    with pytest.raises(CertificateError) as refused:
        WatchedCertificates(files, log.append)
    assert str(refused.value).replace(where, "DIR").startswith(words)


def test_a_renewal_is_handed_out_once(files: CertificateFiles) -> None:
    log: list[str] = []
    watched = WatchedCertificates(files, log.append)
    assert watched.renew() is None
    for kind in ("crt", "key"):
        path = files.key.with_name(f"server.{kind}")
        path.write_bytes(files.key.with_name(f"renewed.{kind}").read_bytes())
    found = watched.renew()
    assert found is not None
    assert found.certificate == files.certificate.read_bytes()
    assert watched.renew() is None
    files.certificate.touch()
    assert watched.renew() is None
    assert log == [f"read the certificates of `{files.certificate}` again"]
    assert "PRIVATE" not in f"{found} {found!r} {watched.current}"
