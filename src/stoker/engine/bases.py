"""The base of a fresh tree, per distribution: just enough of /etc for accounts to be added as on a real machine.

Only accounts that configs refer to are here; a machine's image has more of them. Sources: `setup` and `shadow-utils`
of Fedora and RHEL, `baselayout` and `shadow` of Flatcar, `base-passwd` and `passwd` of Debian 12.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Base(msgspec.Struct, frozen=True):
    """What a fresh tree holds: directories (mode), links (target), files (text, mode), and the mode of homes."""

    directories: dict[str, int]
    links: dict[str, str]
    files: dict[str, tuple[str, int]]
    home_mode: int


def _login_defs(first_system_id: int, first_subordinate_id: int, home_mode: int) -> str:
    rows = {
        "UID_MIN": 1000,
        "UID_MAX": 60000,
        "SYS_UID_MIN": first_system_id,
        "SYS_UID_MAX": 999,
        "SUB_UID_MIN": first_subordinate_id,
        "SUB_UID_MAX": 600100000,
        "SUB_UID_COUNT": 65536,
        "GID_MIN": 1000,
        "GID_MAX": 60000,
        "SYS_GID_MIN": first_system_id,
        "SYS_GID_MAX": 999,
        "SUB_GID_MIN": first_subordinate_id,
        "SUB_GID_MAX": 600100000,
        "SUB_GID_COUNT": 65536,
        "PASS_MAX_DAYS": 99999,
        "PASS_MIN_DAYS": 0,
        "PASS_WARN_AGE": 7,
        "UMASK": "022",
        "HOME_MODE": f"0{home_mode:o}",
        "USERGROUPS_ENAB": "yes",
    }
    return "".join(f"{key:<16}{value}\n" for key, value in rows.items())


def _useradd(shell: str) -> str:
    return f"GROUP=100\nHOME=/home\nSHELL={shell}\nSKEL=/etc/skel\n"


def _accounts(passwd: str, group: str, day: int) -> dict[str, tuple[str, int]]:
    """The four account files: nobody has a password, whether to log in or to change groups."""
    users = [line.split(":")[0] for line in passwd.split()]
    groups = [line.split(":") for line in group.split()]
    return {
        "/etc/passwd": (passwd.replace("_", " "), 0o644),
        "/etc/shadow": ("".join(f"{name}:*:{day}:0:99999:7:::\n" for name in users), 0o640),
        "/etc/group": (group, 0o644),
        "/etc/gshadow": ("".join(f"{name}:!::{members}\n" for name, _, _, members in groups), 0o640),
    }


_FEDORA_PASSWD: Final = """\
root:x:0:0:root:/root:/bin/bash
core:x:1000:1000:CoreOS_Admin:/home/core:/bin/bash
"""
_FEDORA_GROUP: Final = """\
root:x:0:
adm:x:4:core
wheel:x:10:core
sudo:x:16:core
users:x:100:
systemd-journal:x:190:core
docker:x:982:
core:x:1000:
"""
_FEDORA_IMAGE_PASSWD: Final = """\
bin:x:1:1:bin:/bin:/usr/sbin/nologin
daemon:x:2:2:daemon:/sbin:/usr/sbin/nologin
nobody:x:65534:65534:Kernel Overflow User:/:/usr/sbin/nologin
systemd-network:x:192:192:systemd Network Management:/:/usr/sbin/nologin
systemd-resolve:x:193:193:systemd Resolver:/:/usr/sbin/nologin
"""
_FEDORA_IMAGE_GROUP: Final = """\
bin:x:1:
daemon:x:2:
nobody:x:65534:
systemd-network:x:192:
systemd-resolve:x:193:
"""
_SSH_KEYS: Final = "ssh_keys:x:999:\n"

# OSTree keeps what is writable below /var, and the image's own accounts below /usr/lib.
_OSTREE_LINKS: Final = {"/home": "var/home", "/root": "var/roothome", "/opt": "var/opt", "/srv": "var/srv"}
_OSTREE_DIRECTORIES: Final = {
    "/etc": 0o755,
    "/etc/skel": 0o755,
    "/var/home": 0o755,
    "/var/roothome": 0o700,
    "/var/opt": 0o755,
    "/var/srv": 0o755,
}


def _fedora(extra_groups: str) -> Base:
    return Base(
        _OSTREE_DIRECTORIES,
        _OSTREE_LINKS,
        _accounts(_FEDORA_PASSWD, _FEDORA_GROUP, 19000)
        | {
            "/etc/login.defs": (_login_defs(201, 524288, 0o700), 0o644),
            "/etc/default/useradd": (_useradd("/bin/bash"), 0o600),
            "/etc/subuid": ("core:524288:65536\n", 0o644),
            "/etc/subgid": ("core:524288:65536\n", 0o644),
            "/usr/lib/passwd": (_FEDORA_IMAGE_PASSWD, 0o644),
            "/usr/lib/group": (_FEDORA_IMAGE_GROUP + extra_groups, 0o644),
        },
        0o700,
    )


FEDORA_COREOS: Final = _fedora("")
RHEL_COREOS: Final = _fedora(_SSH_KEYS)

FLATCAR: Final = Base(
    {"/etc": 0o755, "/etc/skel": 0o755, "/home": 0o755, "/root": 0o700, "/opt": 0o755, "/srv": 0o755},
    {},
    _accounts(
        "root:x:0:0:root:/root:/bin/bash\n"
        "core:x:500:500:CoreOS_Admin:/home/core:/bin/bash\n"
        "systemd-network:x:244:244:systemd:/:/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/:/sbin/nologin\n",
        "root:x:0:root\n"
        "wheel:x:10:root,core\n"
        "users:x:100:\n"
        "sudo:x:150:core\n"
        "docker:x:233:core\n"
        "systemd-network:x:244:\n"
        "systemd-journal:x:248:core\n"
        "core:x:500:\n"
        "nobody:x:65534:\n",
        15887,
    )
    | {
        "/etc/login.defs": (_login_defs(101, 100000, 0o700), 0o644),
        "/etc/default/useradd": (_useradd("/bin/bash"), 0o600),
    },
    0o755,
)

DEBIAN: Final = Base(
    {"/etc": 0o755, "/etc/skel": 0o755, "/home": 0o755, "/root": 0o700, "/opt": 0o755, "/srv": 0o755},
    {},
    _accounts(
        "root:x:0:0:root:/root:/bin/bash\n"
        "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
        "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
        "core:x:1000:1000::/home/core:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        "root:x:0:\n"
        "daemon:x:1:\n"
        "adm:x:4:core\n"
        "sudo:x:27:core\n"
        "www-data:x:33:\n"
        "users:x:100:\n"
        "systemd-journal:x:999:core\n"
        "core:x:1000:\n"
        "nogroup:x:65534:\n",
        19500,
    )
    | {
        "/etc/login.defs": (_login_defs(101, 100000, 0o755), 0o644),
        "/etc/default/useradd": (_useradd("/bin/sh"), 0o644),
        "/etc/subuid": ("core:100000:65536\n", 0o644),
        "/etc/subgid": ("core:100000:65536\n", 0o644),
    },
    0o755,
)
