"""Guests of the QEMU tier: a root, a kernel and two small boot archives, made of Debian's packages once and kept.

In goes what the package lists say is the newest; out comes a directory below `.guests/` whose name is the digest of
that and of the recipe here. What keeps guests from being made is said by name.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEPT = Path(__file__).parents[2] / ".guests"
TOOLS = ("qemu-system-x86_64", "mmdebstrap", "mke2fs", "chroot")
SUITE = "bookworm"
LEFT_OUT = ("doc", "man", "locale", "info", "i18n", "zoneinfo")
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "python3", "iproute2", "curl", "busybox-static", "zstd", "kmod"),
    *("dracut", "linux-image-cloud-amd64", "ignition", "gdisk", "fdisk", "e2fsprogs", "xfsprogs", "btrfs-progs"),
    *(
        "dracut-network",
        "procps",
        "passwd",
        "dosfstools",
        "mdadm",
        "cryptsetup-bin",
        "clevis",
        "clevis-luks",
        "clevis-tpm2",
        "tang",
        "jose",
        "tpm2-tools",
    ),
)
MODULES = ("virtio_pci", "virtio_blk")  # what the boot archive needs to find its root, with all that they use
IMAGE_SIZE = 3 << 30  # bytes, sparse

# The boot archive's only program: the root is the first disk, and only that disk is looked for.
INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs none /dev
for module in /modules/*; do /bin/busybox insmod "$module"; done
/bin/busybox mount -t ext4 /dev/vda /sysroot || /bin/busybox poweroff -f
/bin/busybox mount --move /dev /sysroot/dev
exec /bin/busybox switch_root /sysroot /lib/systemd/systemd
"""

# What a guest does when it is up: unpack the job that came on a disk, do it, write what it says to a port, end.
UNITS = {
    "job.target": "[Unit]\nRequires=basic.target job.service\nAfter=basic.target\nAllowIsolate=yes\n",
    "job.service": (
        "[Unit]\nRequires=dev-disk-by\\x2did-virtio\\x2djob.device\n"
        "After=basic.target dev-disk-by\\x2did-virtio\\x2djob.device\n"
        "[Service]\nType=oneshot\nExecStart=/usr/local/bin/do-job\nStandardOutput=journal+console\n"
    ),
}
JOB = """#!/bin/sh
mkdir -p /run/job
cd /run/job
tar -xf /dev/disk/by-id/virtio-job
./run > answers
code=$?
{ cat answers; echo "$code"; } > /dev/virtio-ports/answers
systemctl poweroff --force --force
"""


def why_not() -> str:
    """Why there can be no guests here; empty when there can."""
    if os.geteuid() != 0:
        return "only root makes guests"
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=path)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def guest() -> Path:
    """The directory with `root.img`, `vmlinuz` and `initrd`, made when it is not there yet."""
    KEPT.mkdir(exist_ok=True)
    kept = KEPT / _key()
    with _alone(KEPT / "lock"):
        if not kept.is_dir():
            for old in KEPT.glob("*-guest"):
                shutil.rmtree(old)
            making = KEPT / "making"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            _make(making)
            making.rename(kept)
    return kept


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key() -> str:
    """A digest of the recipe and of the versions that would be installed now."""
    shown = subprocess.run(["apt-cache", "show", "--no-all-versions", *PACKAGES], capture_output=True, check=False)
    versions = [line for line in shown.stdout.splitlines() if line.startswith((b"Package:", b"Version:"))]
    recipe = Path(__file__).read_bytes()
    return hashlib.sha256(b"\n".join([recipe, *versions])).hexdigest()[:16] + "-guest"


def _make(into: Path) -> None:
    root = into / "root"
    options = ['--aptopt=APT::Install-Recommends "false"', "--aptopt=APT::Sandbox::User root"]
    options += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    packages = ",".join(PACKAGES)
    _run(
        "env",
        "INITRD=No",
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        *options,
        f"--include={packages}",
        SUITE,
        str(root),
    )
    kernel = next((root / "boot").glob("vmlinuz-*"))
    shutil.copy(kernel, into / "vmlinuz")
    _make_initrd(root, kernel.name.removeprefix("vmlinuz-"), into / "initrd")
    for name, text in UNITS.items():
        (root / "etc/systemd/system" / name).write_text(text)
    job = root / "usr/local/bin/do-job"
    job.write_text(JOB)
    job.chmod(0o755)
    (root / "etc/hostname").write_text("guest\n")
    image = into / "root.img"
    with image.open("wb") as file:
        file.truncate(IMAGE_SIZE)
    _run("mke2fs", "-q", "-t", "ext4", "-d", str(root), "-E", "root_owner=0:0", str(image))


def _make_initrd(root: Path, version: str, path: Path) -> None:
    """The smallest archive that finds the root: a shell, the modules in the order they need, and a program."""
    tree = root / "run/initrd"
    for directory in ("bin", "dev", "modules", "sysroot"):
        (tree / directory).mkdir(parents=True)
    shutil.copy(root / "bin/busybox", tree / "bin/busybox")
    show = ["chroot", root, "modprobe", "--show-depends", "--set-version", version, "--all", *MODULES]
    shown = subprocess.run(show, capture_output=True, text=True, check=True).stdout
    for number, found in enumerate(dict.fromkeys(line.split()[1] for line in shown.splitlines())):
        shutil.copy(f"{root}{found}", tree / "modules" / f"{number}-{Path(found).name}")
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    names = "\n".join(str(entry.relative_to(tree)) for entry in sorted(tree.rglob("*")))
    with path.open("wb") as archive:
        command = ["chroot", root, "/bin/sh", "-c", "cd /run/initrd && cpio --quiet -o -H newc -R 0:0"]
        subprocess.run(command, input=names.encode(), stdout=archive, check=True)
    shutil.rmtree(tree)


def _run(*arguments: str) -> None:
    """A command of the recipe; it has to succeed, and says why when it does not."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]} failed:\n{done.stderr[-2000:]}")
