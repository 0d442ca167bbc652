"""First boots for real: an initramfs by dracut whose `ignition` is ours provisions a machine, which then comes up.

What came up is told by a unit that the config itself brought and enabled.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from stoker.installer import write_module
from tests.e2e.machines import answers_port, drive, read_answers, run_machine

MAKE = Path(__file__).parent / "make-boot-archive"
CMDLINE = (
    "root=/dev/vda rw console=ttyS0 quiet panic=-1 rd.shell=0 rd.emergency=poweroff systemd.show_status=0 "
    "systemd.journald.forward_to_console=1 systemd.mask=serial-getty@ttyS0.service "
    "ignition.firstboot=1 ignition.platform.id=qemu"
)

# What the machine says of itself when it has come up, and then ends.
REPORT = """#!/usr/bin/python3
import json, os, pwd, subprocess

def text(path):
    with open(path) as file:
        return file.read()

def labels():
    run = subprocess.run(["blkid", "-o", "value", "-s", "LABEL", "/dev/vdb1"], capture_output=True, text=True)
    return run.stdout.split()

user = pwd.getpwnam("core")
found = {
    "hostname": text("/etc/hostname"),
    "greeting": text("/var/data/greeting"),
    "mounted": os.path.ismount("/var/data"),
    "labels": labels(),
    "keys": text(user.pw_dir + "/.ssh/authorized_keys.d/ignition"),
    "preset": text("/etc/systemd/system-preset/20-ignition.preset").splitlines(),
    "result": sorted(json.loads(text("/etc/.ignition-result.json"))),
}
with open("/dev/virtio-ports/answers", "w") as port:
    port.write(json.dumps(found) + "\\n0\\n")
"""
REPORT_UNIT = """[Unit]
RequiresMountsFor=/var/data
[Service]
Type=oneshot
ExecStart=/usr/local/bin/report
ExecStopPost=/usr/bin/systemctl poweroff --force --force
[Install]
WantedBy=multi-user.target
"""
MOUNT_UNIT = """[Mount]
What=/dev/disk/by-label/DATA
Where=/var/data
Type=ext4
[Install]
WantedBy=local-fs.target
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample core@example"


def file(path: str, text: str, mode: int = 0o644) -> dict[str, object]:
    return {"path": path, "overwrite": True, "mode": mode, "contents": {"source": f"data:,{quote(text)}"}}


CONFIG = {
    "ignition": {"version": "3.3.0"},
    "passwd": {"users": [{"name": "core", "sshAuthorizedKeys": [KEY]}]},
    "storage": {
        "disks": [{"device": "/dev/vdb", "wipeTable": True, "partitions": [{"number": 1, "label": "data"}]}],
        "filesystems": [{"device": "/dev/vdb1", "format": "ext4", "label": "DATA", "path": "/var/data"}],
        "files": [
            file("/etc/hostname", "lit\n"),
            file("/etc/machine-id", "uninitialized\n"),  # presets are only read on a first boot, machine-id(5)
            file("/usr/local/bin/report", REPORT, 0o755),
            file("/var/data/greeting", "hello\n"),
        ],
    },
    "systemd": {
        "units": [
            {"name": "report.service", "enabled": True, "contents": REPORT_UNIT},
            {"name": "var-data.mount", "enabled": True, "contents": MOUNT_UNIT},
        ]
    },
}
EXPECTED = {
    "hostname": "lit\n",
    "greeting": "hello\n",
    "mounted": True,
    "labels": ["DATA"],
    "keys": f"{KEY}\n",
    "preset": ["enable report.service", "enable var-data.mount"],
    "result": ["provisioningBootID", "provisioningDate", "userConfigProvided"],
}


@pytest.mark.parametrize("place", ["binary", pytest.param("module", marks=pytest.mark.soak)])
def test_a_first_boot(guest: Path, tmp_path: Path, place: str) -> None:
    module = write_module(tmp_path / "30stoker")
    archive, disk, config = (tmp_path / name for name in ("archive", "disk", "config.ign"))
    command = ["unshare", "--mount", MAKE, guest / "root", module.directory, place, archive]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    config.write_text(json.dumps(CONFIG))
    with disk.open("wb") as blank:
        blank.truncate(256 << 20)
    arguments = [
        *("-kernel", guest / "vmlinuz", "-initrd", archive, "-append", CMDLINE),
        *drive(guest / "root.img", "root", "snapshot=on,cache=unsafe"),
        *drive(disk, "disk", "cache=unsafe"),
        *("-fw_cfg", f"name=opt/com.coreos/config,file={config}"),
        *answers_port(tmp_path),
    ]
    console = run_machine(arguments, tmp_path)
    assert read_answers(tmp_path, console) == [EXPECTED]
