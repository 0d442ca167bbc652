"""A value that nobody shall see: it goes in as text, and out only to who asks for it by name."""

from __future__ import annotations


class Secret:
    """A secret text. Whatever prints it, a log, a report or a traceback, prints that it is one."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be stored")

    def reveal(self) -> str:
        """The text itself."""
        return self._text
