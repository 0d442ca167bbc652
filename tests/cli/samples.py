"""What several verbs are tried on: a config with something of everything, a machine on paper, a tree."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"

WHOLE = """\
variant: flatcar
version: 1.0.0
kernel_arguments:
  should_exist: [selinux=0]
passwd:
  groups: [{name: web}]
  users:
    - name: test
      groups: [web]
      shell: /bin/sh
      ssh_authorized_keys: [ssh-rsa AAAA]
storage:
  disks:
    - device: /dev/sda
      partitions:
        - {number: 9, label: ROOT, size_mib: 4096, resize: true}
        - {label: data, size_mib: 2000}
    - device: /dev/sdb
      wipe_table: true
      partitions: [{label: more}]
  raid:
    - {name: md0, level: raid1, devices: [/dev/sdc, /dev/sdd]}
  luks:
    - {name: vault, device: /dev/disk/by-partlabel/data, wipe_volume: true, key_file: {inline: x}}
  filesystems:
    - {device: /dev/disk/by-label/OEM, format: btrfs}
    - {device: /dev/mapper/vault, format: ext4, path: /var/data, with_mount_unit: true}
    - {device: /dev/disk/by-partlabel/more, format: xfs, label: more, path: /srv/more}
    - {device: /dev/md/md0, format: ext4}
  directories:
    - {path: /opt/bin, mode: 0750}
  links:
    - {path: /etc/localtime, target: ../usr/share/zoneinfo/Asia/Seoul}
  files:
    - {path: /etc/hostname, contents: {inline: web}}
    - {path: /opt/bin/run, mode: 0755, contents: {source: https://example.com/run}}
    - {path: /etc/motd, append: [{inline: hello}, {inline: you}]}
    - {path: /etc/sysctl.d/10.conf, contents: {inline: x}}
systemd:
  units:
    - name: web.service
      enabled: true
      contents: |
        [Service]
        ExecStart=/opt/bin/run
        [Install]
        WantedBy=multi-user.target
      dropins: [{name: a.conf, contents: "[Service]\\n"}]
    - {name: locksmithd.service, mask: true}
    - {name: docker.service, dropins: [{name: a.conf, contents: "[Service]\\n"}]}
"""

TREE = {
    "etc/os-release": 'ID=flatcar\nNAME="Flatcar"\n',
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n",
    "etc/group": "root:x:0:\nbob:x:1000:\nweb:x:1001:\n",
    "etc/hostname": "web",
    "etc/motd": "old",
    "srv/data/file": "precious",
}

GUID = "30000000-0000-4000-8000-000000000001"
INVENTORY: dict[str, Any] = {
    "version": 1,
    "os": {"ID": "fedora", "VARIANT_ID": "coreos", "PRETTY_NAME": "Fedora CoreOS 43"},
    "kernel_arguments": ["quiet"],
    "devices": {
        "disks": {
            "/dev/vda": {
                "size": 10 << 30,
                "links": ["/dev/disk/by-id/virtio-1"],
                "table": {
                    "sector_size": 512,
                    "sectors": 20 << 20,
                    "first_usable": 34,
                    "last_usable": (20 << 20) - 34,
                    "guid": GUID,
                    "partitions": [{"number": 1, "start": 2048, "size": 4 << 20, "label": "old data", "guid": GUID}],
                },
                "contents": {str(2048 * 512): {"type": "xfs", "label": "pictures"}},
            }
        },
        "uses": {"/dev/vda1": "mounted at `/var`"},
    },
    "users": [{"name": "core", "uid": 1000, "gid": 1000, "gecos": "", "home": "/home/core", "shell": "/bin/bash"}],
    "groups": [{"name": "core", "gid": 1000, "members": []}],
}


def lay(root: Path) -> None:
    for path, text in TREE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        (root / path).chmod(0o644)
    (root / "srv/data").chmod(0o755)


def digest(directory: Path) -> str:
    """Everything about a tree that a write would change; times of access are no part of it."""
    found = hashlib.sha256()
    for path in sorted([directory, *directory.rglob("*")]):
        look = path.lstat()
        found.update(repr((str(path), look.st_mode, look.st_uid, look.st_mtime_ns, look.st_ctime_ns)).encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()
