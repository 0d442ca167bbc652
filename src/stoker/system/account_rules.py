"""What may stand in an account: in go the fields asked for, out comes nothing, or an `AccountFault` saying why not.

A colon or a line break in a field would change other fields or forge a line. Names follow useradd(8), CAVEATS, and
stay as wide as Debian's and Fedora's tools accept them.
"""

from __future__ import annotations

import re
from typing import Final

from stoker.system.errors import AccountFault
from stoker.system.protocol import GroupFields, UserFields

HIGHEST_ID: Final = (1 << 32) - 2  # 2**32 - 1 means "no change" to chown(2)

_NAME: Final = re.compile(r"(?![-+~.])[^\s:,/\x00-\x1f\x7f]{1,32}|\.[^\s:,/.\x00-\x1f\x7f][^\s:,/\x00-\x1f\x7f]{0,30}")
_FIELD: Final = re.compile(r"[^:\x00-\x1f\x7f]*")


def check_user(fields: UserFields) -> None:
    """Raise `AccountFault` unless every field can stand in its file."""
    who = _check_name("user", fields.name)
    _check_id(who, fields.uid)
    texts = {
        "gecos": fields.gecos,
        "home directory": fields.home,
        "shell": fields.shell,
        "password hash": fields.password,
    }
    for what, text in texts.items():
        if text is not None and not _FIELD.fullmatch(text):
            raise AccountFault(f"the {what} of {who} has a colon or a control character in it")
    for what in ("home directory", "shell"):
        text = texts[what]
        if text and not text.startswith("/"):
            raise AccountFault(f"the {what} `{text}` of {who} is no absolute path")


def check_group(fields: GroupFields) -> None:
    """Raise `AccountFault` unless every field can stand in its file."""
    who = _check_name("group", fields.name)
    _check_id(who, fields.gid)
    if fields.password is not None and not _FIELD.fullmatch(fields.password):
        raise AccountFault(f"the password hash of {who} has a colon or a control character in it")


def _check_name(kind: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise AccountFault(f"`{name}` cannot be the name of a {kind}")
    return f"{kind} `{name}`"


def _check_id(who: str, number: int | None) -> None:
    if number is not None and not 0 <= number <= HIGHEST_ID:
        raise AccountFault(f"{number} cannot be the id of {who}")
