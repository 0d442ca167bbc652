"""What can be wrong with a config before its rules apply, and what a conversion loses.

The first sentences are Ignition 2.26's.
"""

from __future__ import annotations

from typing import Final

from stoker.report import Message

EMPTY: Final = Message("empty-config", "not a config (empty)")
INVALID_VERSION: Final = Message("invalid-config-version", "invalid config version (couldn't parse)")
UNKNOWN_VERSION: Final = Message("unknown-config-version", "unsupported config version")
WRONG_TYPE: Final = Message("wrong-json-type", "{problem}")

UNUSABLE: Final = Message("unusable-config", "{problem}")

# conversion
NOT_IN_TARGET: Final = Message(
    "not-in-target", "`{name}` cannot be said in Ignition {target}; it came with {since}", "convert to {since} or later"
)
MODE_MASKED: Final = Message(
    "mode-masked",
    "setuid, setgid and sticky bits are dropped: before 3.6.0 they had no effect, so keeping them would give more "
    "rights than before",
    "write the mode again after the conversion",
)
RULE_IN_TARGET: Final = Message("rule-in-target", "Ignition {target} refuses this: {problem}")
