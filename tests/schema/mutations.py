"""Configs that every rule is fine with, and small edits to their structure: what schema and compiler must agree about.

In goes a seed; out comes a mutated config as plain data, one edit away from one of the seeds.
"""

from __future__ import annotations

import copy
import random
import string
from collections.abc import Callable, Iterator
from typing import Any

import yaml

COMMON = """
passwd:
  users:
    - {name: core, ssh_authorized_keys: [ssh-ed25519 AAAA, ssh-ed25519 BBBB], password_hash: $y$x}
systemd:
  units:
    - name: a.service
      enabled: true
      contents: "[Service]\\nExecStart=/usr/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n"
      dropins: [{name: b.conf, contents: "[Service]\\nType=oneshot\\n"}]
    - {name: c.service, mask: true}
"""
FILES = """
  files:
    - path: /etc/a
      mode: 0644
      user: {name: core}
      group: {id: 0}
      contents: {inline: text}
    - {path: /etc/b, overwrite: true, contents: {source: "data:,b", verification: {hash: sha512-HASH}}}
    - {path: /etc/c, contents: {local: f, compression: ""}}
""".replace("HASH", "a" * 128)
MORE_FILES = """
    - path: /etc/d
      append: [{inline: x}, {source: "https://x/y", http_headers: [{name: A, value: b}]}]
  directories:
    - {path: /etc/e, mode: 0755, user: {id: 0}}
  links:
    - {path: /etc/g, target: ../a, hard: false}
  trees:
    - {local: tree, path: /opt}
"""
DISKS = """
  disks:
    - device: /dev/vdb
      wipe_table: true
      partitions: [{label: data, number: 1, size_mib: 0}, {number: 2, should_exist: false}]
  filesystems:
    - {device: /dev/vdb1, format: xfs, path: /var/data, label: data, with_mount_unit: true, mount_options: [ro]}
    - {device: /dev/vdc, format: ext4, wipe_filesystem: true, options: [-m, "0"]}
  raid:
    - {name: r, level: raid1, devices: [/dev/vdd, /dev/vde], spares: 1}
  luks:
    - {name: l, device: /dev/vdf, clevis: {tpm2: true, tang: [{url: "http://x/", thumbprint: y}], threshold: 1}}
    - {name: k, device: /dev/vdg, key_file: {inline: secret}, label: k}
"""
CONFIGS = """
ignition:
  config:
    merge: [{source: "https://x/y", verification: {hash: sha512-HASH}}]
  timeouts: {http_total: 5}
  security: {tls: {certificate_authorities: [{source: "https://x/ca"}]}}
  proxy: {http_proxy: "http://p", https_proxy: "https://p", no_proxy: [a, b]}
""".replace("HASH", "a" * 128)
BOOT = """
boot_device:
  layout: x86_64
  mirror: {devices: [/dev/vda, /dev/vdz]}
  luks: {tpm2: true, tang: [{url: "http://x/", thumbprint: y}], threshold: 1}
"""
GRUB = """
grub:
  users: [{name: root, password_hash: grub.pbkdf2}]
"""
ARGUMENTS = """
kernel_arguments: {should_exist: [a=b, quiet], should_not_exist: [rhgb]}
"""
CLUSTER = """
metadata:
  name: worker
  labels: {machineconfiguration.openshift.io/role: worker}
openshift:
  kernel_type: realtime
  fips: false
  kernel_arguments: [a=b]
  extensions: [usbguard]
"""
QUADLETS = """
  quadlets:
    - {name: web.container, rootful: true, contents: "[Container]\\nImage=x\\n"}
"""
JSON = """
ignition:
  version: 3.4.0
  config: {replace: {source: "https://x/y", compression: gzip}}
  timeouts: {httpTotal: 5}
passwd:
  users: [{name: core, sshAuthorizedKeys: [a, b], homeDir: /home/x, groups: [wheel], uid: 5}]
  groups: [{name: g, gid: 7, system: true}]
kernelArguments: {shouldExist: [a]}
systemd:
  units: [{name: a.service, enabled: false, contents: "[Service]\\n", dropins: [{name: b.conf, contents: ""}]}]
storage:
  files:
    - {path: /etc/a, mode: 420, overwrite: true, contents: {source: "data:,x", verification: {hash: sha256-HASH}}}
    - {path: /etc/b, append: [{source: "https://x/", httpHeaders: [{name: A, value: b}]}]}
  directories: [{path: /etc/c, mode: 493, user: {name: core}, group: {id: 1}}]
  links: [{path: /etc/d, target: /etc/a, hard: false}]
  disks: [{device: /dev/vdb, wipeTable: true, partitions: [{label: x, number: 1, sizeMiB: 5, startMiB: 5}]}]
  filesystems: [{device: /dev/vdc, format: btrfs, path: /var, label: x, mountOptions: [ro]}]
  raid: [{name: r, level: raid0, devices: [/dev/a, /dev/b]}]
  luks: [{name: l, device: /dev/d, discard: true, clevis: {custom: {pin: tpm2, config: "{}", needsNetwork: true}}}]
""".replace("HASH", "a" * 64)

OLD_JSON = """
ignition:
  version: 2.4.0
  config:
    append: [{source: "https://x/y", verification: {hash: sha512-HASH}, httpHeaders: [{name: A, value: b}]}]
  timeouts: {httpTotal: 5}
  security: {tls: {certificateAuthorities: [{source: "https://x/ca"}]}}
  proxy: {httpProxy: "http://p", noProxy: [a, b]}
passwd:
  users: [{name: core, sshAuthorizedKeys: [a, b], homeDir: /home/x, groups: [wheel], uid: 5}]
  groups: [{name: g, gid: 7, system: true}]
systemd:
  units: [{name: a.service, enabled: false, contents: "[Service]\\n", dropins: [{name: b.conf, contents: ""}]}]
networkd:
  units: [{name: a.network, contents: "[Match]\\n", dropins: [{name: b.conf, contents: ""}]}]
storage:
  files:
    - filesystem: root
      path: /etc/a
      mode: 420
      overwrite: true
      contents: {source: "data:,x", verification: {hash: sha512-HASH}, compression: gzip}
    - {filesystem: root, path: /b, mode: 384, append: true, user: {id: 0}, group: {name: g}}
  directories: [{filesystem: root, path: /etc/c, mode: 493, user: {name: core}, group: {id: 1}}]
  links: [{filesystem: root, path: /etc/d, target: /etc/a, hard: false}]
  disks:
    - device: /dev/vdb
      wipeTable: true
      partitions:
        - {label: x, number: 1, sizeMiB: 5, startMiB: 5, guid: GUID, typeGuid: GUID}
        - {number: 2, shouldExist: false}
  filesystems:
    - {name: data, mount: {device: /dev/vdc, format: btrfs, label: x, options: [-m]}}
    - {name: oem, path: /usr/share/oem}
  raid: [{name: r, level: raid1, devices: [/dev/a, /dev/b], spares: 1}]
""".replace("HASH", "a" * 128).replace("GUID", "01234567-89AB-CDEF-EDCB-A98765432101")
OLDEST_JSON = """
ignition:
  version: 2.0.0
  config:
    replace: {source: "https://x/y", verification: {hash: sha512-HASH}}
    append: [{source: "https://x/z"}, {source: "data:,x", verification: {hash: sha512-HASH}}]
passwd:
  users:
    - name: core
      passwordHash: x
      sshAuthorizedKeys: [a, b]
      create:
        {uid: 5, gecos: x, groups: [wheel, docker], primaryGroup: x, homeDir: /x, noCreateHome: true, shell: /x}
  groups: [{name: g, gid: 7, passwordHash: x, system: true}]
storage:
  files:
    - {filesystem: root, path: /etc/a, mode: 420, contents: {source: "data:,x", compression: gzip}, user: {id: 5}}
  disks:
    - device: /dev/vdb
      wipeTable: true
      partitions:
        - {label: x, number: 1, size: 4096, start: 2048, typeGuid: GUID}
        - {label: y, number: 2, size: 0, start: 8192}
  raid: [{name: r, level: raid1, devices: [/dev/a, /dev/b], spares: 1}]
  filesystems:
    - {name: data, mount: {device: /dev/vdc, format: ext4, create: {force: true, options: [-L, x]}}}
    - {name: oem, path: /usr/share/oem}
systemd:
  units:
    - {name: a.service, enable: true, dropins: [{name: b.conf, contents: ""}]}
    - {name: b.service, mask: true}
networkd:
  units: [{name: a.network, contents: ""}]
""".replace("HASH", "a" * 128).replace("GUID", "01234567-89AB-CDEF-EDCB-A98765432101")
CLC = """
ignition:
  config: {append: [{source: "https://x/y", verification: {hash: {function: sha512, sum: HASH}}}]}
  timeouts: {http_response_headers: 5}
passwd:
  users: [{name: core, ssh_authorized_keys: [a, b], home_dir: /home/x, groups: [wheel], uid: 5}]
  groups: [{name: g, gid: 7}]
systemd:
  units: [{name: a.service, enable: false, contents: "[Service]\\n", dropins: [{name: b.conf, contents: ""}]}]
networkd:
  units: [{name: a.network, contents: "[Match]\\n"}]
storage:
  files:
    - {filesystem: root, path: /etc/a, mode: 0644, overwrite: true, contents: {inline: x}}
    - path: /b
      mode: 0600
      append: true
      contents: {remote: {url: "https://x/", compression: gzip, verification: {hash: {function: sha512, sum: HASH}}}}
    - {path: /c, mode: 0600, contents: {local: f}, user: {id: 0}, group: {name: g}}
  directories: [{path: /etc/c, mode: 0755}]
  links: [{path: /etc/d, target: /etc/a}]
  disks:
    - {device: /dev/vdb, partitions: [{label: x, number: 1, size: 1GiB512MiB, start: 1MiB, type_guid: swap_partition}]}
  filesystems: [{name: data, mount: {device: /dev/vdc, format: xfs, wipe_filesystem: true}}]
  raid: [{name: r, level: raid1, devices: [/dev/a, /dev/b], spares: 1}]
etcd: {version: 3.1.0, name: x, metrics: basic, debug: true, snapshot_count: 5}
flannel: {version: 0.7.0, network_config: "{}", interface: eth0}
docker: {flags: [-D]}
update: {group: beta, server: "https://x/"}
locksmith: {reboot_strategy: reboot, window_start: "Thu 04:00", window_length: 1h30m}
""".replace("HASH", "a" * 128)

SEEDS: dict[str, str] = {
    "fcos 1.0.0": COMMON + "storage:" + FILES.replace("local: f", "inline: f").replace(', compression: ""', ""),
    "fcos 1.3.0": COMMON + CONFIGS + BOOT + "storage:" + FILES + MORE_FILES + DISKS,
    "fcos 1.6.0": COMMON + CONFIGS + BOOT + GRUB + ARGUMENTS + "storage:" + FILES + MORE_FILES + DISKS,
    "fcos 1.8.0-experimental": COMMON + QUADLETS + ARGUMENTS + "storage:" + FILES + MORE_FILES + DISKS,
    "flatcar 1.1.0": COMMON + CONFIGS + ARGUMENTS + "storage:" + FILES + MORE_FILES,
    "r4e 1.1.0": COMMON + CONFIGS + "storage:" + FILES + MORE_FILES,
    "openshift 4.17.0": COMMON + CLUSTER + "storage:" + FILES + DISKS,
    "ignition 3.4.0": JSON,
    "ignition 2.4.0": OLD_JSON,
    "ignition 2.0.0": OLDEST_JSON,
    "clc 0": CLC,
}

Edit = Callable[[Any, Any, random.Random], None]


def seed_of(name: str) -> Any:
    """The config of a seed as plain data."""
    variant, version = name.split(" ")
    data = yaml.safe_load(SEEDS[name])
    return data if variant in {"ignition", "clc"} else {"variant": variant, "version": version} | data


def slots(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys or indexes."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield data, key
        yield from slots(value)


def _drop(parent: Any, key: Any, _dice: random.Random) -> None:
    del parent[key]


def _misspell(parent: Any, key: Any, dice: random.Random) -> None:
    at = dice.randrange(len(key))
    parent[key[:at] + dice.choice(string.ascii_lowercase) + key[at:]] = parent.pop(key)


def _add(parent: Any, _key: Any, dice: random.Random) -> None:
    parent["".join(dice.choices(string.ascii_lowercase, k=5))] = dice.choice([1, "x", [], {}])


def _empty(parent: Any, key: Any, _dice: random.Random) -> None:
    value = parent[key]
    parent[key] = [] if isinstance(value, list) else {} if isinstance(value, dict) else ""


def _null(parent: Any, key: Any, _dice: random.Random) -> None:
    parent[key] = None


def _as_mapping(parent: Any, key: Any, _dice: random.Random) -> None:
    parent[key] = {"x": parent[key]}


def _as_list(parent: Any, key: Any, _dice: random.Random) -> None:
    parent[key] = [parent[key]]


def _as_text(parent: Any, key: Any, dice: random.Random) -> None:
    parent[key] = dice.choice(["text", "/a/b", "x y"])


def _as_number(parent: Any, key: Any, dice: random.Random) -> None:
    parent[key] = dice.choice([-1, 0, 3, 420])


def _as_switch(parent: Any, key: Any, dice: random.Random) -> None:
    parent[key] = dice.choice([True, False])


def _in_mapping(parent: Any, _key: Any) -> bool:
    return isinstance(parent, dict)


def _anywhere(_parent: Any, _key: Any) -> bool:
    return True


# kind -> where it may be done, what is done
KINDS: dict[str, tuple[Callable[[Any, Any], bool], Edit]] = {
    "drop": (_anywhere, _drop),
    "misspell": (_in_mapping, _misspell),
    "add": (_in_mapping, _add),
    "empty": (_anywhere, _empty),
    "null": (_in_mapping, _null),
    "as mapping": (_anywhere, _as_mapping),
    "as list": (_anywhere, _as_list),
    "as text": (_anywhere, _as_text),
    "as number": (_anywhere, _as_number),
    "as switch": (_anywhere, _as_switch),
}


def mutate(name: str, kind: str, dice: random.Random) -> Any:
    """A seed with one edit of a kind, somewhere."""
    data = copy.deepcopy(seed_of(name))
    may, edit = KINDS[kind]
    parent, key = dice.choice([slot for slot in slots(data) if may(*slot)])
    edit(parent, key, dice)
    return data
