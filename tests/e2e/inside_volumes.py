"""The job of a guest: arrays and encrypted volumes, with a tang server on loopback and the TPM that the machine has.

Comes in: `configs.json` beside this file, name to config, and as argument the command of the engine. Answers a line of
JSON for each: the code, what was said, and what is there afterwards. Runs in the guest's own Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

STAGES = ("fetch", "disks", "mount", "files", "umount")
DISKS = ("vdb", "vdc")
HERE = Path(__file__).parent


def run(*arguments: str) -> str:
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout


def start_tang() -> str:
    """Start the server, as the package has it, and return the thumbprint of its key."""
    run("systemctl", "start", "tangd.socket")
    return run("tang-show-keys", "80").split()[-1]


def provision(engine: str, name: str, config: object) -> tuple[int, str]:
    directory = Path("/run/boot") / name
    root = directory / "root"
    (root / "etc").mkdir(parents=True)
    for book in ("passwd", "shadow", "group", "gshadow"):
        (root / "etc" / book).write_bytes(Path("/etc", book).read_bytes())
    (directory / "config.ign").write_text(json.dumps(config))
    places = [
        "-config-cache",
        f"{directory}/cache",
        "-neednet",
        f"{directory}/net",
        "-state-file",
        f"{directory}/state",
    ]
    said, code = "", 0
    for stage in STAGES:
        words = [engine, "-platform", "file", "-stage", stage, "-root", str(root), "-log-to-stdout", *places]
        done = subprocess.run(
            words, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        said, code = said + done.stdout, code or done.returncode
        if code and stage != "umount":
            break
    return code, said


def state(name: str) -> dict[str, object]:
    """What is there: arrays, mapped volumes, what binds them, file systems, and what later boots will be told."""
    etc = Path("/run/boot") / name / "root/etc"
    luks = [node for node in ("/dev/vdb", "/dev/vdc", "/dev/md/data") if os.path.exists(node)]
    luks = [node for node in luks if not subprocess.run(["cryptsetup", "isLuks", node], check=False).returncode]
    keys = sorted(etc.glob("luks/*"))
    return {
        "arrays": {
            md.name: (md / "md/level").read_text().strip()
            for md in Path("/sys/block").glob("md*")
            if (md / "md/level").exists()
        },
        "volumes": luks,
        "bound": {node: run("clevis", "luks", "list", "-d", node).split()[1:2] for node in luks},
        "slots": {
            node: sorted(json.loads(run("cryptsetup", "luksDump", "--dump-json-metadata", node))["keyslots"])
            for node in luks
        },
        "mapped": sorted(set(os.listdir("/dev/mapper")) - {"control"}),
        "contents": {
            node: run("blkid", "-o", "value", "-s", "LABEL", node).strip()
            for node in ("/dev/md/data", *(f"/dev/mapper/{mapped}" for mapped in os.listdir("/dev/mapper")))
            if os.path.exists(node)
        },
        "crypttab": (etc / "crypttab").read_text().splitlines() if (etc / "crypttab").exists() else [],
        "keys": {key.name: [key.stat().st_size, oct(key.stat().st_mode & 0o777)] for key in keys},
    }


def unlocks_again(name: str) -> bool:
    """Close what is open; clevis alone opens it again."""
    for mapped in set(os.listdir("/dev/mapper")) - {"control"}:
        run("cryptsetup", "close", mapped)
    lines = [line.split() for line in (Path("/run/boot") / name / "root/etc/crypttab").read_text().splitlines()]
    codes = []
    for mapped, device, key, _ in lines:
        node = run("blkid", "--uuid", device.removeprefix("UUID=")).strip()
        if key == "none":
            words = ["clevis", "luks", "unlock", "-d", node, "-n", mapped]
        else:
            words = ["cryptsetup", "open", node, mapped, "--key-file", f"/run/boot/{name}/root{key}"]
        codes.append(subprocess.run(words, check=False, stdout=sys.stderr).returncode)
        run("cryptsetup", "close", mapped)
    return bool(codes) and not any(codes)


def clear() -> None:
    for mapped in set(os.listdir("/dev/mapper")) - {"control"}:
        run("cryptsetup", "close", mapped)
    run("mdadm", "--stop", "--scan")
    for disk in DISKS:
        run("wipefs", "--all", "--force", f"/dev/{disk}")
    run("udevadm", "settle")


def main(engine: str) -> None:
    thumbprint = start_tang()
    for name, config in json.loads((HERE / "configs.json").read_text().replace("@THUMBPRINT@", thumbprint)).items():
        code, said = provision(engine, name, config)
        answer = {"name": name, "code": code, "said": said}
        if not code:
            answer |= state(name)
            answer["again"] = unlocks_again(name) if answer["crypttab"] else True
        clear()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
