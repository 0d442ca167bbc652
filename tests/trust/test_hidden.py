"""A Secret shows itself to nobody, and is kept nowhere."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from stoker.trust import Secret

CANARY = "canary-c0ffee"


@dataclass
class Holder:
    secret: Secret


class Held(msgspec.Struct):
    secret: Secret


SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda secret: f"{secret} {secret!r} {secret!s} {secret:>40} {'%s' % secret} {'{}'.format(secret)}",  # noqa: UP031, UP032
    "in a list": lambda secret: str([secret, {"a": secret}]),
    "in a dataclass": lambda secret: str(Holder(secret)),
    "in a struct": lambda secret: str(Held(secret)),
    "in a log": lambda secret: logging.makeLogRecord({"msg": "%s %r", "args": (secret, secret)}).getMessage(),
    "its directory": lambda secret: str(dir(secret)) + str(type(secret).__doc__),
}
KEPT: dict[str, Callable[[Secret], object]] = {
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "JSON": msgspec.json.encode,
    "MessagePack": msgspec.msgpack.encode,
    "plain data": lambda secret: msgspec.to_builtins(Held(secret)),
    "hash": hash,
    "vars": vars,
    "bytes": bytes,  # type: ignore[dict-item]
    "iteration": list,  # type: ignore[dict-item]
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=list(SHOWN))
def test_a_secret_is_not_shown(show: Callable[[Secret], str]) -> None:
    assert CANARY not in show(Secret(CANARY))


@pytest.mark.parametrize("keep", KEPT.values(), ids=list(KEPT))
def test_a_secret_is_not_kept(keep: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as raised:
        keep(Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(raised.value))


def test_a_traceback_with_the_locals_has_none() -> None:
    def fail(secret: Secret) -> None:
        raise ValueError(f"no use for {secret}")

    try:
        fail(Secret(CANARY))
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "Secret(***)" in shown
    assert "secret = " in shown
    assert CANARY not in shown


def test_secrets_are_compared_and_asked_for() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\udcff").reveal_bytes() == b"\xff"
    assert (bool(Secret("")), bool(Secret("a"))) == (False, True)
