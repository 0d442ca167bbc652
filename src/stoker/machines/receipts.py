"""Receipts: which config a machine was sent. A config goes in, a Receipt that holds no secret of it comes out.

A receipt names the config by the SHA-512 of its unresolved bytes, where references still stand for secrets, and what
was really sent by a keyed digest: of secrets that are easy to guess even a digest tells, unless it takes a key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import msgspec

from stoker.report import Event


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """That a config was sent: which one, made of which template, in which Ignition version.

    `config` is the SHA-512 of the unresolved config, `sent` the keyed digest of the SHA-512 of what was sent. The
    template is named by its key in the catalogue and the revision of its bytes.
    """

    at: float
    config: str
    sent: str
    version: str = ""
    template: str = ""
    revision: str = ""
    group: str = ""
    profile: str = ""


def keyed_digest(key: bytes, data: bytes | str) -> str:
    """HMAC-SHA-256 (RFC 2104) of some bytes, in hexadecimal; `key` is the server's own."""
    return hmac.digest(key, data.encode() if isinstance(data, str) else data, "sha256").hex()


def write_receipt(
    key: bytes,
    unresolved: bytes,
    sent: bytes,
    at: float,
    *,
    digest: str = "",
    version: str = "",
    template: str = "",
    revision: str = "",
    group: str = "",
    profile: str = "",
) -> Receipt:
    """The receipt for a config that was sent; `digest` is the SHA-512 of the unresolved one where that is known."""
    config = digest or hashlib.sha512(unresolved).hexdigest()
    keyed = keyed_digest(key, config if sent is unresolved else hashlib.sha512(sent).hexdigest())
    return Receipt(at, config, keyed, version, template, revision, group, profile)


def find_receipt(receipts: Iterable[Receipt], digest: str, key: bytes = b"") -> Receipt | None:
    """The last receipt of a config by its digest: of the unresolved config or, with the `key`, of what was sent."""
    keyed = keyed_digest(key, digest) if key else ""
    found = None
    for receipt in receipts:
        if receipt.config == digest or (keyed and hmac.compare_digest(receipt.sent, keyed)):
            found = receipt
    return found


def told_by(event: Event, receipts: Iterable[Receipt], key: bytes) -> Event:
    """An event as it may be kept: a machine names what it was sent, what is kept names the unresolved config."""
    receipt = find_receipt(receipts, event.digest, key) if event.digest else None
    return event if receipt is None else msgspec.structs.replace(event, digest=receipt.config)
