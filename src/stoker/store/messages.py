"""What is found in a store: the catalogue of its findings."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

UNREADABLE: Final = Message("store-unreadable", "cannot read `{key}`: {reason}", "check its owner and mode")
TOO_LARGE: Final = Message("store-too-large", "`{key}` has {size} bytes, more than the {limit} that are read")
TOO_MANY: Final = Message("store-too-many", "more than {limit} files; `{key}` and those after it are not read")
