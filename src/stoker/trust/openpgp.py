"""Signing by GnuPG: a secret key ring and its passphrase go in, a Signer comes out that lasts as long as its context.

The signatures are detached ones of text (class 0x01, RFC 9580, section 5.2.1.2) by SHA-256, which Matchbox makes and
GRUB verifies. pysequoia makes detached signatures of class 0x00 only, and those of text only inside a message, over
lines without the blanks at their ends: so it is gpg, in a home of its own that is gone in the end.

Faults are said in the words of the library that Matchbox reads key rings with (golang.org/x/crypto/openpgp), since
scripts know them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from stoker.system.commands import run
from stoker.system.errors import CommandFault
from stoker.trust.errors import KeyRingError, SigningError
from stoker.trust.secrets import Secret

MAX_RING: Final = 1 << 20
MAX_KEPT: Final = 1024  # signatures, so that a text that many machines get is signed once
SECONDS: Final = 20.0
TAG_BIT: Final = 0x80  # RFC 9580, section 4.2: the first bit of every packet is set
# In memory where there is such a place: the keys of the ring lie in the home.
HOMES: Final = (os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm")  # noqa: S108 -- a directory of its own in it

HOME: Final = "stoker-gpg-"
LOCK: Final = "lock"

NO_KEYS: Final = "sign: provided key ring file contained no keys"
NO_PASSPHRASE: Final = "sign: missing passphrase for encrypted private key"
NO_PACKET: Final = "openpgp: invalid data: tag byte does not have MSB set"
BAD_PASSPHRASE: Final = "openpgp: invalid data: private key checksum failure"
LOCKED: Final = (b"Bad passphrase", b"No passphrase given")


@contextmanager
def open_key_ring(path: Path, passphrase: Secret) -> Iterator[GnuPG]:
    """A Signer by the first key of a binary key ring. Raises KeyRingError, and OSError where it cannot be read."""
    with path.open("rb") as file:
        ring = file.read(MAX_RING)
    if not ring:
        raise KeyRingError(NO_KEYS)
    if not ring[0] & TAG_BIT:
        raise KeyRingError(NO_PACKET)
    place = next((each for each in HOMES if each and os.access(each, os.W_OK)), tempfile.gettempdir())
    sweep(Path(place))
    home = Path(tempfile.mkdtemp(prefix=HOME, dir=place))
    try:
        with (home / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield GnuPG(home, ring, passphrase)
    finally:
        _leave(home)


def sweep(place: Path) -> None:
    """Remove this user's homes that nobody has locked: of those who were killed before they could do it themselves."""
    for home in place.glob(f"{HOME}*"):
        with suppress(OSError):  # locked, or gone meanwhile
            status = home.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                with (home / LOCK).open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _leave(home)


def _leave(home: Path) -> None:
    """Stop the agent of a home, which holds the keys in its memory, and remove the home."""
    with suppress(CommandFault):  # without gpgconf there was no agent
        run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], seconds=SECONDS)
    shutil.rmtree(home, ignore_errors=True)


class GnuPG:
    """A Signer by the first key of a ring, in a home that holds nothing else."""

    def __init__(self, home: Path, ring: bytes, passphrase: Secret) -> None:
        """Take the ring in and sign once, to know that it can be done. Raises KeyRingError."""
        self.home = home
        self.passphrase = passphrase
        self.kept: OrderedDict[tuple[bytes, bool], bytes] = OrderedDict()
        try:
            listing = self._gpg("--with-colons", "--import-options", "show-only", "--import", stdin=ring)
            self._gpg("--import", stdin=ring)
        except CommandFault as fault:
            raise KeyRingError(f"openpgp: invalid data: {_words(fault)}") from None
        records = [line.split(b":") for line in listing.splitlines()]
        kinds = [record[0] for record in records]
        if b"sec" not in kinds:
            raise KeyRingError(NO_KEYS)
        key = next(record[9] for record in records[kinds.index(b"sec") :] if record[0] == b"fpr").decode()
        self.key = self._usable(key)

    def sign(self, data: bytes, *, is_armored: bool) -> bytes:
        """A detached signature. Raises SigningError."""
        name = (hashlib.sha256(data).digest(), is_armored)
        if name not in self.kept:
            try:
                self.kept[name] = self._sign(data, self.key, is_armored=is_armored)
            except (CommandFault, OSError) as fault:
                words = _words(fault) if isinstance(fault, CommandFault) else str(fault)
                raise SigningError(f"openpgp: {words}") from None
            while len(self.kept) > MAX_KEPT:
                self.kept.popitem(last=False)
        self.kept.move_to_end(name)
        return self.kept[name]

    def _usable(self, key: str) -> str:
        """The primary key, as Matchbox uses it; where it may not sign, what gpg takes in its place."""
        for name in (f"{key}!", key):
            try:
                self._sign(b"", name, is_armored=False)
            except CommandFault as fault:
                if any(words in fault.errors for words in LOCKED):
                    raise KeyRingError(BAD_PASSPHRASE if self.passphrase else NO_PASSPHRASE) from None
                reason = _words(fault)
            else:
                return name
        raise KeyRingError(f"openpgp: {reason}")

    def _sign(self, data: bytes, key: str, *, is_armored: bool) -> bytes:
        text = self.home / "text"
        text.write_bytes(data)
        form = ["--armor"] if is_armored else []
        how = ["--textmode", "--digest-algo", "SHA256", "--local-user", key]
        unlock = ["--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        passphrase = self.passphrase.reveal().encode() + b"\n"
        return self._gpg(*unlock, *form, *how, "--output", "-", "--detach-sign", str(text), stdin=passphrase)

    def _gpg(self, *arguments: str, stdin: bytes) -> bytes:
        quiet = ("--batch", "--no-tty", "--quiet", "--no-options", "--trust-model", "always")
        return run(["gpg", "--homedir", str(self.home), *quiet, *arguments], stdin, SECONDS)


def _words(fault: CommandFault) -> str:
    """What gpg said last."""
    said = fault.errors.decode("utf-8", "replace").strip().splitlines()
    return said[-1].removeprefix("gpg: ") if said else str(fault)
