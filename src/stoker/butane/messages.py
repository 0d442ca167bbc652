"""What can be wrong with a document before its language is known. Sentences are those of Butane 0.29."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

NO_VARIANT: Final = Message(
    "no-variant",
    "error parsing variant; must be specified",
    "begin the file with `variant: fcos` or `variant: flatcar`",
)
NO_VERSION: Final = Message(
    "no-version", "error parsing version; must be a valid semver", "`{variant}` has these versions: {versions}"
)
UNKNOWN_SPEC: Final = Message(
    "unknown-spec", "No translator exists for variant {variant} with version {version}", "{known}"
)
IS_CLC: Final = Message(
    "container-linux-config",
    "this is Container Linux Config, which becomes Ignition 2.3.0",
    "`stoker convert --to 3.4.0` goes on to what later systems read; begin with `variant:` to write Butane",
)
RHCOS_REMOVED: Final = Message(
    "rhcos-removed",
    "rhcos variant has been removed; use openshift variant instead: https://coreos.github.io/butane/upgrading-openshift/",
)
