"""What only Stoker's own verbs say of a document. The drop-in command says none of it."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

CLOUD_CONFIG: Final = Message(
    "cloud-config",
    "this is a `#cloud-config` for cloud-init, not a Butane document",
    "write it as Butane: `users` as `passwd.users`, `write_files` as `storage.files`, `runcmd` as a unit in "
    "`systemd.units`",
)
