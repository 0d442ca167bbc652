"""What can be wrong with a document before its language is known.

Sentences are those of Butane 0.29, but for what only Stoker's own verbs say.
"""

from __future__ import annotations

from typing import Final

from stoker.report import Message

CLOUD_CONFIG: Final = Message(
    "cloud-config",
    "this is a `#cloud-config` for cloud-init, not a Butane document",
    "write it as Butane: `users` as `passwd.users`, `write_files` as `storage.files`, `runcmd` as a unit in "
    "`systemd.units`",
)
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
RHCOS_REMOVED: Final = Message(
    "rhcos-removed",
    "rhcos variant has been removed; use openshift variant instead: https://coreos.github.io/butane/upgrading-openshift/",
)
