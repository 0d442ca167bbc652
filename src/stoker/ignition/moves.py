"""Where the parts of a translated config stood in what went in.

The translators note what they move; out comes, for a pointer into the result, the pointer into the source.
"""

from __future__ import annotations

import msgspec

from stoker.report import Entry, Pointer


class Moves:
    """Where parts of the result stood in what went in; all others stood where they stand."""

    __slots__ = ("_moved",)

    def __init__(self) -> None:
        self._moved: dict[Pointer, Pointer] = {}

    def note(self, result: Pointer, source: Pointer) -> None:
        """Note that the part at `result` comes from `source`."""
        self._moved[result] = source

    def source(self, result: Pointer) -> Pointer:
        """The pointer into what went in of the part at `result`."""
        for length in range(len(result), 0, -1):
            source = self._moved.get(result[:length])
            if source is not None:
                return source + result[length:]
        return result

    def back(self, entry: Entry) -> Entry:
        """A finding about the result as one about what went in."""
        return msgspec.structs.replace(entry, pointer=self.source(entry.pointer))
