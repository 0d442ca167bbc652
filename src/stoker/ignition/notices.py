"""What only Stoker's own verbs say of a config: whether a platform takes it."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

TOO_LARGE: Final = Message(
    "user-data-too-large",
    "the config takes {taken} bytes; {carrier} on {platform} takes {limit}",
    "let a small config fetch the large parts: `source` with `verification.hash`, or `ignition.config.merge`",
)
NEARLY_TOO_LARGE: Final = Message(
    "user-data-nearly-too-large",
    "the config takes {taken} of the {limit} bytes that {carrier} on {platform} takes",
    "let a small config fetch the large parts: `source` with `verification.hash`, or `ignition.config.merge`",
)
LARGE_PART: Final = Message("large-part", "this takes {taken} of the {total} bytes")
