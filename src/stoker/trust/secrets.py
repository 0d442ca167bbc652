"""A value that nobody shall see: it goes in as text, and out only to who asks for it by name.

Bytes that are not UTF-8 are in the text as Python escapes them (PEP 383).
"""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

HIDDEN: Final = "Secret(***)"


class Secret:
    """A secret text. Whatever prints it, a log, a report or a traceback, prints that it is one."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal_bytes(), other.reveal_bytes())

    __hash__ = None  # type: ignore[assignment]  # a hash would tell of the text

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, form: str) -> str:
        return HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not to be stored")

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def reveal_bytes(self) -> bytes:
        """The text as the bytes it came in."""
        return self._text.encode("utf-8", "surrogateescape")
