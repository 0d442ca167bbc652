"""Write the dracut module: in go the modules of a program, out comes a directory for dracut's `modules.d`.

It holds the program, pruned to what it imports, with its own Python and shared libraries below `/usr/lib/stoker`, so
that it does not matter what else an initramfs has; what starts it; and the units of Ignition's stages.
Source: dracut.modules(7).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import msgspec

from stoker.installer import gathering, later_imports, messages
from stoker.installer.errors import CannotGather, InstallerFault, NotOurs
from stoker.system import CommandFault, SystemFault, commands

HOME = "usr/lib/stoker"  # the program's place in the initramfs
ENGINE = ("stoker.cli.first_boot", "stoker.cli.applets.ignition")
PARTS = Path(__file__).parent / "dracut"  # the files of the module that are no Python
SECONDS = 300.0

START = """#!/bin/sh
# Stoker by the name that this is called by, with the Python beside it.
home=/{home}
exec $home/lib/{linker} --library-path $home/lib $home/bin/python3 -I -S -B -c \\
    'from stoker.cli.first_boot import start; start()' "${{0##*/}}" "$@"
"""


class Written(msgspec.Struct, frozen=True):
    """What was written: the directory, how many files and bytes are in it."""

    directory: str
    files: int
    size: int


def write_module(directory: Path, roots: tuple[str, ...] = ENGINE) -> Written:
    """Write the module to a directory that is empty, not there, or of an earlier run; the same bytes every time.

    Raises `CannotGather` when this Python cannot run the engine, `NotOurs` when something else is in the place.
    """
    if directory.exists() and not _is_empty(directory) and not _is_ours(directory):
        raise NotOurs(messages.NOT_OURS, path=directory)
    making = directory.with_name(f".{directory.name}.new")
    try:
        shutil.rmtree(making, ignore_errors=True)
        home = making / "tree" / HOME
        home.mkdir(parents=True)
        start = home / "stoker"
        start.write_text(START.format(home=HOME, linker=_gather(home, roots)))
        start.chmod(0o755)
        for part in sorted(PARTS.iterdir()):
            shutil.copy(part, making / part.name)
        shutil.rmtree(directory, ignore_errors=True)
        making.rename(directory)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InstallerFault(messages.CANNOT_WRITE, path=error.filename or directory, reason=reason) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    sizes = [path.lstat().st_size for path in directory.rglob("*") if not path.is_dir()]
    return Written(str(directory), len(sizes), sum(sizes))


def _is_empty(directory: Path) -> bool:
    return directory.is_dir() and not any(directory.iterdir())


def _is_ours(directory: Path) -> bool:
    """Whether a run of any version wrote this: it holds the program, where only we put it."""
    return (directory / "tree" / HOME / "stoker").is_file()


def _gather(home: Path, roots: tuple[str, ...]) -> str:
    """Put the program's files below its home; the name of the dynamic linker that starts its Python.

    The interpreters that do so are bare (-S) and hash alike every time; the module path is this one's.
    """
    python = ["env", "-u", "PYTHONPATH", "-u", "PYTHONHOME", "PYTHONHASHSEED=0", sys.executable, "-S", "-s", "-P", "-B"]
    path = [os.path.abspath(entry) for entry in sys.path if entry and os.path.isdir(entry)]
    try:
        names = commands.run([*python, later_imports.__file__, *roots], msgspec.json.encode(path), SECONDS)
        arguments = [*python, gathering.__file__, str(home), *msgspec.json.decode(names, type=list[str])]
        linker, _, fault = commands.run(arguments, "\n".join(path).encode(), SECONDS).decode().partition("\n")
    except CommandFault as error:
        raise CannotGather(messages.CANNOT_IMPORT, reason=_last_line(error)) from error
    except (SystemFault, msgspec.DecodeError) as error:
        raise CannotGather(messages.CANNOT_IMPORT, reason=error) from error
    if fault:
        raise InstallerFault(messages.CANNOT_WRITE, path=home, reason=fault.lower())
    if not linker:
        raise CannotGather(messages.CANNOT_IMPORT, reason="this Python is linked statically")
    return linker


def _last_line(fault: CommandFault) -> str:
    """What a program said last, which of an interpreter is what it stumbled over; else the fault itself."""
    lines = fault.errors.decode("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), str(fault))
