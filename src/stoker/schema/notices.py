"""What only Stoker's own verbs say of a config: what it would do to its machine. The drop-ins say none of it."""

from __future__ import annotations

from typing import Final

from stoker.report import Message

READ_ONLY_PATH: Final = Message(
    "read-only-path", "`{path}` is below `{above}`, which is read-only on {system}", "{advice}"
)
VOLATILE_PATH: Final = Message(
    "volatile-path",
    "`{path}` is below `{above}`, which is in memory: it is gone when the machine has booted",
    "write a tmpfiles.d(5) line to /etc/tmpfiles.d, which makes it anew on each boot",
)
ROOT_PATH: Final = Message(
    "immutable-root",
    "`{path}` needs a directory beside the others in `/`, which cannot be changed on {system}",
    "put it below /var, /etc or /opt",
)
PLAIN_HTTP: Final = Message(
    "plain-http",
    "`{url}` comes without encryption, and nothing checks what arrives",
    "add `verification.hash`, or serve it by https",
)
SELINUX_OFF: Final = Message(
    "selinux-off",
    "`{text}` turns SELinux off for the whole machine",
    "leave it on, and give what it refuses the right label: programs below /opt/bin or /usr/local/bin, not a home",
)
RUNS_EVERY_BOOT: Final = Message(
    "runs-every-boot",
    "{unit} runs `{command}` on every boot",
    "add `ConditionPathExists=!/etc/kubernetes/kubelet.conf` to its [Unit] section",
)
NOTHING_WRITES: Final = Message(
    "nothing-writes",
    "{unit} runs `{path}`, which nothing in this config writes",
    "write it by `storage.files`, or name a program of the system",
)
PROGRAM_IN_HOME: Final = Message(
    "program-in-home",
    "{unit} runs `{path}`, which lies in a home: SELinux does not let systemd run it",
    "put programs below /opt/bin or /usr/local/bin",
)
WANTS_WITHOUT_AFTER: Final = Message(
    "wants-without-after",
    "{unit} wants network-online.target but does not wait for it",
    "add `After=network-online.target`",
)
NO_NETWORK_ORDER: Final = Message(
    "no-network-order",
    "{unit} runs `{command}`, which needs the network, and may start before that is up",
    "add `Wants=network-online.target` and `After=network-online.target` to its [Unit] section",
)
