"""Receipts: found by the digest of what was rendered or sent, with nothing of a secret in them."""

from __future__ import annotations

import hashlib

import msgspec

from stoker.machines import find_receipt, told_by, write_receipt
from stoker.report import Event

KEY = b"the server's own"
UNRESOLVED, SENT = b'{"a": "secret://env/A"}', b'{"a": "canary-51c2"}'
RECEIPT = write_receipt(KEY, UNRESOLVED, SENT, 7.0, version="3.4.0", template="ignition/web.bu", revision="r")


def sha512(text: bytes) -> str:
    return hashlib.sha512(text).hexdigest()


def test_a_receipt_is_found_by_either_digest() -> None:
    assert find_receipt([RECEIPT], sha512(UNRESOLVED)) == RECEIPT
    assert find_receipt([RECEIPT], sha512(SENT), KEY) == RECEIPT
    assert find_receipt([RECEIPT], sha512(SENT)) is None
    assert find_receipt([RECEIPT], sha512(SENT), b"another key") is None
    assert find_receipt([], sha512(SENT), KEY) is None


def test_of_many_the_last_is_found() -> None:
    later = msgspec.structs.replace(RECEIPT, at=8.0)
    assert find_receipt([RECEIPT, later], sha512(SENT), KEY) == later


def test_nothing_that_is_kept_says_what_was_sent() -> None:
    event = Event(8.0, "files", "x", digest=sha512(SENT))
    kept = told_by(event, [RECEIPT], KEY)
    assert kept == msgspec.structs.replace(event, digest=sha512(UNRESOLVED))
    text = msgspec.json.encode([RECEIPT, kept]).decode() + repr(RECEIPT)
    assert "canary" not in text
    assert sha512(SENT) not in text


def test_an_event_of_another_config_stays_as_it_is() -> None:
    for event in (Event(8.0, "files", "x"), Event(8.0, "files", "x", digest="other")):
        assert told_by(event, [RECEIPT], KEY) == event
