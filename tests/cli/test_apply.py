"""The verb `apply` on configs that need disks: refused on a tree, done for real when that is asked for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import loops

Run = Callable[..., subprocess.CompletedProcess[str]]

TEXT = """\
variant: fcos
version: 1.5.0
storage:
  disks:
    - device: {device}
      partitions:
        - number: 1
          label: data
  filesystems:
    - device: {device}p1
      format: ext4
      path: /var
"""


def test_a_tree_has_no_disks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(TEXT.format(device="/dev/vdz"))
    done = run("apply", "--quiet", "a.bu", "--root", "tree")
    assert done.returncode == 1
    assert (
        "refused\n"
        "  a.bu:5:5: `storage.disks` cannot be done: a tree has no block devices\n"
        "    hint: apply it with `--devices` as root, on the machine whose disks they are\n"
    ) in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
def test_only_root_changes_disks(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.bu").write_text(TEXT.format(device="/dev/vdz"))
    done = run("apply", "--devices", "a.bu", "--root", "tree")
    assert (done.returncode, done.stderr.partition("\n")[0]) == (
        1,
        "stoker apply: only root can change the disks of a machine",
    )


@pytest.mark.skipif(bool(loops.why_not()), reason=loops.why_not() or "-")
def test_disks_for_real(run: Run, tmp_path: Path) -> None:
    with loops.loops(tmp_path) as new_loop:
        loop = new_loop(64 << 20)
        (tmp_path / "a.bu").write_text(TEXT.format(device=loop))
        done = run("apply", "a.bu", "--devices", "--root", "tree")
        assert done.returncode == 0, done.stderr
        assert f'mount: op(5): [started]  mounting "{loop}p1" at ' in done.stderr
        assert "TYPE=ext4" in loops.run("blkid", "-p", "-o", "export", f"{loop}p1").splitlines()
