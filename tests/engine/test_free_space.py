"""Where new partitions go: compared with what sgdisk says that it would do, on tables of all kinds."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stoker.engine.free_space import FreeSpace
from stoker.system.gpt import read_table

PATH = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
SIZES = (64 << 20, 65 << 20, (64 << 20) + 512 * 777, 400 << 30)


def lay(image: Path, chance: random.Random) -> int:
    """A sparse disk of some size with some partitions, aligned in some way or not."""
    size = chance.choice(SIZES)
    image.write_bytes(b"")
    os.truncate(image, size)
    alignment = chance.choice((1, 8, 34, 2048, 2048))
    script = "label: gpt\nfirst-lba: 34\n"
    position = chance.choice((34, 40, 2048, 4096, 5000))
    for number in chance.sample(range(1, 7), chance.randint(0, 4)):
        start = -(-position // alignment) * alignment
        length = chance.randint(1, 15000)
        script += f"{number} : start={start}, size={length}\n"
        position = start + length + chance.choice((0, 0, 100, 5000, 15000))
    done = ["sfdisk", "--quiet", "--no-reread", str(image)]
    subprocess.run(done, input=script, text=True, check=True, capture_output=True, env=PATH)
    return size


@pytest.mark.skipif(
    not (shutil.which("sgdisk", path=PATH["PATH"]) and shutil.which("sfdisk", path=PATH["PATH"])),
    reason="sgdisk or sfdisk is not installed",
)
@pytest.mark.parametrize("seed", range(25))
def test_new_partitions_go_where_sgdisk_puts_them(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    image = tmp_path / "disk"
    size = lay(image, chance)
    with image.open("rb") as file:
        table = read_table(file, size, 512)
    assert table is not None
    free = FreeSpace(table)
    numbers = {partition.number for partition in table.partitions}
    for number in sorted(numbers):
        if chance.random() < 0.3:
            numbers.discard(number)
            free.remove(number)
    arguments = [f"--delete={partition.number}" for partition in table.partitions if partition.number not in numbers]
    placed, fits = [], True
    while fits and len(placed) < 3:
        number = chance.choice([number for number in range(1, 20) if number not in numbers])
        start, length = chance.choice((0, 0, 2048, 4096, 20480)), chance.choice((0, 0, 2048, 8192, 1000, 60000))
        arguments.append(f"--new={number}:{start}:+{length}")
        first, last, fits = free.add(number, start, length)
        placed.append((number, first, last))
        numbers.add(number)
    asked = [f"--info={number}" for number, _, _ in placed]
    done = subprocess.run(
        ["sgdisk", "--pretend", *arguments, *asked, str(image)], capture_output=True, text=True, check=False, env=PATH
    )
    assert (done.returncode == 0) == fits, (arguments, done.stderr)
    if fits:
        said = [re.findall(rf"^{word} sector: (\d+)", done.stdout, re.MULTILINE) for word in ("First", "Last")]
        assert [(int(first), int(last)) for first, last in zip(*said, strict=True)] == [row[1:] for row in placed]
