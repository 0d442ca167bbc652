"""Machines of the QEMU tier: in go a guest, a job and disks, out come the lines of JSON that the job wrote.

A machine ends by itself; what is waited for is its end. One that does not end is killed, and its console is shown.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PATIENCE = 900.0  # seconds until a machine is given up: emulated and beside others it is slow
SHOWN = 3000  # characters of the console that a failure shows
CMDLINE = "console=ttyS0 quiet panic=-1 systemd.unit=job.target systemd.show_status=0 rw"


class MachineFailed(Exception):
    """A machine did not end as it should; the end of its console is in the text."""


def pack(files: Mapping[str, bytes], trees: Sequence[tuple[str, Path]] = ()) -> bytes:
    """An archive of files, all of them programs as well, and of trees by the name that they shall have."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
        for name, tree in trees:
            archive.add(tree, name)
    return buffer.getvalue()


def do_job(
    guest: Path, job: bytes, workspace: Path, *, disks: Sequence[Path] = (), further: Sequence[str] = ()
) -> list[Any]:
    """Boot the guest, let it do the job with these disks, and return what it answered, a value a line."""
    console = boot_guest(guest, job, workspace, disks=disks, further=further)
    return read_answers(workspace, console)


def boot_guest(
    guest: Path, job: bytes, workspace: Path, *, disks: Sequence[Path] = (), further: Sequence[str] = ()
) -> str:
    """Boot the guest with a job and return its console when it has ended, by itself or by what the job did to it.

    `disks` come after the root as `/dev/vdb` and so on. `further` are more arguments of qemu-system-x86_64(1).
    """
    (workspace / "job.tar").write_bytes(job)
    drives = [
        *drive(guest / "root.img", "root", "snapshot=on,cache=unsafe"),
        *(word for number, disk in enumerate(disks) for word in drive(disk, f"disk{number}", "cache=unsafe")),
        *drive(workspace / "job.tar", "job", "readonly=on"),
    ]
    command = [
        *("-kernel", guest / "vmlinuz", "-initrd", guest / "initrd", "-append", CMDLINE),
        *drives,
        *answers_port(workspace),
        *further,
    ]
    return run_machine(command, workspace)


def answers_port(workspace: Path) -> tuple[str, ...]:
    """Arguments for the port at which a guest answers: `/dev/virtio-ports/answers` in it, `answers` here."""
    place = f"file,id=answers,path={workspace / 'answers'}"
    return ("-chardev", place, "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=answers,name=answers")


def read_answers(workspace: Path, console: str) -> list[Any]:
    """What was answered, a value a line; the last is the code with which the job ended, and it has to be 0."""
    *answers, code = [json.loads(line) for line in (workspace / "answers").read_text().splitlines()] or [1]
    if code:
        raise MachineFailed(f"the job failed with {code}:\n{console[-SHOWN:]}")
    return answers


def run_machine(arguments: Sequence[str | Path], workspace: Path) -> str:
    """Run one machine to its end and return its console."""
    console = workspace / "console"
    command = [
        *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max", "-smp", "2"),
        *("-m", "1536", "-display", "none", "-nodefaults", "-monitor", "none", "-no-reboot"),
        *("-device", "virtio-rng-pci", "-serial", f"file:{console}", *arguments),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise MachineFailed(f"no end within {PATIENCE:g} s:\n{_shown(console)}") from error
    if done.returncode:
        raise MachineFailed(f"qemu: {done.stderr}\n{_shown(console)}")
    return console.read_text(errors="replace")


def drive(path: Path, serial: str, options: str) -> tuple[str, ...]:
    """Arguments for a disk whose image is at `path`, with the options of the image."""
    drive = f"if=none,id={serial},format=raw,file={path},{options}"
    return ("-drive", drive, "-device", f"virtio-blk-pci,drive={serial},serial={serial}")


def _shown(console: Path) -> str:
    return console.read_text(errors="replace")[-SHOWN:] if console.exists() else ""
