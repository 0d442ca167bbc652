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
NEVER_CHOSEN: Final = Message(
    "machines-never-chosen",
    "group `{group}` is never chosen: `{chosen}` has the same selectors and comes first",
    "give one of them another selector, or take one away",
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
NO_VERSION: Final = Message(
    "machines-no-version",
    "the client accepts Ignition {versions}: configs are written in {oldest} to {newest}",
    "leave the version out of its Accept header to have the config as its source says it",
)
NOT_IN_VERSION: Final = Message(
    "machines-not-in-version",
    "the config is Ignition `{own}`, and cannot be said in `{target}`, which the client asks for",
    "what follows is what would be lost: leave it out, or boot an image that reads `{own}`",
)
BAD_DEMAND: Final = Message(
    "machines-bad-demand", "`{key}` is `{value}` in group `{group}`", "it can be `{wanted}`, or not be there"
)
SECRET_HASHED: Final = Message(
    "machines-secret-hashed",
    "`{reference}` is in contents whose hash is given: what is put in would not have it",
    "leave out `verification`",
)
SECRET_MISPLACED: Final = Message(
    "machines-secret-misplaced",
    "`{reference}` is in a name, which is shown",
    "put secrets into contents or values alone",
)
SECRET_UNREADABLE: Final = Message(
    "machines-secret-unreadable", "contents of more than {limit} bytes when unpacked are not searched for secrets"
)
SECRET_TOO_DEEP: Final = Message("machines-secret-too-deep", "it is nested too deeply to be searched for secrets")
SECRET_UNRESOLVED: Final = Message("machines-secret-unresolved", "`{reference}` cannot be resolved: {reason}")
BAD_LABELS: Final = Message(
    "machines-bad-labels",
    "it names no machine",
    "give it a `selector` with `uuid`, `mac` or `serial`, as groups have them",
)
NO_SERIAL: Final = Message("machines-no-serial", "machine {number} has no `serial`", "sabakan knows machines by it")
TWO_SERIALS: Final = Message("machines-two-serials", "machine {number} has the serial number `{serial}` of another")
NOT_SABAKAN: Final = Message(
    "machines-not-sabakan", "not machines of sabakan: {reason}", "give it what `sabactl machines get` prints"
)
BAD_INVENTORY: Final = Message(
    "machines-bad-inventory", "not an inventory: {reason}", "`stoker inventory -o json` on the machine writes one"
)
