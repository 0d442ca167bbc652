"""The tier itself: a guest boots, sees the disks that it was given, and ends with what it had to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.machines import MachineFailed, do_job, pack

SIZES = b"""#!/bin/sh
for disk in vdb vdc; do echo "{\\"$disk\\": $(cat /sys/block/$disk/size)}"; done
"""


def test_a_guest_does_its_job_and_ends(guest: Path, tmp_path: Path) -> None:
    disks = []
    for number, size in enumerate((64 << 20, 128 << 20)):
        disks.append(tmp_path / f"disk{number}")
        with disks[-1].open("wb") as file:
            file.truncate(size)
    answers = do_job(guest, pack({"run": SIZES}), tmp_path, disks=disks)
    assert answers == [{"vdb": 64 << 11}, {"vdc": 128 << 11}]


def test_a_machine_that_cannot_be_made_says_why(guest: Path, tmp_path: Path) -> None:
    with pytest.raises(MachineFailed, match="no-such-device"):
        do_job(guest, pack({}), tmp_path, further=["-device", "no-such-device"])
