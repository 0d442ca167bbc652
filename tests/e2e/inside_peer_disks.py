"""The job of a guest: every case on twin disks, one engine each; what became of the disks is answered as JSON.

Comes in: `cases.json` beside this file, a list of `{"id", "before", "config"}`, in which `DISK` stands for the name of
the disk, and as arguments `ENGINE=COMMAND` for each disk in turn. Runs in the guest's own Python, without the project.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

DISKS = ("vdb", "vdc")
STAGES = ("fetch", "disks")
PROBE = ("blkid", "--probe", "--no-part-details", "--output", "export")
KEPT = ("LABEL", "UUID", "TYPE")
SECTION = re.compile(r"^(Partition GUID code|Partition unique GUID|First sector|Last sector|Partition name): (.*)$")


def run(*arguments: str) -> str:
    return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout


def table_of(node: str) -> dict[str, list[str]]:
    """What sgdisk says of each partition, in its own words."""
    numbers = [line.split()[0] for line in run("sgdisk", "--print", node).splitlines() if re.match(r" +\d+ ", line)]
    infos = {number: run("sgdisk", f"--info={number}", node).splitlines() for number in numbers}
    return {number: [line.split(" (")[0] for line in lines if SECTION.match(line)] for number, lines in infos.items()}


def content_of(node: str) -> dict[str, str]:
    """The file system on a node."""
    rows = (line.partition("=") for line in run(*PROBE, node).splitlines())
    return {key: value for key, _, value in rows if key in KEPT}


def state_of(disk: str) -> dict[str, object]:
    """All that is compared of a disk; the kernel's own view of the partitions as well."""
    nodes = [f"/dev/{entry.name}" for entry in sorted(Path(f"/sys/block/{disk}").glob(f"{disk}*"))]
    sizes = {node: Path(f"/sys/class/block/{node[5:]}/size").read_text().strip() for node in nodes}
    contents = {node: content_of(node) for node in [f"/dev/{disk}", *nodes]}
    return {"table": table_of(f"/dev/{disk}"), "kernel": sizes, "contents": contents}


def prepare(disk: str, before: list[str]) -> None:
    """Bring a blank disk into the state that the case begins with."""
    for line in before:
        subprocess.run(line.replace("DISK", disk), shell=True, check=True, capture_output=True)
        run("partx", "--update", f"/dev/{disk}")
        run("udevadm", "settle")


def clear(disk: str) -> None:
    """Make a disk blank, also that its twin may have the same UUIDs: btrfs does not take one that is there already."""
    for node in (*Path("/dev").glob(f"{disk}[0-9]*"), f"/dev/{disk}"):
        run("wipefs", "--all", "--force", str(node))
    run("partx", "--delete", f"/dev/{disk}")
    run("udevadm", "settle")


def provision(command: str, config: str) -> tuple[int, str]:
    """Let an engine run the stages in a directory of its own; the first code that is not 0, and what was said."""
    directory = Path("/run/boot")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    (directory / "config.ign").write_text(config)
    places = [
        "-config-cache",
        f"{directory}/cache",
        "-neednet",
        f"{directory}/net",
        "-state-file",
        f"{directory}/state",
    ]
    said = ""
    for stage in STAGES:
        words = [*command.split(), "-platform", "file", "-stage", stage, "-root", "/sysroot", "-log-to-stdout", *places]
        done = subprocess.run(
            words, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        said += done.stdout
        if done.returncode:
            return done.returncode, said
    return 0, said


def main(engines: list[str]) -> None:
    here = Path(__file__).parent
    os.makedirs("/sysroot", exist_ok=True)
    for case in json.loads((here / "cases.json").read_text()):
        for engine, disk in zip(engines, DISKS, strict=True):
            name, _, command = engine.partition("=")
            prepare(disk, case["before"])
            code, said = provision(command, json.dumps(case["config"]).replace("DISK", disk))
            if name == "peer":  # where udev has the disk open, it leaves the kernel with the sizes from before
                run("partx", "--update", f"/dev/{disk}")
                run("udevadm", "settle")
            text = json.dumps(state_of(disk)).replace(disk, "DISK")
            answer = {
                "id": case["id"],
                "engine": name,
                "code": code,
                "said": said,
                "state": json.loads(text),
            }
            clear(disk)
            sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
