"""Commands, the clock and the boot of a machine; units of a tree."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stoker.system import CommandFault, RealSystem, ScratchSystem
from stoker.system.unit_files import disable, is_enabled

PYTHON = sys.executable


def test_a_command_gets_arguments_and_input(tmp_path: Path) -> None:
    program = "import sys; sys.stdout.write(sys.argv[1] + sys.stdin.read())"
    assert RealSystem(tmp_path).run([PYTHON, "-c", program, "$HOME;`id`"], b"!") == b"$HOME;`id`!"


@pytest.mark.parametrize(
    ("program", "seconds", "text"),
    [
        ("import sys; print('out'); sys.stderr.write('bad\\nworse'); sys.exit(3)", 60.0, "exit status 3: Cmd: "),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 60.0, "signal 15: Cmd: "),
        ("input()", 0.0, "no answer within 0 s"),
    ],
)
def test_a_command_that_fails_says_how(tmp_path: Path, program: str, seconds: float, text: str) -> None:
    with pytest.raises(CommandFault, match=text) as caught:
        RealSystem(tmp_path).run([PYTHON, "-c", program], seconds=seconds)
    if "bad" in program:
        assert str(caught.value).endswith('Stdout: "out" Stderr: "bad\\nworse"')


def test_a_command_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CommandFault, match=r"exit status 127: Cmd: .no-such-command. .*command not found") as caught:
        RealSystem(tmp_path).run(["no-such-command"])
    assert caught.value.status == 127


def test_a_command_speaks_english(tmp_path: Path) -> None:
    """By the environment itself: an initramfs has no env(1)."""
    program = "import os, sys; sys.stdout.write(os.environ['LC_ALL'])"
    assert RealSystem(tmp_path).run([PYTHON, "-c", program]) == b"C"


def test_a_scratch_tree_runs_nothing_and_never_booted(tmp_path: Path) -> None:
    system = ScratchSystem(tmp_path / "root", clock=lambda: 5.0)
    with pytest.raises(CommandFault, match="runs no commands"):
        system.run(["true"])
    assert (system.now(), system.boot_id()) == (5.0, "00000000-0000-0000-0000-000000000000")


def test_a_real_machine_has_a_boot(tmp_path: Path) -> None:
    assert len(RealSystem(tmp_path).boot_id()) == 36


UNITS = {
    "etc/systemd/system/wanted.service": "[Install]\nWantedBy=multi-user.target\n",
    "etc/systemd/system/idle.service": "[Unit]\n [Install] \nWantedBy=multi-user.target\n",
    "usr/lib/systemd/system/static.service": "[Service]\nExecStart=/bin/true\n",
    "usr/lib/systemd/system/vendor.service": "[Install]\nAlias=other.service\n",
}
LINKS = {
    "etc/systemd/system/multi-user.target.wants/wanted.service": "/etc/systemd/system/wanted.service",
    "etc/systemd/system/other.service": "/usr/lib/systemd/system/vendor.service",
    "etc/systemd/system/multi-user.target.wants/one@a.service": "/usr/lib/systemd/system/one@.service",
}


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("wanted.service", True, False),
        ("vendor.service", True, False),
        ("one@a.service", True, False),
        ("one@b.service", False, False),
        ("idle.service", False, False),
        ("static.service", True, True),
        ("missing.service", False, False),
    ],
)
def test_units(tmp_path: Path, name: str, before: bool, after: bool) -> None:
    system = ScratchSystem(tmp_path / "root")
    assert not is_enabled(system, name)
    for path, text in UNITS.items():
        system.write_file(f"/{path}", text.encode())
    for path, target in LINKS.items():
        system.link(f"/{path}", target)
    assert is_enabled(system, name) is before
    disable(system, name)
    assert is_enabled(system, name) is after
