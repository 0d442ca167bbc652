"""Where parts of a compiled config came from, sugar by sugar, in the order in which they were merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from stoker.butane import Compilation, compile_text
from stoker.butane.origins import settle, snake
from stoker.report import Pointer, pointer_text
from stoker.report.render import as_lines

TEXT = b"""\
variant: openshift
version: 4.23.0-experimental
metadata:
  name: 99-worker-everything
  labels:
    machineconfiguration.openshift.io/role: worker
openshift:
  kernel_arguments: [nosmt]
passwd:
  users:
    - name: core
      ssh_authorized_keys: [ssh-ed25519 AAAA]
      ssh_authorized_keys_local: [keys]
boot_device:
  layout: x86_64
  luks:
    tpm2: true
  mirror:
    devices: [/dev/vda, /dev/vdb]
grub:
  users:
    - name: root
      password_hash: grub.pbkdf2.sha512.10000.AA
storage:
  disks:
    - device: /dev/vda
      partitions:
        - label: root-1
          size_mib: 8192
  files:
    - path: /etc/motd
      contents:
        inline: hello
    - path: /srv/tree/file
      mode: 0600
  filesystems:
    - device: /dev/mapper/root
      label: mine
      format: xfs
    - device: /dev/vdc
      format: xfs
      path: /var/data
      with_mount_unit: true
  trees:
    - local: tree
      path: /srv/tree
systemd:
  units:
    - name: var-data.mount
      dropins:
        - name: a.conf
          contents_local: keys
    - name: web.service
      contents_local: keys
  quadlets:
    - name: web.container
      contents: "[Container]\\n"
"""

# a pointer into the config -> the pointers into the document that gave it
TRACED: dict[str, list[str]] = {
    "$": ["$"],
    "$.ignition": ["$.version"],
    "$.ignition.version": ["$.version"],
    "$.passwd.users.0.name": ["$.passwd.users.0.name"],
    "$.passwd.users.0.sshAuthorizedKeys.0": ["$.passwd.users.0.ssh_authorized_keys.0"],
    "$.passwd.users.0.sshAuthorizedKeys.1": ["$.passwd.users.0.ssh_authorized_keys_local.0"],
    "$.storage": ["$.grub.users", "$.boot_device", "$.storage"],
    "$.storage.disks.0": ["$.boot_device.mirror.devices.0", "$.storage.disks.0"],
    "$.storage.disks.0.wipeTable": ["$.boot_device.mirror.devices.0"],
    "$.storage.disks.0.partitions.2": ["$.boot_device.mirror.devices.0"],
    "$.storage.disks.0.partitions.3": ["$.boot_device.mirror.devices.0", "$.storage.disks.0.partitions.0"],
    "$.storage.disks.0.partitions.3.sizeMiB": ["$.storage.disks.0.partitions.0.size_mib"],
    "$.storage.disks.1.device": ["$.boot_device.mirror.devices.1"],
    "$.storage.files.0.contents.source": ["$.grub.users"],
    "$.storage.files.1.contents.source": ["$.storage.files.0.contents.inline"],
    "$.storage.files.1.contents.compression": ["$.storage.files.0.contents.inline"],
    "$.storage.files.2.mode": ["$.storage.files.1.mode"],
    "$.storage.files.2.contents.source": ["$.storage.trees.0"],
    "$.storage.files.3.path": ["$.systemd.quadlets.0.name"],
    "$.storage.files.3.contents.source": ["$.systemd.quadlets.0.contents"],
    "$.storage.files.3.mode": ["$.systemd.quadlets.0"],
    "$.storage.filesystems.0": ["$.grub.users"],
    "$.storage.filesystems.1.format": ["$.boot_device.mirror.devices.0"],
    "$.storage.filesystems.3.device": ["$.boot_device.mirror"],
    "$.storage.filesystems.4": ["$.boot_device", "$.storage.filesystems.0"],
    "$.storage.filesystems.4.label": ["$.storage.filesystems.0.label"],
    "$.storage.filesystems.4.wipeFilesystem": ["$.boot_device"],
    "$.storage.luks.0.clevis.tpm2": ["$.boot_device.luks.tpm2"],
    "$.storage.luks.0.device": ["$.boot_device.luks"],
    "$.storage.raid.0.devices.1": ["$.boot_device.mirror"],
    "$.systemd.units.0": ["$.storage.filesystems.1.with_mount_unit", "$.systemd.units.0"],
    "$.systemd.units.0.contents": ["$.storage.filesystems.1.with_mount_unit"],
    "$.systemd.units.0.dropins.0.contents": ["$.systemd.units.0.dropins.0.contents_local"],
    "$.systemd.units.1.contents": ["$.systemd.units.1.contents_local"],
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Compilation:
    files: Path = tmp_path_factory.mktemp("files")
    (files / "keys").write_text("[Service]\n")
    (files / "tree").mkdir()
    (files / "tree" / "file").write_text("theirs")
    compiled = compile_text(TEXT, files_dir=str(files))
    assert compiled.config is not None, as_lines(compiled.report)
    return compiled


def trace(done: Compilation, pointer: str) -> list[str]:
    steps: Pointer = tuple(int(step) if step.isdigit() else step for step in pointer.split(".")[1:])
    assert done.document is not None
    return [pointer_text(settle(done.document, source)) for source in done.origins.trace(steps)]


@pytest.mark.parametrize("pointer, expected", TRACED.items(), ids=TRACED)
def test_trace(pointer: str, expected: list[str], done: Compilation) -> None:
    assert trace(done, pointer) == expected


SPELLED = {
    "path": "path",
    "homeDir": "home_dir",
    "sizeMiB": "size_mib",
    "sshAuthorizedKeys": "ssh_authorized_keys",
    "httpHeaders": "http_headers",
}


@pytest.mark.parametrize("name, expected", SPELLED.items())
def test_names_as_butane_spells_them(name: str, expected: str) -> None:
    assert snake(name) == expected


# part of the config -> the line that says it, where YAML lets one line stand in many places
SHARED = b"""\
variant: fcos
version: 1.5.0
x-defaults: &defaults
  mode: 0640
  user: {name: web}
x-contents: &contents
  inline: hello
storage:
  files:
    - <<: *defaults
      path: /a
      contents: *contents
    - <<: [{mode: 0600}, *defaults]
      path: /b
  links:
    - path: /l
"""
LINES = {
    "through a merge key": (("storage", "files", 0, "mode"), 4),
    "below what a merge key brings": (("storage", "files", 0, "user", "name"), 5),
    "through an alias": (("storage", "files", 0, "contents", "source"), 7),
    "beside a merge key": (("storage", "files", 0, "path"), 11),
    "the first of several merges": (("storage", "files", 1, "mode"), 13),
    "what only the second merge has": (("storage", "files", 1, "user", "name"), 5),
}


@pytest.mark.parametrize(("part", "line"), LINES.values(), ids=LINES)
def test_a_shared_value_stands_where_it_is_written(part: Pointer, line: int) -> None:
    done = compile_text(SHARED.replace(b"    - path: /l\n", b"    - path: /l\n      target: /a\n"))
    assert [place.line for _, place in done.sources(part)] == [line]


def test_a_name_that_is_missing_leads_to_the_entry_that_lacks_it() -> None:
    done = compile_text(b"variant: fcos\nversion: 1.5.0\npasswd:\n  groups:\n    - gid: 4\n")
    assert [(pointer, place.line) for pointer, place in done.sources(("passwd", "groups", 0, "name"))] == [
        (("passwd", "groups", 0), 5)
    ]
