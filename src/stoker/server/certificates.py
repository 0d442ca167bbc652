"""Three files go in, what a TLS listener needs of them comes out, again whenever one of them has changed.

They are the server's certificate with its chain, its key, and the certificates of those who sign clients', all in PEM.
What is on the disk is tried before it is handed out: a pair that does not fit, or half of a renewal, is named once in
the log and the last good ones stay.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from stoker.report import Level, Line
from stoker.server.errors import CertificateError

MAX_FILE: Final = 1 << 20

Signature = tuple[tuple[int, ...], ...]


class CertificateFiles(NamedTuple):
    """Where they are."""

    certificate: Path
    key: Path
    authority: Path


class Certificates(NamedTuple):
    """What is in them."""

    certificate: bytes
    key: bytes
    authority: bytes

    def __repr__(self) -> str:
        return "Certificates()"  # the key is nobody's business


class WatchedCertificates:
    """The certificates of some files, as they were when they last fitted together."""

    def __init__(self, files: CertificateFiles, log: Callable[[Line], None]) -> None:
        """Read them. Raises CertificateError if they cannot be used."""
        self.files = files
        self.log = log
        self.trouble = ""
        self.seen: Signature = _look(files)
        self.current = _read(files)

    def renew(self) -> Certificates | None:
        """What is on the disk, if that is new and can be used; any thread may ask."""
        try:
            found = _look(self.files)
            if found == self.seen:
                return None
            self.seen = found
            certificates = _read(self.files)
            if _look(self.files) != found:
                self.seen = ()  # somebody is writing: what was read may be of two generations
                return None
        except CertificateError as error:
            if str(error) != self.trouble:
                self.log(Line(f"error: {error}; the certificates read before stay in use", Level.ERROR))
            self.trouble = str(error)
            return None
        self.trouble = ""
        if certificates == self.current:
            return None
        self.current = certificates
        self.log(Line(f"read the certificates of `{self.files.certificate}` again"))
        return certificates


def _look(files: CertificateFiles) -> Signature:
    """What changes when a file does. Raises CertificateError if one is not there."""
    signature = []
    for path in files:
        try:
            status = path.stat()
        except OSError as error:
            raise CertificateError(f"cannot read `{path}`: {error.strerror}") from error
        signature.append((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(signature)


def _read(files: CertificateFiles) -> Certificates:
    """The bytes of the files, once it is clear that TLS takes them. Raises CertificateError if not."""
    import ssl  # noqa: PLC0415  only a listener with TLS needs it

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    read = Certificates(*map(_bytes, files))
    try:
        # A key behind a passphrase is refused rather than asked for on the terminal.
        context.load_cert_chain(files.certificate, files.key, password=lambda: b"")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise CertificateError(f"`{files.certificate}` and the key `{files.key}` cannot be used: {reason}") from error
    try:
        context.load_verify_locations(files.authority)
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        raise CertificateError(f"`{files.authority}` has no certificate of an authority: {reason}") from error
    return read


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise CertificateError(f"cannot read `{path}`: {error.strerror}") from error
    if len(data) > MAX_FILE:
        raise CertificateError(f"`{path}` has more than {MAX_FILE} bytes")
    return data
