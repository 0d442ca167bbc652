"""What is found in groups, profiles and templates, and in matching and rendering them: the catalogue of findings."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

BAD_JSON: Final = Message("machines-json", "not JSON: {reason}")
NOT_AN_OBJECT: Final = Message("machines-not-object", "{what} must be an object, not {kind}")
NOT_TEXT: Final = Message("machines-not-text", "{what} must be a string, not {kind}")
NOT_A_LIST: Final = Message("machines-not-list", "{what} must be a list of strings, not {kind}")
BAD_MAC: Final = Message("machines-bad-mac", "`{value}` is not a hardware address", "write it like `52:54:00:a1:9c:ae`")
NO_ID: Final = Message("machines-no-id", "the profile has no `id`", "give it the name of its file")
UNKNOWN_PROFILE: Final = Message("machines-unknown-profile", "group `{group}` names profile `{profile}`: there is none")
UNKNOWN_TEMPLATE: Final = Message(
    "machines-unknown-template", "profile `{profile}` names `{key}`: there is no such file", "put it there"
)
NO_MATCH: Final = Message("machines-no-match", "no group matches {labels}")
CLOSEST: Final = Message("machines-closest", "group `{group}`: {reason}")
NO_BOOT: Final = Message("machines-no-boot", "profile `{profile}` has no `boot`", "give it a `kernel` and an `initrd`")
NO_CONFIG: Final = Message("machines-no-config", "profile `{profile}` has no `{folder}_id`", "name a file in {folder}/")
NOT_IGNITION: Final = Message(
    "machines-not-ignition", "not an Ignition config: {reason}", "check it with `stoker ignition-validate`"
)
NOT_CLOUD: Final = Message(
    "machines-not-cloud",
    "neither a cloud-config nor a script",
    "begin its first line with `#cloud-config` or `#!`",
)
KEPT: Final = Message("machines-kept", "the last version of `{key}` that could be read is still served")
